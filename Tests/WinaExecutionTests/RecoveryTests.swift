import Foundation
import Testing
import WinaExecution
import WinaPipeline
import WinaPlan
import WinaStore
import WinaTestSupport

struct RecoveryTests {
  private typealias Node = PlanFixture.Node

  private let chain = [
    Node("a", ballast: 5000), Node("b", ["a"], ballast: 5000),
    Node("c", ["b"], ballast: 5000),
  ]

  /// Flips a byte in the middle of every object of the cache, or truncates or removes it.
  private func damage(_ root: String, _ kind: Int) throws {
    let objects = root + "/objects"
    let manager = FileManager.default
    let entries = try #require(manager.enumerator(atPath: objects))
    for case let entry as String in entries {
      let path = objects + "/" + entry
      var isDirectory: ObjCBool = false
      guard manager.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue
      else { continue }
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      try manager.removeItem(atPath: path)
      switch kind {
      case 0: bytes[bytes.count / 2] ^= 0x40
      case 1: bytes = bytes.prefix(bytes.count - 1)
      default: continue
      }
      try bytes.write(to: URL(fileURLWithPath: path))
    }
  }

  @Test(arguments: [0, 1, 2]) func damagedArtifactsAreMadeAgain(kind: Int) throws {
    let fixture = try PlanFixture()
    let graph = try fixture.graph(chain, targets: ["c"])
    _ = fixture.runner(graph, store: try fixture.store()).run()
    let store = try fixture.store()
    try damage(store.root, kind)

    // A new task below: its cached input turns out to be damaged, and so does the input's input.
    let below = try fixture.graph(chain + [Node("x", ["c"])], targets: ["x"])
    let runner = fixture.runner(below, store: store)
    let outcome = runner.run()
    #expect(outcome.succeeded, "\(outcome.failures)")
    #expect(outcome.names(.ran).contains("x"))
    #expect(try runner.artifact(of: TaskID(3), as: NumberArtifact.self).value == 4)
    #expect(fixture.runner(below, store: try fixture.store()).run().counts == [.hit: 4])
  }

  @Test(arguments: [0, 1, 2]) func aDamagedTargetIsMadeAgainWhenItIsRead(kind: Int) throws {
    let fixture = try PlanFixture()
    let graph = try fixture.graph(chain, targets: ["c"])
    _ = fixture.runner(graph, store: try fixture.store()).run()
    let store = try fixture.store()
    try damage(store.root, kind)
    let runner = fixture.runner(graph, store: store)
    #expect(runner.run().succeeded)
    let artifact = try runner.artifact(of: TaskID(2), as: NumberArtifact.self)
    #expect(artifact.value == 3 && artifact.ballast.count == 5000)
  }

  @Test func aFullDiskFailsTheTaskAndLeavesTheCacheUsable() throws {
    let fixture = try PlanFixture()
    let disk = FullDisk()
    let store = try ArtifactStore(
      root: fixture.directory.file("store"),
      options: StoreOptions(clock: PlanFixture.clock.seconds), remote: nil, files: disk)
    fixture.probe.on("b") { _ in disk.fill() }
    let graph = try fixture.graph(chain, targets: ["c"])
    let outcome = fixture.runner(graph, store: store).run()
    #expect(outcome.names(.failed) == ["b"] && outcome.names(.skipped) == ["c"])
    #expect(outcome.hasCacheFault)
    let failure = try #require(outcome.failures.first)
    #expect(failure.code == .cache)
    #expect((failure.underlying as? StoreError)?.code == .full)
    #expect(failure.message.contains("No space left"))
    #expect(failure.hint.contains("free space"))
    disk.clear()
    fixture.probe.on("b") { _ in }
    let again = fixture.runner(graph, store: store).run()
    #expect(again.succeeded && again.names(.ran) == ["b", "c"])
  }

  @Test func anInputThatChangesWhileItIsReadFailsTheTask() throws {
    let fixture = try PlanFixture()
    let path = try fixture.directory.write("12345", to: "script.py")
    let builder = InventoryBuilder(
      workspace: fixture.directory.file("work"), clock: PlanFixture.clock
    ) { name, _ in name }
    let data = try builder.build(InventoryRequest(files: ["script.py": path]))
    let nodes = [Node("a", code: ["script.py"])]
    let graph = try fixture.graph(nodes, targets: ["a"], inventory: data.inventory)
    let store = try fixture.store()
    fixture.probe.on("a") { _ in
      try Data("123456".utf8).write(to: URL(fileURLWithPath: path))
    }
    let outcome = fixture.runner(graph, store: store, inputs: data.inputs).run()
    #expect(outcome.failures.map(\.code) == [.inputChanged])
    #expect(outcome.failures.first?.message == "'\(path)' changed since the run was planned")
    #expect(store.lookup(plan: graph.tasks[0].planKey) == nil, "nothing is cached")

    // The file is not what was planned any more, so the stage does not even begin.
    fixture.probe.reset()
    let late = fixture.runner(graph, store: store, inputs: data.inputs).run()
    #expect(late.failures.map(\.code) == [.inputChanged])
    #expect(fixture.probe.runs.isEmpty)
  }

  @Test func anUnmendableInputEndsInAFailureAfterAFewRounds() throws {
    let fixture = try PlanFixture()
    let store = try fixture.store()
    let graph = try fixture.graph(chain, targets: ["c"])
    // Whenever `b` runs, everything stored before is destroyed under its feet.
    let root = store.root
    fixture.probe.on("b") { _ in try self.damage(root, 0) }
    let outcome = fixture.runner(graph, store: store).run()
    #expect(!outcome.succeeded)
    #expect(outcome.failures.map(\.code) == [.damagedInput])
    #expect(outcome.failures.first?.task == "b")
    #expect(outcome.names(.skipped) == ["c"])
    fixture.probe.on("b") { _ in }
    #expect(fixture.runner(graph, store: store).run().succeeded)
  }

  @Test func aSecondCheckoutRunsNothingWithASharedRemote() throws {
    let shared = try TemporaryDirectory()
    let first = try PlanFixture()
    let graph = try first.graph(chain, targets: ["c"])
    let remote = DirectoryRemote(path: shared.file("remote"))
    let pushed = first.runner(graph, store: try first.store(remote: remote)).run()
    #expect(pushed.succeeded && pushed.remote.pushedEntries > 0)

    let elsewhere = try TemporaryDirectory()
    let store = try ArtifactStore(
      root: elsewhere.file("store"), options: StoreOptions(clock: PlanFixture.clock.seconds),
      remote: remote)
    let preview = PlanPreview(graph: graph, store: store)
    #expect(preview.tasks.map(\.status) == [.notNeeded, .notNeeded, .remoteHit])
    first.probe.reset()
    let runner = first.runner(graph, store: store)
    let outcome = runner.run()
    #expect(outcome.counts == [.hit: 2, .remoteHit: 1])
    #expect(first.probe.runs.isEmpty)
    #expect(try runner.artifact(of: TaskID(2), as: NumberArtifact.self).value == 3)
  }
}
