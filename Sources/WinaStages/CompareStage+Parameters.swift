import WinaPipeline

extension CompareStage {
  public static let parameters = [
    Parameter(
      "primary",
      .record([
        Parameter(
          "metric", .choice(Primary.Metric.allCases.map(\.rawValue)), required: true,
          "What is compared."),
        Parameter("contrast", .string, required: true, "`arm - baseline`."),
        Parameter("at", .map(.any), "The cell, by swept values."),
      ]), "The one endpoint that is not corrected for multiplicity."),
    Parameter(
      "controls",
      .record([
        Parameter("stage", .stage, required: true, "The stage whose seed is varied."),
        Parameter("repeat", .integer(1...10_000), required: true, "How often."),
      ]), "Repetitions that make the null distribution of the gain."),
    Parameter(
      "seeds",
      .record([
        Parameter("stage", .stage, required: true, "The cluster or classifier stage."),
        Parameter("repeat", .integer(1...10_000), required: true, "How many other seeds."),
      ]),
      "Repetitions of the primary contrast with other seeds of a stage, whose share of the variance is "
        + "reported."),
    Parameter(
      "correction", .choice(Correction.allCases.map(\.rawValue)), default: .string("holm"),
      "How p values of all but the primary contrast are corrected: the family-wise error rate by Holm's "
        + "method, or the false discovery rate by that of Benjamini and Hochberg."),
    Parameter(
      "resample", .choice(Resampling.allCases.map(\.rawValue)), default: .string("sample"),
      "What intervals and tests draw together: every sample alone, or all of a label that have one "
        + "subject, such as a subject of MMLU or what `subject` of a task definition names."),
    Parameter(
      "equivalence", .number(from: 0, below: 1e9),
      "The margin within which a difference of the primary contrast counts as none."),
    Parameter(
      "area", .list(.number(from: 0, below: 1)), default: .array([.double(0.25), .double(0.7)]),
      "Between which savings of MACs the curves of the primary contrast are compared."),
    Parameter(
      "bootstrap", .integer(100...1_000_000), default: .int(2000), "Resamples of each interval."),
    Parameter(
      "permutations", .integer(100...10_000_000), default: .int(10_000),
      "Sign flips of each paired test."),
    Parameter("seed", .integer(0...Int.max), default: .int(1), "The seed of resampling."),
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    var problems: [ParameterProblem] = []
    if let primary = params.primary, Contrast(primary.contrast) == nil {
      problems.append(
        ParameterProblem(
          ["primary", "contrast"], "'\(primary.contrast)' is not a contrast",
          help: "write two arms with ' - ' between them, such as `routed - uniform`"))
    }
    if let controls = params.controls, controls.count < 1 {
      problems.append(
        ParameterProblem(["controls", "repeat"], "'repeat' is \(controls.count), below 1"))
    }
    if let seeds = params.seeds, seeds.count < 1 {
      problems.append(
        ParameterProblem(["seeds", "repeat"], "'repeat' is \(seeds.count), below 1"))
    }
    if params.area.count != 2 || !(params.area[0] < params.area[1]) {
      problems.append(
        ParameterProblem(
          ["area"], "'area' is not two savings of which the second is larger",
          help: "write `area: [0.25, 0.7]`"))
    }
    if let margin = params.equivalence, !(margin > 0) {
      problems.append(
        ParameterProblem(
          ["equivalence"], "'equivalence' is not above zero",
          help: "write a difference such as 0.005"))
    }
    for (name, value) in [
      ("bootstrap", params.bootstrap), ("permutations", params.permutations),
    ] where value < 100 {
      problems.append(
        ParameterProblem(
          [name], "'\(name)' is \(value), too few for an interval", help: "use 100 or more"))
    }
    return problems
  }
}
