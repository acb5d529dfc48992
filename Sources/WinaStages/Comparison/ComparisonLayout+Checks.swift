import WinaPipeline
import WinaSparsity

/// What a comparison refuses while it is planned.
extension ComparisonLayout {
  static func check(
    _ params: CompareStage.Params, arms: [String], wiring: Wiring
  ) throws(PlanProblem) {
    if let primary = params.primary, let contrast = Contrast(primary.contrast) {
      for name in [contrast.arm, contrast.baseline] where !arms.contains(name) {
        throw PlanProblem(
          "plan.unknown-arm", ["primary", "contrast"], "there is no arm '\(name)'",
          help: "arms: " + arms.joined(separator: ", "))
      }
      let axes = Set(wiring.cells.flatMap(\.assignment.keys))
      let named = Set((primary.at ?? [:]).keys)
      // A variable that was set on the command line is no axis: the endpoint is then not measured.
      let isElsewhere = !named.isSubset(of: axes) && (axes.isEmpty || !named.isDisjoint(with: axes))
      let matches = wiring.cells.filter { primary.matches($0.assignment) }
      guard !isElsewhere else { return try checkControls(params.controls, wiring) }
      guard !matches.isEmpty else {
        throw PlanProblem(
          "plan.no-cell", ["primary", "at"], "no cell of the sweep has these values",
          help: "name swept variables and values of their axes")
      }
      guard matches.count == 1 else {
        throw PlanProblem(
          "plan.many-cells", ["primary"],
          "the primary endpoint is one number, but \(matches.count) cells of the sweep fit it",
          help: "say which with `at`: a value for each of "
            + matches[0].assignment.keys.sorted().joined(separator: ", "))
      }
    }
    try checkControls(params.controls, wiring)
  }

  static func checkSeeds(
    _ params: CompareStage.Params, _ evaluate: WiredStage, _ wiring: Wiring
  ) throws(PlanProblem) {
    guard let seeds = params.seeds else { return }
    let stage = try wiring.require(
      seeds.stage, kinds: [ClusterStage.kind, ClassifierStage.kind], at: ["seeds", "stage"])
    guard let primary = params.primary else {
      throw PlanProblem(
        "plan.seeds", ["seeds"], "seeds are varied of the primary endpoint, but there is none",
        help: "declare one: `primary: {metric: kl, contrast: ARM - BASELINE}`")
    }
    let varied = arms(of: evaluate, in: primary, dependingOn: stage.name, wiring)
    guard !varied.isEmpty else {
      throw PlanProblem(
        "plan.seeds", ["seeds", "stage"],
        "no arm of '\(primary.contrast)' depends on stage '\(stage.name)'",
        help: "name a stage that the arm's profile or route is made of")
    }
  }

  private static func checkControls(
    _ controls: CompareStage.Controls?, _ wiring: Wiring
  ) throws(PlanProblem) {
    guard let controls else { return }
    let stage = try wiring.require(
      controls.stage, kinds: [ClusterStage.kind], at: ["controls", "stage"])
    guard stage.text("algorithm") == ClusterAlgorithm.random.rawValue else {
      throw PlanProblem(
        "plan.controls", ["controls", "stage"],
        "stage '\(stage.name)' is not random, so another seed is no control",
        help: "name a cluster stage with algorithm: random")
    }
  }

  /// Refuses arms that cells give other structures: what is said of an arm is said of it in all cells.
  static func checkArms(
    of evaluate: WiredStage, _ wiring: Wiring
  ) throws(PlanProblem) {
    let wanted = structures(of: evaluate, wiring)
    for cell in wiring.cells {
      let other = wiring.inCell(cell.index)
      guard let evaluate = other.stages[evaluate.name] else { continue }
      let found = structures(of: evaluate, other)
      for name in Set(wanted.keys).union(found.keys).sorted() where wanted[name] != found[name] {
        throw PlanProblem(
          "plan.swept-arm", ["results"],
          "arm '\(name)' has another profile, route, policy or groups in other cells of the sweep",
          help: "list the alternatives as arms of their own, which can be compared with each other")
      }
    }
  }

  /// The stages that arms rest on, and how their samples find groups.
  private static func structures(
    of evaluate: WiredStage, _ wiring: Wiring
  ) -> [String: [String?]] {
    let listed = arms(of: evaluate).map { arm -> (String, [String?]) in
      let profile = arm.profile.flatMap { wiring.stages[$0] }
      return (
        arm.name,
        [arm.profile, arm.route, arm.policy, profile.flatMap { wiring.groups(ofProfile: $0) }]
      )
    }
    return Dictionary(listed) { first, _ in first }
  }
}
