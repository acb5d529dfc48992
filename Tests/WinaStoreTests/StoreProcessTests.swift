import Foundation
import Testing
import WinaPipeline
import WinaStore
import WinaTestSupport

struct StoreProcessTests {
  @Test func aKilledProcessLeavesALeaseAndStagingThatTheNextOneClears() async throws {
    let directory = try TemporaryDirectory()
    let root = directory.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String] in
      let store = try openStore(root)
      _ = try store.write(makePayload(), format: "test/1")
      let key = makeResult(7, output: SHA256.digest(of: "x")).result.key
      guard case .acquired(let lease) = try store.acquireLease(for: key) else { exit(1) }
      withExtendedLifetime(lease) { _ = raise(SIGKILL) }
    }
    let left = try PosixFileSystem().entries(root + "/staging")
    #expect(left.count == 1)
    #expect(try PosixFileSystem().entries(root + "/leases").count == 1)
    let store = try openStore(root)
    #expect(try PosixFileSystem().entries(root + "/staging") == [])
    #expect(try performOnce(store, makePayload()))
    #expect(try store.verify().problems == [])
  }

  @Test func processesRacingForAnActionRunItOnce() async throws {
    let directory = try TemporaryDirectory()
    let root = directory.path
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          await #expect(processExitsWith: .success) { [root = root as String] in
            let store = try openStore(root)
            if try performOnce(store, makePayload()) {
              try PosixFileSystem().append(Array("ran\n".utf8), to: root + "/ran")
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try PosixFileSystem().read(root + "/ran", limit: 1000) == Array("ran\n".utf8))
    let store = try openStore(root)
    #expect(try store.verify().problems == [])
    #expect(try performOnce(store, makePayload()) == false)
    #expect(try PosixFileSystem().entries(root + "/leases").filter { $0.count == 64 } == [])
  }
}
