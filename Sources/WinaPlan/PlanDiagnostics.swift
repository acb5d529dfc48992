import WinaDiagnostics
import WinaPipeline
import WinaSpec

/// The wording of everything that can be wrong with a spec once stages have types.
enum PlanDiagnostics {
  static func unknownKind(_ kind: Located<String>, known: [String]) -> Diagnostic {
    let suggestion = SpellingSuggestion.nearest(to: kind.value, among: known)
    let lead = suggestion.map { "did you mean '\($0)'? " } ?? ""
    return Diagnostic(
      id: "plan.unknown-kind", "there is no kind of stage '\(kind.value)'", at: kind.range,
      help: lead + "known kinds: " + known.joined(separator: ", "))
  }

  static func unknownStage(_ name: Located<String>, known: [String]) -> Diagnostic {
    let suggestion = SpellingSuggestion.nearest(to: name.value, among: known)
    let lead = suggestion.map { "did you mean '\($0)'? " } ?? ""
    return Diagnostic(
      id: "plan.unknown-stage", "there is no stage '\(name.value)'", at: name.range,
      help: lead + "stages: " + known.joined(separator: ", "))
  }

  static func notAStageName(_ port: String, at range: SourceRange) -> Diagnostic {
    Diagnostic(
      id: "plan.not-a-stage-name", "'\(port)' takes the name of a stage", at: range,
      help: "write the name of a stage of this spec")
  }

  static func tooManyStages(_ port: String, at range: SourceRange) -> Diagnostic {
    Diagnostic(
      id: "plan.too-many-stages", "'\(port)' takes one stage, not a list", at: range)
  }

  static func wrongFormat(
    _ port: Port, stage: Located<String>, declared: SourceRange?, format: String,
    candidates: [String]
  ) -> Diagnostic {
    Diagnostic(
      id: "plan.wrong-type",
      "'\(port.name)' takes \(port.format), but stage '\(stage.value)' produces \(format)",
      at: stage.range, help: stagesThatFit(candidates),
      notes: [.init("stage '\(stage.value)' is declared here", at: declared)])
  }

  static func nothingToWire(
    _ port: Port, stage: Located<String>, kinds: [String]
  ) -> Diagnostic {
    Diagnostic(
      id: "plan.missing-input",
      "stage '\(stage.value)' needs '\(port.name)' (\(port.format)), and no stage produces it",
      at: stage.range,
      help: kinds.isEmpty ? nil : "add a stage of kind \(kinds.joined(separator: " or "))")
  }

  static func ambiguous(
    _ port: Port, stage: Located<String>, candidates: [Located<String>]
  ) -> Diagnostic {
    Diagnostic(
      id: "plan.ambiguous-input",
      "stage '\(stage.value)' needs '\(port.name)', which several stages produce", at: stage.range,
      help: "write `\(port.name): NAME` with one of: "
        + candidates.map(\.value).joined(separator: ", "),
      notes: candidates.map { .init("stage '\($0.value)' is declared here", at: $0.range) })
  }

  /// Says that stages need each other, from the one that is written first round to itself.
  static func cycle(_ circle: [Located<String>]) -> Diagnostic {
    let first = circle.indices.min { place(circle[$0]) < place(circle[$1]) } ?? 0
    let path = Array(circle[first...] + circle[..<first])
    let names = (path + path.prefix(1)).map(\.value).joined(separator: " → ")
    return Diagnostic(
      id: "plan.cycle",
      path.count == 1
        ? "stage '\(path[0].value)' needs itself" : "stages need each other in a circle: \(names)",
      at: path.first?.range, help: "let one of them take its input from elsewhere",
      notes: path.dropFirst().map { .init("stage '\($0.value)' is declared here", at: $0.range) })
  }

  private static func place(_ name: Located<String>) -> Int {
    name.range?.offsets.lowerBound ?? .max
  }

  static func tooDeep(stage: Located<String>, limit: Int) -> Diagnostic {
    Diagnostic(
      id: "plan.too-deep", "stage '\(stage.value)' is needed through more than \(limit) others",
      at: stage.range, help: "let fewer stages build on each other")
  }

  static func spanningVaries(stage: Located<String>, axes: [String]) -> Diagnostic {
    Diagnostic(
      id: "plan.spanning-varies",
      "stage '\(stage.value)' runs once over all cells, so its own parameters cannot vary with "
        + axes.map { "'\($0)'" }.joined(separator: ", "),
      at: stage.range, help: "give its parameters values of their own")
  }

  static func cannotVary(
    _ stage: Located<String>, _ changes: JSONValue, because reason: String
  ) -> Diagnostic {
    Diagnostic(
      id: "plan.variant",
      "stage '\(stage.value)' cannot be varied with \(changes.canonicalText): \(reason)",
      at: stage.range)
  }

  /// Says that a stage type asks for what cannot be, which no spec can mend.
  static func stageFault(_ stage: StageSpec, _ fault: String) -> Diagnostic {
    Diagnostic(
      id: "plan.stage-fault", "stages of kind '\(stage.kind.value)' are faulty: \(fault)",
      at: stage.name.range, help: "this is no fault of the spec; report it")
  }

  /// Says that a stage that runs once over all cells would mix cells of different models.
  static func otherModels(stage: Located<String>) -> Diagnostic {
    Diagnostic(
      id: "plan.other-models",
      "stage '\(stage.value)' runs once over all cells, but they have different models",
      at: stage.range, help: "run the spec once for each model, with `--set model=DIRECTORY`")
  }

  /// Says that a stage that runs once over all cells would take the shards of one for those of another.
  static func otherShards(stage: Located<String>, _ split: Split) -> Diagnostic {
    Diagnostic(
      id: "plan.other-samples",
      "stage '\(stage.value)' runs once over all cells, but their \(split.rawValue) splits have other numbers "
        + "of shards",
      at: stage.range,
      help:
        "take what is swept of the data out of `sweep`, and run the spec once for each value of it, with "
        + "`--set data.KEY=VALUE`")
  }

  static func noModel(stage: Located<String>, specRange: SourceRange) -> Diagnostic {
    Diagnostic(
      id: "plan.no-model", "stage '\(stage.value)' needs a model, but the spec names none",
      at: stage.range, help: "add `model: DIRECTORY` at the top of the spec")
  }

  static func noTokenizer(stage: Located<String>, model: String) -> Diagnostic {
    Diagnostic(
      id: "plan.no-tokenizer",
      "stage '\(stage.value)' needs a tokenizer, but '\(model)' holds no tokenizer.json",
      at: stage.range, help: "give a directory in Hugging Face layout that has one")
  }

  static func noData(stage: Located<String>) -> Diagnostic {
    Diagnostic(
      id: "plan.no-data", "stage '\(stage.value)' needs data, but the spec names none",
      at: stage.range, help: "add a `data` section with documents, tasks or a suite")
  }

  static func emptySplit(_ split: String, stage: Located<String>) -> Diagnostic {
    Diagnostic(
      id: "plan.empty-split",
      "stage '\(stage.value)' reads the split '\(split)', which has no samples", at: stage.range,
      help: "give it a fraction in `data.splits`, a larger `limit`, or more data")
  }

  static func missingFile(_ path: String, stage: StageSpec) -> Diagnostic {
    Diagnostic(
      id: "plan.missing-file",
      "stage '\(stage.name.value)' names the file '\(path)', which is not there",
      at: stage.node.range(ofText: path) ?? stage.name.range,
      help: "paths are relative to the file that holds them")
  }

  static func fittedToTest(stage: Located<String>) -> Diagnostic {
    Diagnostic(
      id: "plan.leakage", "stage '\(stage.value)' is fitted to test data", at: stage.range,
      help: "fit it to another split, or write `leaky: true` to have every result stamped LEAKY")
  }

  static func scoresFittedData(
    stage: Located<String>, split: String, fitted: [Located<String>]
  ) -> Diagnostic {
    Diagnostic(
      id: "plan.leakage",
      "stage '\(stage.value)' scores the split '\(split)', which something it uses was fitted to",
      at: stage.range,
      help: "score another split, or write `leaky: true` to have every result stamped LEAKY",
      notes: fitted.map { .init("stage '\($0.value)' is fitted to '\(split)'", at: $0.range) })
  }

  static func unusedStage(_ name: Located<String>) -> Diagnostic {
    Diagnostic(
      id: "plan.unused-stage", severity: .warning,
      "nothing uses stage '\(name.value)', so it does not run", at: name.range,
      help: "use it, remove it, or ask for it with `--only \(name.value)`")
  }

  static func unknownTarget(_ name: String, known: [String]) -> Diagnostic {
    let suggestion = SpellingSuggestion.nearest(to: name, among: known)
    let lead = suggestion.map { "did you mean '\($0)'? " } ?? ""
    return Diagnostic(
      id: "plan.unknown-target", "--only names '\(name)', which is no stage of the spec",
      help: lead + "stages: " + known.joined(separator: ", "))
  }

  static func nothingToRun(_ range: SourceRange) -> Diagnostic {
    Diagnostic(
      id: "plan.nothing-to-run", "the spec has no stages", at: range,
      help: "add a `stages` section; `wina init` writes one to start from")
  }

  private static func stagesThatFit(_ names: [String]) -> String {
    names.isEmpty
      ? "no stage of this spec fits" : "stages that fit: \(names.joined(separator: ", "))"
  }
}
