import Testing
import WinaPipeline
import WinaPlan
import WinaSpec
import WinaTestSupport

@Suite("Wiring and tasks") struct WiringTests {
  private let quickstart = PlanScenario(PlanScenario.quickstart)

  @Test("the spec of the design gives these tasks") func givesTheseTasks() throws {
    let graph = try quickstart.graph()
    let list = graph.tasks.map { task in
      let inputs = task.inputs.map { input in
        "\(input.port)(\(graph.sources(of: task.name, port: input.port).joined(separator: " ")))"
      }
      return ([task.name] + inputs).joined(separator: " ") + "\n"
    }
    try expectGolden(list.joined(), "plan/quickstart.txt")
  }

  @Test("required inputs come from the only stage that produces them")
  func comeFromTheOnlyProducer() throws {
    let graph = try quickstart.graph()
    #expect(
      graph.sources(of: "capture#calibration/1", port: "tokens") == ["tokenize#calibration/1"])
    #expect(
      graph.sources(of: "pooled", port: "capture")
        == ["capture#calibration/0", "capture#calibration/1"])
  }

  @Test("optional inputs stay absent unless named") func stayAbsent() throws {
    let graph = try quickstart.graph()
    #expect(graph.task("clusters[k=8]") == nil)
    #expect(graph.task("clusters")?.inputs.map(\.port) == ["capture"])
    #expect(graph.sources(of: "shuffled", port: "like") == ["clusters"])
    #expect(graph.task("pooled")?.inputs.map(\.port) == ["capture"])
  }

  @Test("what does not depend on the sweep is shared by all cells") func isShared() throws {
    let graph = try quickstart.graph()
    #expect(
      graph.names(of: "evaluate").filter { $0.contains("dense") }
        == ["evaluate.dense#test/0", "evaluate.dense#test/1"])
    #expect(graph.names(of: "uniform") == ["uniform[s=0.25]", "uniform[s=0.5]"])
    #expect(graph.names(of: "grouped") == ["grouped"])
    #expect(graph.names.contains("evaluate.routed[s=0.5]#test/1"))
    #expect(graph.names(of: "compare") == ["compare"])
    #expect(
      graph.sources(of: "compare", port: "results").prefix(3)
        == ["evaluate.dense#test/0", "evaluate.dense#test/1", "evaluate.random[s=0.25]#test/0"])
  }

  @Test("only what is asked for is planned") func isPruned() throws {
    var scenario = quickstart
    scenario.only = ["evaluate"]
    #expect(try scenario.graph().names(of: "compare").isEmpty)
    scenario.only = ["uniform"]
    let graph = try scenario.graph()
    #expect(
      Set(graph.tasks.map(\.stage)) == ["tokenize", "capture", "pooled", "uniform"])
    #expect(graph.targets.map { graph[$0].name } == ["uniform[s=0.25]", "uniform[s=0.5]"])
    #expect(!graph.names.contains { $0.contains("test") })
  }

  @Test("without a kind that is a target, what nothing uses is the target")
  func leavesAreTargets() throws {
    let graph = try PlanScenario(
      stages: """
        tokenize: {}
        capture: {}
        histogram: {}
        """
    ).graph()
    #expect(graph.targets.map { graph[$0].name } == ["histogram"])
  }

  @Test("a setting removes its axis") func removesItsAxis() throws {
    let graph = try PlanScenario(PlanScenario.quickstart, settings: ["s=0.4"]).graph()
    #expect(graph.names(of: "uniform") == ["uniform"])
    #expect(graph.task("uniform")?.params["sparsity"] == .double(0.4))
  }

  @Test("a swept path of a stage shows in the names below it") func showsBelow() throws {
    let text = PlanScenario.quickstart.replacing(
      "grid: {s: [0.25, 0.5]}", with: "grid: {clusters.k: [2, 4], s: [0.25, 0.5]}")
    let graph = try PlanScenario(text).graph()
    #expect(graph.names(of: "clusters") == ["clusters[clusters.k=2]", "clusters[clusters.k=4]"])
    #expect(graph.names(of: "uniform") == ["uniform[s=0.25]", "uniform[s=0.5]"])
    #expect(graph.names.contains("specific[clusters.k=2,s=0.5]"))
    #expect(graph.task("specific[clusters.k=2,s=0.5]")?.assignment.count == 2)
  }

  @Test("a stage named only on an axis counts as upstream") func namedOnAnAxis() throws {
    let text = PlanScenario.quickstart.replacing(
      "grid: {s: [0.25, 0.5]}",
      with: "grid: {k: [2, 4], uniform.histogram: [pooled, grouped]}"
    ).replacing("histogram: pooled, sparsity: \"${s}\"", with: "histogram: pooled, sparsity: 0.3")
    let graph = try PlanScenario(text).graph()
    #expect(
      graph.names(of: "uniform") == [
        "uniform[k=2,uniform.histogram=grouped]", "uniform[k=4,uniform.histogram=grouped]",
        "uniform[uniform.histogram=pooled]",
      ])
    #expect(
      graph.sources(of: "uniform[k=4,uniform.histogram=grouped]", port: "histogram")
        == ["grouped[k=4]"])
  }

  @Test("a stage that spans cells does not vary") func spanningVaries() {
    let text = PlanScenario.quickstart.replacing("bootstrap: 500", with: "bootstrap: \"${k}00\"")
      .replacing("grid: {s: [0.25, 0.5]}", with: "grid: {compare.bootstrap: [500, 600]}")
      .replacing("vars: {s: 0.5, k: 8}", with: "vars: {s: 0.5, k: 8}")
    #expect(PlanScenario(text).faults().contains("plan.spanning-varies"))
  }
}

@Suite("Variants, controls and swept inputs") struct VariantTests {
  private let centred = PlanScenario.quickstart
    .replacing("histogram: grouped, sparsity", with: "histogram: grouped, centred: true, sparsity")

  @Test("a variant of a producer has its own tasks with a word in their names")
  func hasItsOwnTasks() throws {
    let graph = try PlanScenario(centred).graph()
    #expect(graph.names(of: "grouped") == ["grouped", "grouped[centred]"])
    #expect(
      graph.sources(of: "specific[s=0.5]", port: "histogram") == ["grouped[centred]"])
    #expect(
      graph.sources(of: "capture[centred:grouped]#calibration/0", port: "means") == ["grouped"])
    #expect(
      graph.sources(of: "capture[centred:grouped]#calibration/0", port: "groups") == ["clusters"])
  }

  @Test("a variant varies with what its own inputs vary with") func variesWithItsInputs() throws {
    let text = centred.replacing("grid: {s:", with: "grid: {k: [2, 4], s:")
    let graph = try PlanScenario(text).graph()
    for k in [2, 4] {
      #expect(
        graph.sources(of: "capture[centred:grouped,k=\(k)]#calibration/0", port: "groups")
          == ["clusters[k=\(k)]"])
      #expect(
        graph.sources(of: "grouped[centred,k=\(k)]", port: "capture").first
          == "capture[centred:grouped,k=\(k)]#calibration/0")
    }
    #expect(graph.names(of: "capture").count == 2 + 2 * 2)
  }

  @Test("controls repeat only what is below the seed that they set") func repeatOnlyBelow() throws {
    let text = PlanScenario.quickstart.replacing(
      "compare: {bootstrap: 500}", with: "compare: {controls: {stage: shuffled, repeat: 3}}")
    let graph = try PlanScenario(text).graph()
    #expect(
      graph.names(of: "shuffled")
        == ["shuffled", "shuffled[shuffled.seed=2]", "shuffled[shuffled.seed=3]"])
    #expect(graph.names(of: "clusters") == ["clusters"])
    #expect(graph.names(of: "specific").count == 2)
    #expect(graph.names(of: "control").count == 2 * 3)
    #expect(graph.names.contains("evaluate.random[s=0.5,shuffled.seed=3]#test/1"))
    #expect(graph.names(of: "evaluate").filter { $0.contains("routed") }.count == 2 * 2)
  }

  @Test("a swept model has an inventory in each cell") func sweptModel() throws {
    var scenario = PlanScenario(
      PlanScenario.quickstart.replacing("grid: {s:", with: "grid: {model: [./x, ./y], s:"))
    scenario.inventory = { cell in
      PlanScenario.inventory(model: cell["model"]?.string ?? "none")
    }
    let graph = try scenario.graph()
    #expect(graph.names.contains("tokenize[model=./x]#test/0"))
    #expect(graph.sources(of: "evaluate.dense[model=./y]#test/0", port: "model") == ["./y"])
    #expect(graph.names(of: "evaluate").filter { $0.contains("dense") }.count == 2 * 2)
  }

  @Test("a swept data setting may change the number of shards") func sweptData() throws {
    var scenario = PlanScenario(
      PlanScenario.quickstart.replacing("grid: {s:", with: "grid: {data.limit: [100, 900], s:"))
    scenario.inventory = { cell in
      let isLarge = cell["data.limit"]?.inlineDescription == "900"
      return PlanScenario.inventory(
        data: isLarge ? "large" : "small",
        splits: [.calibration: isLarge ? 5 : 1, .test: isLarge ? 3 : 1])
    }
    // Over cells whose splits have other sizes a stage would take the shards of one for those of another.
    #expect(scenario.faults() == ["plan.other-samples"])
    scenario.text = scenario.text.replacing("      compare: {bootstrap: 500}\n", with: "")
      .replacing("  compare: {bootstrap: 500}\n", with: "")
    let graph = try scenario.graph()
    #expect(graph.names(of: "capture").count == 6)
    #expect(graph.names(of: "evaluate").filter { $0.contains("dense") }.count == 4)
    #expect(graph.sources(of: "pooled[data.limit=900]", port: "capture").count == 5)
  }

  @Test("an allowed leak stamps what is below it") func stamps() throws {
    let leak = PlanScenario.quickstart.replacing("seed: 1}", with: "seed: 1, split: test}")
    #expect(PlanScenario(leak).faults() == ["plan.leakage"])
    let graph = try PlanScenario("leaky: true\n" + leak).graph()
    let leaky = Set(graph.tasks.filter(\.isLeaky).map(\.stage))
    #expect(
      leaky == [
        "clusters", "shuffled", "grouped", "mixed", "specific", "control", "evaluate", "compare",
      ])
    #expect(graph.task("evaluate.dense#test/0")?.isLeaky == false)
    #expect(graph.task("evaluate.uniform[s=0.5]#test/0")?.isLeaky == false)
  }
}
