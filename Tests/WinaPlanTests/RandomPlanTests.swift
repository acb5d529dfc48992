import Testing
import WinaPipeline
import WinaPlan
import WinaTestSupport

/// A random graph of sums in a random sweep.
private struct RandomSpec {
  struct Node {
    var name: String
    var add: String
    var isSharded: Bool
    var terms: [String]
  }

  var nodes: [Node] = []
  var vars: [String] = []
  var axes: [String: [Int]] = [:]

  init(using generator: inout SeededGenerator) {
    vars = (0..<Int.random(in: 1...3, using: &generator)).map { "v\($0)" }
    for name in vars where Bool.random(using: &generator) {
      axes[name] = Array(1...Int.random(in: 1...3, using: &generator))
    }
    for index in 0..<Int.random(in: 2...9, using: &generator) {
      let terms = nodes.map(\.name).filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
      let isVaried = Bool.random(using: &generator)
      let add =
        isVaried
        ? "${\(vars[Int.random(in: 0..<vars.count, using: &generator)])}"
        : "\(100 + index)"
      nodes.append(
        Node(
          name: "n\(index)", add: add, isSharded: Bool.random(using: &generator), terms: terms))
    }
    let paths = nodes.filter { !$0.add.hasPrefix("$") }.map { "\($0.name).add" }
    if let path = paths.first, Bool.random(using: &generator) { axes[path] = [7, 8] }
  }

  /// The text, with keys in an order that the generator chooses.
  func text(using generator: inout SeededGenerator) -> String {
    let stages = nodes.shuffled(using: &generator).map { node in
      let entries = [
        "kind: sum", "salt: \(node.name.dropFirst())", "sharded: \(node.isSharded)",
        "add: " + (node.add.hasPrefix("$") ? "\"\(node.add)\"" : node.add),
        "terms: [\(node.terms.joined(separator: ", "))]",
      ]
      return "  \(node.name): {\(entries.shuffled(using: &generator).joined(separator: ", "))}"
    }
    let grid = axes.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    var sections = [
      "experiment: random", PlanScenario.inputs,
      "vars: {\(vars.map { "\($0): 0" }.joined(separator: ", "))}",
      "stages:\n" + stages.joined(separator: "\n"),
    ]
    if !grid.isEmpty { sections.append("sweep: {grid: {\(grid.joined(separator: ", "))}}") }
    return sections.shuffled(using: &generator).joined(separator: "\n") + "\n"
  }
}

@Suite("Random plans") struct RandomPlanTests {
  @Test("plans are sound whatever the spec", arguments: 0..<60)
  func areSound(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let spec = RandomSpec(using: &generator)
    let graph = try PlanScenario(spec.text(using: &generator)).graph()
    #expect(!graph.targets.isEmpty)
    for (index, task) in graph.tasks.enumerated() {
      #expect(task.id.index == index)
      #expect(task.dependencies.allSatisfy { $0 < task.id })
    }
    #expect(Set(graph.tasks.map(\.planKey)).count == graph.tasks.count)
    #expect(Set(graph.tasks.map(\.name)).count == graph.tasks.count)
    var needed = Set(graph.targets)
    for task in graph.tasks.reversed() where needed.contains(task.id) {
      needed.formUnion(task.dependencies)
    }
    #expect(needed.count == graph.tasks.count)
    let used = Set(spec.nodes.flatMap(\.terms))
    let targets = Set(graph.targets.map { graph[$0].planKey })
    for node in spec.nodes where !used.contains(node.name) {
      var only = PlanScenario(spec.text(using: &generator))
      only.only = [node.name]
      let part = try only.graph()
      let keys = Set(part.targets.map { part[$0].planKey })
      #expect(!keys.isEmpty && keys.isSubset(of: targets))
    }
  }

  @Test("the order of keys changes no key and no target", arguments: 0..<40)
  func orderChangesNothing(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(1000 + seed))
    let spec = RandomSpec(using: &generator)
    let first = try PlanScenario(spec.text(using: &generator)).graph()
    let second = try PlanScenario(spec.text(using: &generator)).graph()
    #expect(Set(first.tasks.map(\.planKey)) == Set(second.tasks.map(\.planKey)))
    #expect(
      Set(first.targets.map { first[$0].planKey }) == Set(second.targets.map { second[$0].planKey })
    )
  }

  @Test("an edit changes exactly the cone of the edited stage", arguments: 0..<60)
  func changesTheCone(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(2000 + seed))
    var spec = RandomSpec(using: &generator)
    spec.axes = spec.axes.filter { !$0.key.contains(".") }
    let before = try PlanScenario(spec.text(using: &generator)).graph()
    let index = Int.random(in: 0..<spec.nodes.count, using: &generator)
    let name = spec.nodes[index].name
    var edited = spec
    edited.nodes[index].add = "1999"
    let after = try PlanScenario(edited.text(using: &generator)).graph()
    var cone: Set<String> = [name]
    for node in spec.nodes where node.terms.contains(where: cone.contains) {
      cone.insert(node.name)
    }
    let known = Set(before.tasks.map(\.planKey))
    for task in after.tasks {
      #expect(known.contains(task.planKey) != cone.contains(task.stage), "\(task.name)")
    }
    let kept = Set(after.tasks.map(\.planKey))
    for task in before.tasks {
      #expect(kept.contains(task.planKey) != cone.contains(task.stage), "\(task.name)")
    }
  }
}
