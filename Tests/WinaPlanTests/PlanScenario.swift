import WinaDiagnostics
import WinaPipeline
import WinaPlan
import WinaSpec
import WinaTestSupport

/// A spec with the inventory to plan it with.
struct PlanScenario {
  static let registry = StageRegistry([
    ToyTokenize.self, ToyCapture.self, ToyCluster.self, ToyHistogram.self, ToyProfile.self,
    ToyEvaluate.self, ToyCompare.self, ToyCommand.self, SumStage.self,
  ])

  var text: String
  var settings: [String] = []
  var only: [String] = []
  var numericsClass = "test"
  var registry = PlanScenario.registry
  var inventory: (SweepCell) -> Inventory = { _ in PlanScenario.inventory() }

  init(_ text: String, settings: [String] = []) {
    self.text = text
    self.settings = settings
  }

  /// An experiment with the given stages and other lines.
  init(stages: String, _ rest: String = PlanScenario.inputs) {
    let indented = stages.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    self.init("experiment: toy\n\(rest)\nstages:\n\(indented)\n")
  }

  /// A model and data.
  static let inputs = """
    model: ./model
    data: {documents: {a: a.jsonl}}
    """

  /// The spec of the design document, cut to what the stages of the tests can do.
  static let quickstart = """
    experiment: quickstart
    model: ./model
    data: {documents: {a: a.jsonl, b: b.jsonl}}
    vars: {s: 0.5, k: 8}
    stages:
      tokenize: {max_tokens: 256}
      capture: {scores: [wina, teal]}
      clusters: {kind: cluster, k: "${k}", seed: 1}
      shuffled: {kind: cluster, algorithm: random, k: 8, like: clusters}
      pooled: {kind: histogram}
      grouped: {kind: histogram, groups: clusters}
      mixed: {kind: histogram, groups: shuffled}
      uniform: {kind: profile, histogram: pooled, sparsity: "${s}"}
      specific: {kind: profile, histogram: grouped, sparsity: "${s}"}
      control: {kind: profile, histogram: mixed, sparsity: "${s}"}
      evaluate:
        arms:
          dense: {}
          uniform: {profile: uniform}
          routed: {profile: specific}
          random: {profile: control}
      compare: {bootstrap: 500}
    sweep: {grid: {s: [0.25, 0.5]}}

    """

  /// Two shards a split, and one of validation.
  static func inventory(
    model: String = "model", data: String = "data", splits: [Split: Int]? = nil
  ) -> Inventory {
    let counts = splits ?? [.calibration: 2, .routing: 2, .validation: 1, .test: 2]
    var shards: [Inventory.Shard] = []
    for split in Split.allCases {
      for index in 0..<(counts[split] ?? 0) {
        let name = "\(split.rawValue)/\(index)"
        let digest = SHA256.digest(of: "\(data) \(name)")
        shards.append(
          Inventory.Shard(
            split: split, index: index, samples: [Inventory.Sample(digest: digest, label: "a")],
            records: Leaf(format: SampleRecords.format, digest: digest, location: name)))
      }
    }
    return Inventory(
      model: Leaf(format: ModelFiles.format, digest: SHA256.digest(of: model), location: model),
      tokenizer: Leaf(
        format: TokenizerFiles.format, digest: SHA256.digest(of: "tokenizer of \(model)"),
        location: model),
      shards: shards,
      files: [
        "plot.py": Leaf(
          format: PlainFiles.format, digest: SHA256.digest(of: "plot"), location: "plot.py")
      ], labels: ["a"])
  }

  /// A graph, or what is wrong.
  struct Outcome {
    var graph: TaskGraph?
    var diagnostics: [Diagnostic]
  }

  /// Parses and plans; faults of the text itself come back as they are.
  func plan() -> Outcome {
    let source = SourceFile(path: "spec.yaml", text: text)
    let parsed = ExperimentSpec.parse(source: source, settings: settings) { path, _ in
      throw SpecError([Diagnostic(id: "test.extends", "nothing extends '\(path)'")])
    }
    guard let spec = parsed.spec else { return Outcome(diagnostics: parsed.diagnostics) }
    let plan = Planner.plan(
      spec, registry: registry,
      options: PlanOptions(numericsClass: numericsClass, only: only), inventory: inventory)
    return Outcome(graph: plan.graph, diagnostics: parsed.diagnostics + plan.diagnostics)
  }

  /// Checks a sound text without an inventory.
  func validate() -> [Diagnostic] {
    let source = SourceFile(path: "spec.yaml", text: text)
    let parsed = ExperimentSpec.parse(source: source, settings: settings) { path, _ in
      throw SpecError([Diagnostic(id: "test.extends", "nothing extends '\(path)'")])
    }
    guard let spec = parsed.spec else { return parsed.diagnostics }
    return Planner.validate(spec, registry: registry)
  }

  /// The graph of a spec that has no errors.
  func graph() throws -> TaskGraph {
    let plan = plan()
    guard let graph = plan.graph else { throw SpecError(plan.diagnostics) }
    return graph
  }

  /// The ids of everything that is wrong.
  func faults() -> [String] { plan().diagnostics.map(\.id) }
}

extension TaskGraph {
  /// The names of the tasks, sorted.
  var names: [String] { tasks.map(\.name).sorted() }

  /// The names of a stage's tasks, sorted.
  func names(of stage: String) -> [String] {
    tasks.filter { $0.stage == stage }.map(\.name).sorted()
  }

  /// The plan keys by name.
  var keys: [String: PlanKey] {
    Dictionary(tasks.map { ($0.name, $0.planKey) }, uniquingKeysWith: { first, _ in first })
  }

  /// Returns the task of a name.
  func task(_ name: String) -> PlannedTask? { tasks.first { $0.name == name } }

  /// The names of what a task takes on a port.
  func sources(of name: String, port: String) -> [String] {
    let inputs = task(name)?.inputs.first { $0.port == port }
    return (inputs?.sources ?? []).map { source in
      switch source {
      case .task(let id): self[id].name
      case .leaf(let leaf): leaf.location
      }
    }
  }
}
