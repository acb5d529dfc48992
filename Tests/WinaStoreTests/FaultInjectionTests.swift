import Testing
import WinaPipeline
import WinaStore
import WinaTestSupport

struct FaultInjectionTests {
  /// Two dependent tasks as the scheduler runs them: lease, look up, write, commit, release.
  private func runTasks(_ store: ArtifactStore) throws -> [ContentDigest] {
    var outputs: [ContentDigest] = []
    for number in 0..<2 {
      let payload = try makePayload(seed: UInt64(number))
      let (draft, plan) = makeResult(number, output: SHA256.digest(of: "unknown"))
      if let hit = store.lookup(plan: plan) {
        outputs.append(hit.entry.output)
        continue
      }
      guard case .acquired(let lease) = try store.acquireLease(for: draft.key) else {
        Issue.record("a lease of nobody is held")
        return outputs
      }
      defer { lease.release() }
      var result = draft
      result.output = try store.write(payload, format: "test/1").digest
      outputs.append(try store.commit(result, planKey: plan).entry.output)
    }
    return outputs
  }

  @Test(arguments: FaultyFileSystem.Fault.allCases)
  func whateverChangeFailsTheNextRunCompletesWithTheSameResults(fault: FaultyFileSystem.Fault)
    throws
  {
    let clean = try TemporaryDirectory()
    let expected = try runTasks(openStore(clean.path))
    var position = 1
    while true {
      let directory = try TemporaryDirectory()
      let files = FaultyFileSystem(fault, at: position)
      do {
        let outputs = try runTasks(openStore(directory.path, files: files))
        #expect(outputs == expected, "\(fault) at \(position)")
      } catch let error as StoreError {
        #expect(error.code == (fault == .full ? .full : .io), "\(fault) at \(position): \(error)")
        if fault == .full { #expect(error.hint.contains("free space")) }
      }
      try expectUsable(directory.path, expected, "\(fault) at \(position)")
      if !files.wasReached { break }
      position += 1
    }
    #expect(position > 30, "the run made only \(position) changes")
  }

  /// Checks that no stored blob is damaged, and that rerunning gives what a clean run gives.
  private func expectUsable(_ root: String, _ expected: [ContentDigest], _ what: Comment) throws {
    let clock = TestClock()
    let store = try openStore(root, clock: clock)
    #expect(try store.verify().problems.filter { $0.path.hasPrefix("objects") } == [], what)
    // A process of this test is alive, so a lease that a "killed" store left is not given away;
    // a really dead owner is the business of LeaseTests.
    for name in try PosixFileSystem().entries(root + "/leases") {
      try PosixFileSystem().remove(root + "/leases/" + name)
    }
    #expect(try runTasks(store) == expected, what)
    #expect(try runTasks(openStore(root)) == expected, what)
    for (seed, digest) in expected.enumerated() {
      #expect(try store.read(digest, as: "test/1") == makePayload(seed: UInt64(seed)), what)
    }
    #expect(try store.verify().problems == [], what)
  }
}
