import Testing
import WinaPipeline
import WinaPlan
import WinaTestSupport

/// A spec whose keys are fixed.
struct KeySnippet: CustomTestStringConvertible, Sendable {
  var name: String
  var stages: String
  var rest = PlanScenario.inputs
  var testDescription: String { name }

  static let chain = """
    tokenize: {max_tokens: 64}
    capture: {scores: [wina, teal]}
    clusters: {kind: cluster, k: 4, seed: 7}
    pooled: {kind: histogram}
    """

  static let all = [
    KeySnippet(name: "tokenize", stages: "tokenize: {max_tokens: 64}"),
    KeySnippet(name: "tokenize-default", stages: "tokenize:"),
    KeySnippet(name: "capture", stages: "tokenize: {}\ncapture: {}"),
    KeySnippet(
      name: "clusters", stages: "tokenize: {}\ncapture: {}\nclusters: {kind: cluster, k: 4}"),
    KeySnippet(
      name: "histograms", stages: chain + "\ngrouped: {kind: histogram, groups: clusters}"),
    KeySnippet(name: "profile", stages: chain + "\nprofile: {sparsity: 0.5}"),
    KeySnippet(name: "centred", stages: chain + "\nprofile: {sparsity: 0.5, centred: true}"),
    KeySnippet(
      name: "sweep", stages: chain + "\nprofile: {sparsity: \"${s}\"}",
      rest: PlanScenario.inputs + "\nvars: {s: 0.5}\nsweep: {grid: {s: [0, 0.5, 0.65]}}"),
    KeySnippet(
      name: "evaluate",
      stages: chain + "\nprofile: {sparsity: 0.5}\nevaluate: {arms: {a: {profile: profile}}}"),
    KeySnippet(name: "command", stages: "command: {run: python plot.py, code: [plot.py]}"),
  ]
}

@Suite("Plan keys") struct PlanKeyTests {
  @Test("each spec keeps its keys", arguments: KeySnippet.all)
  func keepsItsKeys(_ snippet: KeySnippet) throws {
    let graph = try PlanScenario(stages: snippet.stages, snippet.rest).graph()
    let lines = graph.tasks.map { "\($0.planKey) \($0.name)\n" }.sorted()
    try expectGolden(lines.joined(), "keys/\(snippet.name).txt")
  }

  @Test("plan keys are those of the tasks' named parts", arguments: KeySnippet.all)
  func areThoseOfTheParts(_ snippet: KeySnippet) throws {
    let graph = try PlanScenario(stages: snippet.stages, snippet.rest).graph()
    for task in graph.tasks {
      let parts = graph.actionParts(of: task.id) { graph[$0].planKey.digest }
      #expect(parts.planKey == task.planKey)
    }
  }

  private func keys(_ text: String, _ change: (inout PlanScenario) -> Void = { _ in }) throws
    -> Set<PlanKey>
  {
    var scenario = PlanScenario(text)
    change(&scenario)
    return Set(try scenario.graph().tasks.map(\.planKey))
  }

  @Test(
    "names, comments, key order and quoting are no part of keys",
    arguments: [
      ("clusters", "zones"), ("uniform: {kind", "flat: {kind"), ("routed:", "sent:"),
      ("max_tokens: 256", "max_tokens: 0x100"), ("k: 8, seed: 1", "seed: 1, k: 8"),
      ("grouped", "'grouped'"), ("capture: {", "# a comment\n  capture: {"),
      ("experiment: quickstart", "experiment: other\nquestion: why?"),
      ("{k: 4}", "{k: 4, seed: 1}"), ("seed: 1}", "seed: 1, split: calibration}"),
      ("sparsity: \"${s}\"}", "sparsity: \"${s}\", centred: false}"),
      ("vars: {s: 0.5, k: 8}", "vars: {k: 8, s: 0.7}"),
      ("grid: {s: [0.25, 0.5]}", "grid: {s: [0.250, 5e-1]}"),
    ])
  func areNoPart(_ old: String, _ new: String) throws {
    var text = PlanScenario.quickstart
    if old == "uniform: {kind" || old == "routed:" {
      text = text.replacing("{profile: uniform}", with: "{profile: flat}")
      if old == "routed:" {
        text = text.replacing("{profile: flat}", with: "{profile: uniform}")
      }
    }
    let before = try keys(PlanScenario.quickstart)
    #expect(try keys(text.replacing(old, with: new)) == before)
  }

  @Test("the order of stages is no part of keys") func orderOfStages() throws {
    let lines = PlanScenario.quickstart.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0 == "stages:" }) + 1
    let end = try #require(lines.firstIndex { $0.hasPrefix("  evaluate:") })
    let text =
      (lines[..<start] + lines[start..<end].reversed() + lines[end...]).joined(separator: "\n")
    #expect(try keys(text) == keys(PlanScenario.quickstart))
  }

  @Test(
    "each parameter reaches the stages at and below it, and no others",
    arguments: [
      ("max_tokens: 256", "max_tokens: 255", "tokenize"),
      ("[wina, teal]", "[wina]", "capture"), ("k: \"${k}\"", "k: 9", "clusters"),
      ("like: clusters}", "like: clusters, seed: 2}", "shuffled"),
      ("bootstrap: 500", "bootstrap: 501", "compare"),
      ("histogram: mixed, s", "histogram: mixed, score: teal, s", "control"),
    ])
  func reaches(_ old: String, _ new: String, _ stage: String) throws {
    let before = try PlanScenario(PlanScenario.quickstart).graph()
    let after = try PlanScenario(PlanScenario.quickstart.replacing(old, with: new)).graph()
    let cone = before.cone(of: stage)
    #expect(!cone.isEmpty)
    for task in after.tasks {
      let known = try #require(before.task(task.name))
      #expect((known.planKey != task.planKey) == cone.contains(task.name), "\(task.name)")
    }
  }

  @Test("a numerics class reaches only stages that declare it, and what is below them")
  func numerics() throws {
    let before = try PlanScenario(PlanScenario.quickstart).graph()
    var scenario = PlanScenario(PlanScenario.quickstart)
    scenario.numericsClass = "other"
    let after = try scenario.graph()
    let cone = before.cone(of: "capture").union(before.cone(of: "evaluate"))
    for task in after.tasks {
      #expect((before.keys[task.name] != task.planKey) == cone.contains(task.name), "\(task.name)")
    }
    #expect(before.task("capture#calibration/0")?.numericsClass == "test")
    #expect(before.task("pooled")?.numericsClass == nil)
  }

  @Test("a shard's records reach only what reads that shard") func shards() throws {
    let before = try PlanScenario(PlanScenario.quickstart).graph()
    var scenario = PlanScenario(PlanScenario.quickstart)
    var inventory = PlanScenario.inventory()
    let index = try #require(inventory.shards.firstIndex { $0.name == "test/1" })
    let digest = SHA256.digest(of: "appended")
    inventory.shards[index].records = Leaf(
      format: SampleRecords.format, digest: digest, location: "test/1")
    scenario.inventory = { _ in inventory }
    let changed = try scenario.graph().tasks.filter { before.keys[$0.name] != $0.planKey }
    #expect(Set(changed.compactMap(\.shard)) == ["test/1"])
    #expect(Set(changed.map(\.stage)) == ["tokenize", "evaluate", "compare"])
  }

  @Test("leaves count by digest and not by place") func leaves() throws {
    let moved = try keys(PlanScenario.quickstart) { scenario in
      var inventory = PlanScenario.inventory()
      for index in inventory.shards.indices {
        let leaf = inventory.shards[index].records
        inventory.shards[index].records = Leaf(
          format: leaf.format, digest: leaf.digest, location: "elsewhere")
      }
      inventory.model = inventory.model.map {
        Leaf(format: $0.format, digest: $0.digest, location: "/mnt/model")
      }
      let result = inventory
      scenario.inventory = { _ in result }
    }
    #expect(try moved == keys(PlanScenario.quickstart))
    let other = try keys(PlanScenario.quickstart) { scenario in
      scenario.inventory = { _ in PlanScenario.inventory(model: "other") }
    }
    #expect(try other.isDisjoint(with: keys(PlanScenario.quickstart)))
  }

  @Test("a stage's version reaches what is below it") func versions() throws {
    let before = try PlanScenario(stages: "s: {kind: sum, terms: []}").graph()
    var scenario = PlanScenario(stages: "s: {kind: sum, terms: []}")
    scenario.registry = StageRegistry([RaisedSum.self])
    let after = try scenario.graph()
    #expect(before.tasks.map(\.planKey) != after.tasks.map(\.planKey))
    #expect(before.tasks.map(\.params) == after.tasks.map(\.params))
  }
}

/// The same stage with results of its own.
private enum RaisedSum: ToyStage {
  typealias Format = SumStage.Format
  static let kind = SumStage.kind
  static let version = 2
  static let dataUse = SumStage.dataUse
  static let parameters = SumStage.parameters
  typealias Params = SumStage.Params
  typealias TaskParams = SumStage.TaskParams
  typealias Inputs = SumStage.Inputs

  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] { try SumStage.templates(params, wiring) }
}

extension TaskGraph {
  /// The names of a stage's tasks and of all that depend on them.
  func cone(of stage: String) -> Set<String> {
    var cone: Set<TaskID> = []
    for task in tasks where task.stage == stage || task.dependencies.contains(where: cone.contains)
    {
      cone.insert(task.id)
    }
    return Set(cone.map { self[$0].name })
  }
}
