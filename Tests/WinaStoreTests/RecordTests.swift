import Testing
import WinaPipeline
import WinaStore
import WinaTestSupport

struct RecordTests {
  @Test func aCommittedResultIsFoundByPlanKeyAndByActionKey() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let output = try store.write(makePayload(), format: "test/1").digest
    for number in 0..<2 {
      let (result, plan) = makeResult(number, output: output)
      #expect(store.lookup(plan: plan) == nil)
      let outcome = try store.commit(result, planKey: plan)
      #expect(outcome == CommitOutcome(entry: PlanEntry(action: result.key, output: output)))
      for store in [store, try openStore(directory.path)] {
        #expect(store.actionResult(for: result.key) == result)
        #expect(store.planEntry(for: plan) == outcome.entry)
        #expect(store.lookup(plan: plan) == StoreHit(entry: outcome.entry, origin: .local))
        #expect(store.lookup(action: result.key)?.entry == outcome.entry)
      }
    }
  }

  @Test func aResultWithoutItsArtifactCannotBeCommitted() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let (result, plan) = makeResult(1, output: SHA256.digest(of: "nothing"))
    let error = #expect(throws: StoreError.self) { try store.commit(result, planKey: plan) }
    #expect(error?.code == .notFound)
    #expect(store.lookup(plan: plan) == nil)
  }

  @Test func theFirstRecordWinsAndADifferentOutputIsAViolation() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let first = try store.write(makePayload(seed: 1), format: "test/1").digest
    let second = try store.write(makePayload(seed: 2), format: "test/1").digest
    let (result, plan) = makeResult(1, output: first)
    _ = try store.commit(result, planKey: plan)
    var other = result
    other.output = second
    other.taskName = "capture#test/3"
    let outcome = try store.commit(other, planKey: plan)
    #expect(outcome.entry.output == first)
    #expect(
      outcome.violation
        == DeterminismViolation(
          key: result.key, taskName: "capture#test/3", kept: first, other: second))
    #expect(store.actionResult(for: result.key) == result)
    #expect(try store.commit(result, planKey: plan).violation == nil)
  }

  @Test func aRecordWhoseArtifactIsGoneIsReplaced() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let first = try store.write(makePayload(seed: 1), format: "test/1").digest
    let (result, plan) = makeResult(1, output: first)
    _ = try store.commit(result, planKey: plan)
    try PosixFileSystem().remove("\(directory.path)/objects/\(first.hex.prefix(2))/\(first.hex)")
    #expect(store.lookup(plan: plan) == nil)
    #expect(store.lookup(action: result.key) == nil)
    var other = result
    other.output = try store.write(makePayload(seed: 2), format: "test/1").digest
    let outcome = try store.commit(other, planKey: plan)
    #expect(outcome.entry.output == other.output)
    #expect(outcome.violation?.kept == other.output)
    for store in [store, try openStore(directory.path)] {
      #expect(store.lookup(plan: plan)?.entry.output == other.output)
    }
  }

  @Test func aHitNeedsTheActionRecordToo() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let output = try store.write(makePayload(), format: "test/1").digest
    let (result, plan) = makeResult(1, output: output)
    _ = try store.commit(result, planKey: plan)
    let hex = result.key.digest.hex
    try PosixFileSystem().remove("\(directory.path)/actions/\(hex.prefix(2))/\(hex)")
    #expect(store.lookup(plan: plan) == nil)
    #expect(try store.commit(result, planKey: plan).violation == nil)
    #expect(store.lookup(plan: plan) != nil)
  }

  @Test func anotherPlanKeyMayLeadToTheSameAction() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let output = try store.write(makePayload(), format: "test/1").digest
    let (result, plan) = makeResult(1, output: output)
    let other = PlanKey(digest: SHA256.digest(of: "another road"))
    _ = try store.commit(result, planKey: plan)
    _ = try store.commit(result, planKey: other)
    #expect(store.lookup(plans: [plan, other]).count == 2)
    #expect(try store.statistics().actions.count == 1)
  }

  @Test func manyKeysAreLookedUpWithAndWithoutTheIndex() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let output = try store.write(makePayload(), format: "test/1").digest
    var keys: [PlanKey] = []
    for number in 0..<300 {
      let (result, plan) = makeResult(number, output: output)
      _ = try store.commit(result, planKey: plan)
      keys.append(plan)
    }
    keys.append(PlanKey(digest: SHA256.digest(of: "unknown")))
    #expect(try openStore(directory.path, threads: 2).lookup(plans: keys).count == 300)
    let index = directory.path + "/plans/index"
    let whole = try PosixFileSystem().read(index, limit: 1 << 24)
    var generator = SeededGenerator(seed: 3)
    for round in 0..<6 {
      try PosixFileSystem().remove(index)
      var damaged = Array(whole.prefix(round == 0 ? 0 : whole.count - round * 37))
      for _ in 0..<(damaged.isEmpty ? 0 : 40) {
        damaged[Int.random(in: 0..<damaged.count, using: &generator)] ^= 0x10
      }
      try PosixFileSystem().create(index, damaged[...], mode: 0o644)
      #expect(try openStore(directory.path).lookup(plans: keys).count == 300)
      #expect(try openStore(directory.path).lookup(plans: keys).count == 300)
    }
  }

  @Test func recentResultsOfAKindComeLatestFirst() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let output = try store.write(makePayload(), format: "test/1").digest
    for number in 0..<20 {
      let kind = number.isMultiple(of: 4) ? "capture" : "profile"
      _ = try store.commit(makeResult(number, output: output, kind: kind).result, planKey: nil)
    }
    let recent = try openStore(directory.path).recentResults(kind: "capture", limit: 3)
    #expect(recent.map(\.finished) == [1016.25, 1012.25, 1008.25])
    #expect(recent.allSatisfy { $0.parts.kind == "capture" })
    #expect(store.recentResults(kind: "cluster").isEmpty)
  }

  @Test func aParameterWithoutATextIsRefused() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let output = try store.write(makePayload(), format: "test/1").digest
    var (result, plan) = makeResult(1, output: output)
    result.parts.params = .object(["x": .double(.infinity)])
    let error = #expect(throws: StoreError.self) { try store.commit(result, planKey: plan) }
    #expect(error?.code == .invalidArtifact)
  }
}

struct DigestWordsTests {
  @Test func wordsAndDigestsAreTheSameInMemory() throws {
    #expect(MemoryLayout<ContentDigest>.size == MemoryLayout<DigestWords>.size)
    #expect(MemoryLayout<ContentDigest>.alignment == MemoryLayout<DigestWords>.alignment)
    for number in 0..<200 {
      let digest = SHA256.digest(of: "\(number)")
      let words = DigestWords(digest.bytes)
      #expect(words == DigestWords(digest))
      #expect(words.digest == digest)
      #expect(words.digest.hex == digest.hex)
    }
  }
}
