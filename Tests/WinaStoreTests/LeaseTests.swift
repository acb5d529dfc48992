import Foundation
import Synchronization
import Testing
import WinaPipeline
import WinaStore
import WinaTestSupport

struct LeaseTests {
  private let key = ActionKey(digest: SHA256.digest(of: "an action"))

  private func lease(_ store: ArtifactStore) throws -> Lease? {
    switch try store.acquireLease(for: key, taskName: "capture") {
    case .acquired(let lease): lease
    case .held: nil
    }
  }

  private func owner(_ store: ArtifactStore) throws -> LeaseOwner? {
    switch try store.acquireLease(for: key) {
    case .acquired: nil
    case .held(let owner): owner
    }
  }

  /// Writes a lease file as another process would have, with some fields of this one's replaced.
  private func forge(_ directory: TemporaryDirectory, _ changes: [String: JSONValue]) throws {
    let store = try openStore(directory.path)
    let path = directory.file("leases/" + key.digest.hex)
    let mine = try lease(store)
    let text = try PosixFileSystem().read(path, limit: 1 << 16)
    mine?.release()
    guard case .object(var members) = try JSONValue(parsing: text) else {
      Issue.record("a lease is not an object")
      return
    }
    members.merge(changes) { $1 }
    try PosixFileSystem().create(
      path, Array(JSONValue.object(members).canonicalText.utf8)[...], mode: 0o644)
  }

  /// Returns the number of a process that has ended.
  private func deadProcess() throws -> Int {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    return Int(process.processIdentifier)
  }

  @Test func oneHolderAtATimeAndReleaseGivesItBack() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let other = try openStore(directory.path)
    let first = try #require(try lease(store))
    let holder = try #require(try owner(other))
    #expect(holder.taskName == "capture")
    #expect(holder.pid == Int(ProcessInfo.processInfo.processIdentifier))
    #expect(try owner(store) == holder)
    first.release()
    first.release()
    let second = try #require(try lease(other))
    #expect(second.key == key)
    #expect(try lease(store) == nil)
  }

  @Test func aLeaseEndsWithItsValue() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    do { #expect(try lease(store) != nil) }
    #expect(try lease(store) != nil)
    #expect(try PosixFileSystem().entries(directory.path + "/leases") == [])
  }

  @Test func theLeaseOfADeadProcessOfThisHostIsTakenOverAtOnce() throws {
    let directory = try TemporaryDirectory()
    try forge(directory, ["pid": .int(deadProcess()), "token": .string("x")])
    #expect(try lease(openStore(directory.path)) != nil)
  }

  @Test func aProcessNumberThatCameAgainDoesNotKeepALeaseAlive() throws {
    let directory = try TemporaryDirectory()
    try forge(directory, ["start": .int(1), "token": .string("x")])
    #expect(try lease(openStore(directory.path)) != nil)
  }

  @Test func theLeaseOfAnotherHostIsTakenOverAfterAMinuteWithoutHeartbeat() throws {
    let directory = try TemporaryDirectory()
    let foreign: [String: JSONValue] = [
      "host": .string("elsewhere"), "boot": .string("b"), "machine": .string("m"),
      "namespace": .string("n"), "token": .string("x"),
    ]
    try forge(directory, foreign)
    let clock = TestClock()
    let store = try openStore(directory.path, clock: clock)
    #expect(try owner(store)?.host == "elsewhere")
    clock.advance(by: 59)
    #expect(try lease(store) == nil)
    try PosixFileSystem().overwrite(
      directory.file("leases/" + key.digest.hex), at: 9, Array("00000007".utf8))
    clock.advance(by: 59)
    #expect(try lease(store) == nil, "the heartbeat moved")
    clock.advance(by: 59)
    #expect(try lease(store) == nil)
    clock.advance(by: 1)
    #expect(try lease(store) != nil)
  }

  @Test func aRebootOfThisHostEndsItsLeases() throws {
    let machine = try String(
      decoding: PosixFileSystem().read("/etc/hostname", limit: 1000), as: UTF8.self)
    let directory = try TemporaryDirectory()
    try forge(directory, ["boot": .string("an earlier boot"), "token": .string("x")])
    let clock = TestClock()
    let store = try openStore(directory.path, clock: clock)
    let isKnown = FileManager.default.contents(atPath: "/etc/machine-id")?.isEmpty == false
    #expect((try lease(store) != nil) == isKnown, "host \(machine)")
    clock.advance(by: 60)
    #expect(try lease(store) != nil)
  }

  @Test func aTornLeaseFallsAfterAMinute() throws {
    let directory = try TemporaryDirectory()
    let clock = TestClock()
    let store = try openStore(directory.path, clock: clock)
    try PosixFileSystem().create(
      directory.file("leases/" + key.digest.hex), [123], mode: 0o644)
    #expect(try owner(store) == LeaseOwner(host: "", pid: 0, taskName: ""))
    clock.advance(by: 61)
    #expect(try lease(store) != nil)
  }

  @Test func aHeldLeaseBeats() throws {
    let directory = try TemporaryDirectory()
    var options = StoreOptions(clock: { 0 })
    options.heartbeatSeconds = 0.01
    let store = try ArtifactStore(root: directory.path, options: options)
    let held = try lease(store)
    let path = directory.file("leases/" + key.digest.hex)
    let first = try PosixFileSystem().read(path, limit: 1 << 16)
    var moved = false
    for _ in 0..<500 where !moved {
      usleep(10_000)
      moved = try PosixFileSystem().read(path, limit: 1 << 16) != first
    }
    #expect(moved)
    #expect(try JSONValue(parsing: PosixFileSystem().read(path, limit: 1 << 16)) != .null)
    held?.release()
  }

  @Test func manyThreadsTakingOverADeadLeaseGiveItToOne() throws {
    for _ in 0..<20 {
      let directory = try TemporaryDirectory()
      try forge(directory, ["start": .int(1), "token": .string("x")])
      let stores = try (0..<8).map { _ in try openStore(directory.path) }
      let held = Mutex<[Lease]>([])
      DispatchQueue.concurrentPerform(iterations: 8) { index in
        do {
          if let lease = try lease(stores[index]) { held.withLock { $0.append(lease) } }
        } catch {
          Issue.record(error)
        }
      }
      #expect(held.withLock { $0.count } == 1)
    }
  }

  @Test func threadsRacingForAnActionRunItOnce() throws {
    let directory = try TemporaryDirectory()
    let stores = try (0..<8).map { _ in try openStore(directory.path) }
    let payload = try makePayload()
    let runs = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 8) { index in
      do {
        if try performOnce(stores[index], payload) { runs.withLock { $0 += 1 } }
      } catch {
        Issue.record(error)
      }
    }
    #expect(runs.withLock { $0 } == 1)
    #expect(try stores[0].verify().problems == [])
    #expect(try PosixFileSystem().entries(directory.path + "/leases") == [])
  }
}

/// Runs an action under its lease unless somebody else does; returns whether this caller did.
func performOnce(_ store: ArtifactStore, _ payload: ArtifactPayload) throws -> Bool {
  var (result, plan) = makeResult(7, output: SHA256.digest(of: "unknown"))
  while true {
    if store.lookup(action: result.key) != nil { return false }
    guard case .acquired(let lease) = try store.acquireLease(for: result.key) else {
      usleep(1000)
      continue
    }
    defer { lease.release() }
    if store.lookup(action: result.key) != nil { return false }
    result.output = try store.write(payload, format: "test/1").digest
    _ = try store.commit(result, planKey: plan)
    return true
  }
}
