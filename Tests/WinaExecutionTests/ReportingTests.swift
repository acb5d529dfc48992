import Foundation
import Testing
import WinaExecution
import WinaPipeline
import WinaPlan
import WinaStore
import WinaTestSupport

struct ReportingTests {
  private typealias Node = PlanFixture.Node

  private func nodes(
    add: Int = 1, noteOfA: String = "", middle: Int = 2
  ) -> [PlanFixture.Node] {
    [
      Node("a", add: 10, note: noteOfA), Node("b", ["a"], add: add),
      Node("c", ["b"], add: middle), Node("d", ["c"], add: 3),
    ]
  }

  @Test func aPreviewSaysWhatWouldRunAndWhy() throws {
    let fixture = try PlanFixture()
    let store = try fixture.store()
    let graph = try fixture.graph(nodes(), targets: ["d"])
    let empty = PlanPreview(graph: graph, store: store)
    #expect(empty.tasks.map(\.status) == [.run, .mayBeCutOff, .mayBeCutOff, .mayBeCutOff])
    #expect(empty.tasks[0].reason == "first of its kind")
    #expect(empty.tasks[0].estimatedSeconds == nil)
    #expect(empty.tasks[1].reason == "depends on 'a'")

    _ = fixture.runner(graph, store: store).run()
    let cached = PlanPreview(graph: graph, store: store)
    #expect(cached.tasks.map(\.status) == [.notNeeded, .notNeeded, .notNeeded, .hit])
    #expect(cached.tasks[3].bytes ?? 0 > 0)

    let changed = try fixture.graph(nodes(add: 5), targets: ["d"])
    let preview = PlanPreview(graph: changed, store: store)
    #expect(preview.tasks.map(\.status) == [.hit, .run, .mayBeCutOff, .mayBeCutOff])
    #expect(preview.tasks[1].reason == "add 1 → 5")
    #expect(preview.tasks[1].estimatedSeconds != nil && preview.tasks[1].bytes != nil)
    #expect(preview.counts == [.hit: 1, .run: 1, .mayBeCutOff: 2])

    // The new `a` gives what the old one gave, so that `b` is known although its plan is new.
    let noted = try fixture.graph(nodes(noteOfA: "x"), targets: ["a"])
    _ = fixture.runner(noted, store: store).run()
    let cut = PlanPreview(
      graph: try fixture.graph(nodes(noteOfA: "x"), targets: ["d"]), store: store)
    #expect(cut.tasks.map(\.status) == [.hit, .cutOff, .cutOff, .cutOff])
  }

  @Test func anExplanationFindsTheRootCause() throws {
    let fixture = try PlanFixture()
    let store = try fixture.store()
    let first = Explanation.explain(
      TaskID(3), graph: try fixture.graph(nodes(), targets: ["d"]), store: store)
    #expect(first.nearest == nil && first.reason == "no sum was ever run with this cache")

    let graph = try fixture.graph(nodes(), targets: ["d"])
    _ = fixture.runner(graph, store: store).run()
    #expect(Explanation.explain(TaskID(3), graph: graph, store: store).reason == "it is cached")

    let changed = try fixture.graph(nodes(add: 5), targets: ["d"])
    let own = Explanation.explain(TaskID(1), graph: changed, store: store)
    #expect(own.status == .run)
    #expect(own.changes == [KeyChange(path: "add", old: "1", new: "5")])
    #expect(own.reason == "add 1 → 5" && own.nearest?.taskName == "b")

    let below = Explanation.explain(TaskID(3), graph: changed, store: store)
    #expect(below.status == .mayBeCutOff && below.changes.isEmpty)
    #expect(
      below.rootCauses == [
        Explanation.RootCause(
          task: "b", changes: [KeyChange(path: "add", old: "1", new: "5")], affected: 3)
      ])
    #expect(below.reason == "'b' upstream changed: add 1 → 5")
  }

  @Test func aChangedLeafIsNamed() throws {
    let fixture = try PlanFixture()
    let store = try fixture.store()
    let plan = { (text: String) in
      let leaf = Leaf(
        format: PlainFiles.format, digest: SHA256.digest(of: text), location: "/nowhere")
      return try fixture.graph(
        [Node("a", code: ["x.py"]), Node("b", ["a"])], targets: ["b"],
        inventory: Inventory(files: ["x.py": leaf]))
    }
    _ = fixture.runner(try plan("one"), store: store).run()
    let explanation = Explanation.explain(TaskID(1), graph: try plan("two"), store: store)
    #expect(explanation.rootCauses.map(\.task) == ["a"])
    #expect(explanation.rootCauses.first?.changes.map(\.path) == ["input.files"])
    #expect(explanation.rootCauses.first?.affected == 2)
  }

  @Test func runNamesSortByTimeAndReadBack() throws {
    var generator = SeededGenerator(seed: 1)
    let first = RunID(now: 1_795_486_530.7, using: &generator)
    #expect(first.text.hasPrefix("20261124-021530-"))
    #expect(RunID(now: 951_782_400, using: &generator).text.hasPrefix("20000229-000000-"))
    #expect(RunID(now: 0, using: &generator).text.hasPrefix("19700101-000000-"))
    #expect(first < RunID(now: 1_795_486_531, using: &generator))
    #expect(RunID(first.text) == first)
    #expect(RunID("20261124-021530") == nil && RunID("../../../etc") == nil)
    #expect(RunID("x0261124-021530-abcdef") == nil)
  }

  /// `last` is the run that started last, whatever was drawn for the runs of one second.
  @Test func namesOfRunsInOneSecondSortByTheirStarts() {
    var generator = SeededGenerator(seed: 2)
    let names = (0..<1000).map { RunID(now: 1_795_486_530 + Double($0) / 1000, using: &generator) }
    #expect(names == names.sorted() && Set(names).count == 1000)
    #expect(names.allSatisfy { RunID($0.text) == $0 && $0.text.hasPrefix("20261124-021530-") })
    let together = (0..<100).map { _ in RunID(now: 1_795_486_530.5, using: &generator) }
    #expect(Set(together).count > 90)
  }

  @Test func theJournalAndTheResultAreKept() throws {
    let fixture = try PlanFixture()
    let workspace = fixture.directory.file("work")
    let history = RunHistory(workspace: workspace)
    #expect(try history.runs() == [])
    var generator = SeededGenerator(seed: 2)
    let id = RunID(now: 1_795_486_530, using: &generator)
    let journal = try RunJournal(workspace: workspace, run: id)
    #expect(try history.runs().map(\.result) == [nil], "a run that has not ended is listed")
    let outcome = fixture.runner(
      try fixture.graph(nodes(), targets: ["d"]), store: try fixture.store(),
      events: { journal.record($0) }
    ).run()
    let rows = [
      ResultRow(cell: ["s": .double(0.5)], arm: "dense", metric: "kl", value: nil, n: 3),
      ResultRow(cell: [:], arm: "uniform", label: "wiki", metric: "kl", value: 0.25, n: 3),
    ]
    let result = RunResult(
      run: id, spec: "experiments/x.yaml", experiment: "x", started: 1_795_486_530,
      outcome: outcome, results: rows)
    try journal.finish(result)

    let text = try String(contentsOfFile: journal.directory + "/journal.jsonl", encoding: .utf8)
    let types = try text.split(separator: "\n").map {
      try JSONValue(parsing: Array($0.utf8))["type"]
    }
    #expect(types.first == .string("run-started") && types.last == .string("run-finished"))
    #expect(types.count == 10)

    let listing = try history.load("last")
    #expect(listing.id == id)
    #expect(try history.load(String(id.text.prefix(10))).result == listing.result)
    #expect(listing.result == result)
    let error = #expect(throws: ExecutionError.self) { try history.load("2031") }
    #expect(error?.code == .unknownRun && error?.hint.contains(id.text) == true)
  }

  @Test func theResultLineHasEveryDocumentedMember() throws {
    let fixture = try PlanFixture()
    let store = try fixture.store()
    let graph = try fixture.graph(nodes(), targets: ["d"])
    _ = fixture.runner(graph, store: store).run()
    let outcome = fixture.runner(graph, store: store).run()
    var generator = SeededGenerator(seed: 2)
    let line = try RunResult(
      run: RunID(now: 0, using: &generator), spec: "x.yaml", experiment: "x", started: 0,
      outcome: outcome,
      results: [ResultRow(cell: [:], arm: "dense", metric: "kl", value: nil, n: 3)]
    ).line()
    #expect(!line.contains("\n"))
    #expect(line.contains(#""type":"result""#) && line.contains(#""spec":"x.yaml""#))
    #expect(line.contains(#""action_key":null"#) && line.contains(#""status":"hit""#))
    for member in ["label", "value", "low", "high"] {
      #expect(line.contains("\"\(member)\":null"))
    }
    let object = try JSONValue(parsing: Array(line.utf8))
    guard case .array(let tasks) = object["tasks"], case .object(let task) = tasks.first else {
      Issue.record("there are no tasks")
      return
    }
    let members = ["name", "kind", "plan_key", "action_key", "status", "reason", "seconds"]
    #expect(members.allSatisfy { task[$0] != nil })
  }
}
