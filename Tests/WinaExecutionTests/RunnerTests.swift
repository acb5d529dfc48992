import Foundation
import Synchronization
import Testing
import WinaExecution
import WinaPipeline
import WinaPlan
import WinaStore
import WinaTestSupport

struct RunnerTests {
  private typealias Node = PlanFixture.Node

  /// a → b → d, a → c → d, e alone.
  private let diamond = [
    Node("a", add: 10), Node("b", ["a"], add: 1),
    Node("c", ["a"], add: 2), Node("d", ["b", "c"], add: 0),
    Node("e", add: 7),
  ]
  private let targets = ["d", "e"]

  private func changed(_ name: String, _ change: (inout Node) -> Void) -> [Node] {
    diamond.map { node in
      var node = node
      if node.name == name { change(&node) }
      return node
    }
  }

  @Test func aFirstRunRunsEverythingAndASecondNothing() throws {
    let fixture = try PlanFixture()
    let graph = try fixture.graph(diamond, targets: targets)
    let store = try fixture.store()
    let runner = fixture.runner(graph, store: store)
    let first = runner.run()
    #expect(first.succeeded)
    #expect(first.names(.ran) == ["a", "b", "c", "d", "e"])
    #expect(first.tasks.allSatisfy { $0.actionKey != nil && $0.bytes > 0 })
    #expect(try runner.artifact(of: TaskID(3), as: NumberArtifact.self).value == 23)
    #expect(try runner.artifact(of: TaskID(4), as: NumberArtifact.self).value == 7)

    let second = fixture.runner(graph, store: try fixture.store()).run()
    #expect(second.succeeded)
    #expect(second.counts == [.hit: 5])
    #expect(fixture.probe.runs.count == 5)
    #expect(second.tasks.filter { $0.actionKey != nil }.map(\.name) == ["d", "e"])
    #expect(second.tasks[0].reason == "not needed")
  }

  @Test func aChangedParameterRerunsExactlyItsCone() throws {
    let fixture = try PlanFixture()
    let store = try fixture.store()
    _ = fixture.runner(try fixture.graph(diamond, targets: targets), store: store).run()
    let nodes = changed("b") { $0.add = "5" }
    let outcome = fixture.runner(try fixture.graph(nodes, targets: targets), store: store).run()
    #expect(outcome.names(.ran) == ["b", "d"])
    #expect(outcome.tasks[1].reason == "add 1 → 5")
    #expect(outcome.tasks[3].reason == "new numbers")
    #expect(outcome.names(.hit) == ["a", "c", "e"])
  }

  @Test func anUnchangedOutputCutsOffWhatIsBelow() throws {
    let fixture = try PlanFixture()
    let store = try fixture.store()
    _ = fixture.runner(try fixture.graph(diamond, targets: targets), store: store).run()
    fixture.probe.reset()
    let graph = try fixture.graph(changed("a") { $0.note = "x" }, targets: targets)
    let outcome = fixture.runner(graph, store: store).run()
    #expect(fixture.probe.runs == ["a"])
    #expect(outcome.names(.ran) == ["a"])
    #expect(outcome.names(.cutOff) == ["b", "c", "d"])
    // The plan entries of the cut-off tasks are written, so that the next plan is all hits.
    #expect(fixture.runner(graph, store: store).run().counts == [.hit: 5])
  }

  @Test func tasksOfOneActionUnderTwoNamesRunOnce() throws {
    let fixture = try PlanFixture()
    let nodes = [
      Node("a", note: "1", label: "in"), Node("b", note: "2", label: "in"),
      Node("s1", ["a"], label: "sum"), Node("s2", ["b"], label: "sum"),
    ]
    let graph = try fixture.graph(nodes, targets: ["s1", "s2"])
    #expect(graph.tasks.count == 4, "the plans differ; only running shows that the inputs do not")
    let outcome = fixture.runner(graph, store: try fixture.store()).run()
    #expect(outcome.succeeded)
    #expect(fixture.probe.runs.filter { $0 == "sum" }.count == 1)
    #expect(outcome.names(.cutOff).count == 1)
  }

  @Test func aFailureStopsTheRunAndKeepGoingOnlyItsCone() throws {
    for keepGoing in [false, true] {
      let fixture = try PlanFixture()
      struct Broken: Error, CustomStringConvertible { let description = "out of luck" }
      fixture.probe.on("b") { _ in throw Broken() }
      let graph = try fixture.graph(diamond, targets: targets)
      let store = try fixture.store()
      let events = Mutex<[String]>([])
      let outcome = fixture.runner(
        graph, store: store, options: fixture.options(jobs: 1, keepGoing: keepGoing)
      ) { event in
        if case .taskFailed(_, let failure) = event.kind {
          events.withLock { $0.append(failure.description) }
        }
      }.run()
      #expect(!outcome.succeeded && !outcome.isInterrupted && !outcome.hasCacheFault)
      #expect(outcome.names(.failed) == ["b"])
      #expect(outcome.failures.map(\.message) == ["out of luck"])
      #expect(outcome.failures.first?.key == outcome.tasks[1].actionKey)
      #expect(events.withLock { $0 } == ["task 'b' failed: out of luck"])
      if keepGoing {
        #expect(outcome.names(.skipped) == ["d"])
        #expect(outcome.tasks[3].reason == "'b' failed")
        #expect(outcome.names(.ran) == ["a", "c", "e"])
      } else {
        #expect(outcome.names(.skipped).contains("d"))
        #expect(outcome.tasks[3].reason == "'b' failed")
      }
      // Nothing of a failed task is kept: it runs again, and what was made before does not.
      fixture.probe.on("b") { _ in }
      fixture.probe.reset()
      let again = fixture.runner(graph, store: store).run()
      #expect(again.succeeded)
      #expect(fixture.probe.runs.contains("b") && !fixture.probe.runs.contains("a"))
    }
  }

  @Test func drainingFinishesWhatRunsAndStartsNothingElse() throws {
    let fixture = try PlanFixture()
    let token = CancellationToken()
    fixture.probe.on("a") { _ in token.drain() }
    let graph = try fixture.graph(diamond, targets: ["d"])
    let store = try fixture.store()
    let outcome = fixture.runner(graph, store: store, cancellation: token).run()
    #expect(outcome.isInterrupted && !outcome.succeeded)
    #expect(outcome.names(.ran) == ["a"])
    #expect(outcome.names(.skipped) == ["b", "c", "d"])
    #expect(outcome.tasks[3].reason == "the run was cancelled")
    #expect(fixture.runner(graph, store: store).run().names(.ran) == ["b", "c", "d"])
  }

  @Test func killingEndsATaskAtItsNextCheckAndCachesNothing() throws {
    let fixture = try PlanFixture()
    let token = CancellationToken()
    fixture.probe.on("a") { context in
      token.kill()
      try context.checkCancellation()
      Issue.record("the check threw nothing")
    }
    let graph = try fixture.graph(diamond, targets: ["d"])
    let store = try fixture.store()
    let outcome = fixture.runner(graph, store: store, cancellation: token).run()
    #expect(outcome.isInterrupted)
    #expect(outcome.names(.skipped) == ["a", "b", "c", "d"])
    #expect(outcome.failures.isEmpty)
    fixture.probe.on("a") { _ in }
    #expect(fixture.runner(graph, store: store).run().names(.ran) == ["a", "b", "c", "d"])
  }

  @Test func killingEndsAProgramWithItsChildren() throws {
    let fixture = try PlanFixture()
    let token = CancellationToken()
    let mark = fixture.directory.file("mark")
    fixture.probe.on("a") { context in
      let scratch = try context.scratchDirectory()
      DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) { token.kill() }
      _ = try context.runProcess(
        ProcessInvocation(
          command: "(sleep 3; touch '\(mark)') & sleep 30", directory: scratch,
          environment: ["PATH": "/usr/bin:/bin"]))
    }
    let nodes = [Node("a", isBlocking: true)]
    let graph = try fixture.graph(nodes, targets: ["a"])
    let start = PlanFixture.clock.seconds()
    let outcome = fixture.runner(graph, store: try fixture.store(), cancellation: token).run()
    #expect(PlanFixture.clock.seconds() - start < 20)
    #expect(outcome.names(.skipped) == ["a"])
    Thread.sleep(forTimeInterval: 3.2)
    #expect(!FileManager.default.fileExists(atPath: mark), "the grandchild was killed as well")
  }

  @Test func aProgramGivesItsStatusAndTheEndOfWhatItWrote() throws {
    let fixture = try PlanFixture()
    let outcomes = Mutex<[ProcessOutcome]>([])
    let scratches = Mutex<[String]>([])
    fixture.probe.on("a") { context in
      let scratch = try context.scratchDirectory()
      scratches.withLock { $0.append(scratch) }
      for command in ["echo $GREETING; pwd; exit 3", "kill -9 $$", "yes x | head -c 300000"] {
        let outcome = try context.runProcess(
          ProcessInvocation(
            command: command, directory: scratch,
            environment: ["PATH": "/usr/bin:/bin", "GREETING": "hi"]))
        outcomes.withLock { $0.append(outcome) }
      }
    }
    let nodes = [Node("a", isBlocking: true)]
    let outcome = fixture.runner(
      try fixture.graph(nodes, targets: ["a"]), store: try fixture.store()
    ).run()
    #expect(outcome.succeeded)
    let scratch = try #require(scratches.withLock { $0.first })
    let found = outcomes.withLock { $0 }
    #expect(found.map(\.status) == [3, 137, 0])
    #expect(found.first?.log == "hi\n\(scratch)\n")
    #expect(found.last?.log.utf8.count == 64 << 10)
    #expect(!FileManager.default.fileExists(atPath: scratch), "the scratch directory is removed")
  }

  @Test func twoRunnersOnOneCacheRunEachTaskOnce() throws {
    let fixture = try PlanFixture()
    fixture.probe.on("*") { _ in Thread.sleep(forTimeInterval: 0.01) }
    var nodes: [PlanFixture.Node] = []
    for layer in 0..<6 {
      for position in 0..<6 {
        let inputs = layer == 0 ? [] : ["t\(layer - 1)-\(position)", "t\(layer - 1)-0"]
        nodes.append(Node("t\(layer)-\(position)", inputs, add: position))
      }
    }
    let graph = try fixture.graph(nodes, targets: (0..<6).map { "t5-\($0)" })
    let outcomes = Mutex<[RunOutcome]>([])
    DispatchQueue.concurrentPerform(iterations: 3) { _ in
      do {
        let outcome = fixture.runner(graph, store: try fixture.store()).run()
        outcomes.withLock { $0.append(outcome) }
      } catch {
        Issue.record(error)
      }
    }
    #expect(fixture.probe.runs.sorted() == nodes.map(\.name).sorted())
    let all = outcomes.withLock { $0 }
    #expect(all.count == 3 && all.allSatisfy(\.succeeded))
    #expect(all.reduce(0) { $0 + $1.names(.ran).count } == nodes.count)
  }

  @Test func resourcesAreNeverExceeded() throws {
    let fixture = try PlanFixture()
    let inUse = Mutex((now: 0, most: 0))
    fixture.probe.on("*") { context in
      inUse.withLock { state in
        state.now += context.threads
        state.most = max(state.most, state.now)
      }
      Thread.sleep(forTimeInterval: 0.002)
      inUse.withLock { $0.now -= context.threads }
    }
    let nodes = (0..<40).map {
      Node("n\($0)", threads: 1 + $0 % 5)
    }
    let outcome = fixture.runner(
      try fixture.graph(nodes, targets: nodes.map(\.name)), store: try fixture.store(),
      options: fixture.options(jobs: 3)
    ).run()
    #expect(outcome.names(.ran).count == 40)
    #expect(inUse.withLock { $0.most } <= 3)
    #expect(inUse.withLock { $0.most } > 1)
  }

  @Test func eventsComeInOrderAndAreAllDelivered() throws {
    let fixture = try PlanFixture()
    let events = Mutex<[RunEvent]>([])
    fixture.probe.on("a") { context in
      for done in 1...50 { context.progress(done, of: 50) }
    }
    let graph = try fixture.graph(diamond, targets: targets)
    let outcome = fixture.runner(graph, store: try fixture.store()) { event in
      events.withLock { $0.append(event) }
    }.run()
    #expect(outcome.succeeded)
    let names = events.withLock { $0.map(\.typeName) }
    #expect(names.first == "run-started" && names.last == "run-finished")
    #expect(names.filter { $0 == "task-started" }.count == 5)
    #expect(names.filter { $0 == "task-finished" }.count == 5)
    let progress = events.withLock { $0 }.filter { $0.typeName == "task-progress" }.map(\.json)
    #expect(progress.last?["done"] == .int(50))
    #expect((1...3).contains(progress.count), "progress is thinned out")
    let first = try #require(events.withLock { $0.first?.json })
    #expect(first["tasks"] == .int(5) && first["to_run"] == .int(5) && first["jobs"] == .int(2))
  }

  @Test func sharedValuesAreMadeOnce() throws {
    let fixture = try PlanFixture()
    let made = Mutex(0)
    fixture.probe.on("*") { context in
      let value = try context.shared("model:abc") { () -> Int in
        made.withLock { $0 += 1 }
        Thread.sleep(forTimeInterval: 0.02)
        return 5
      }
      #expect(value == 5)
    }
    let nodes = (0..<10).map { Node("n\($0)") }
    let outcome = fixture.runner(
      try fixture.graph(nodes, targets: nodes.map(\.name)), store: try fixture.store(),
      options: fixture.options(jobs: 4)
    ).run()
    #expect(outcome.succeeded)
    #expect(made.withLock { $0 } == 1)
  }

  @Test func aForcedTaskRunsAgainAndItsDifferenceIsReported() throws {
    let fixture = try PlanFixture()
    let store = try fixture.store()
    let graph = try fixture.graph(diamond, targets: targets)
    _ = fixture.runner(graph, store: store).run()
    fixture.probe.reset()
    let outcome = fixture.runner(
      graph, store: store, options: fixture.options(forced: [TaskID(3)])
    ).run()
    #expect(fixture.probe.runs == ["d"])
    #expect(outcome.succeeded && outcome.warnings.isEmpty)
  }

  @Test func appendedSamplesRerunOnlyTheShardsTheyFallIn() throws {
    let fixture = try PlanFixture()
    let store = try fixture.store()
    let builder = InventoryBuilder(
      workspace: fixture.directory.file("work"), clock: PlanFixture.clock
    ) { name, _ in name }
    let nodes = [Node("count", add: 0, counts: true), Node("total", ["count"], add: 0)]
    func run(samples: Int) throws -> (outcome: RunOutcome, total: Int) {
      let text = (0..<samples).map { "{\"text\": \"\($0)\"}\n" }.joined()
      let path = try fixture.directory.write(text, to: "data.jsonl")
      let data = try builder.build(
        InventoryRequest(
          data: DataDescription(source: .documents([.init(label: "d", path: path)]))))
      let graph = try fixture.graph(nodes, targets: ["total"], inventory: data.inventory)
      let runner = fixture.runner(graph, store: store, inputs: data.inputs)
      let outcome = runner.run()
      let total = try runner.artifact(
        of: try #require(graph.targets.first), as: NumberArtifact.self)
      return (outcome, total.value)
    }
    let first = try run(samples: 1000)
    #expect(first.total == 1000 && first.outcome.tasks.count > 5)
    let second = try run(samples: 1010)
    #expect(second.total == 1010)
    let reran = second.outcome.names(.ran)
    #expect((2...3).contains(reran.count) && reran.last == "total", "\(reran)")
    #expect(reran.first?.hasPrefix("count#test/") == true)
  }

  @Test func fiveThousandTinyTasksKeepTheirOverheadSmall() throws {
    let fixture = try PlanFixture()
    var nodes: [PlanFixture.Node] = []
    for index in 0..<10 {
      var node = Node("n\(index)", index == 0 ? [] : ["n\(index - 1)"], ballast: 0)
      node.add = "\"${x}\""
      nodes.append(node)
    }
    let values = (0..<500).map(String.init).joined(separator: ", ")
    let graph = try fixture.graph(
      nodes, targets: nodes.map(\.name),
      sweep: "vars: {x: 0}\nsweep: {grid: {x: [\(values)]}}\n")
    #expect(graph.tasks.count == 5000)
    let store = try fixture.store()
    let start = PlanFixture.clock.seconds()
    let outcome = fixture.runner(graph, store: store).run()
    let cold = PlanFixture.clock.seconds() - start
    #expect(outcome.names(.ran).count == 5000)
    let again = fixture.runner(graph, store: store).run()
    #expect(again.counts == [.hit: 5000])
    let warm = PlanFixture.clock.seconds() - start - cold
    #expect(cold < 120 && warm < 10)
    if ProcessInfo.processInfo.environment["WINA_PRINT_TIMES"] == "1" {
      print("5000 tasks: \(cold / 5000 * 1e6) us each cold, \(warm / 5000 * 1e6) us warm")
    }
  }
}
