import Synchronization
import Testing
import WinaPipeline
import WinaStore
import WinaTestSupport

/// A tier that changes what it hands out.
private struct LyingRemote: RemoteTier {
  let base: any RemoteTier
  let lie: @Sendable (RemoteEntry, [UInt8]) throws(StoreError) -> [UInt8]?
  var name: String { "liar" }

  func fetch(_ entry: RemoteEntry, limit: Int) throws(StoreError) -> [UInt8]? {
    guard let bytes = try base.fetch(entry, limit: limit) else { return nil }
    return try lie(entry, bytes)
  }

  func sizes(of entries: [RemoteEntry]) throws(StoreError) -> [Int?] {
    try base.sizes(of: entries)
  }

  func push(_ bytes: [UInt8], to entry: RemoteEntry) throws(StoreError) {
    try base.push(bytes, to: entry)
  }
}

/// A tier that cannot be reached.
private final class BrokenRemote: RemoteTier {
  let calls = Mutex(0)
  var name: String { "broken" }

  private func fail() throws(StoreError) -> Never {
    calls.withLock { $0 += 1 }
    throw StoreError(.io, "the network is down")
  }

  func fetch(_ entry: RemoteEntry, limit: Int) throws(StoreError) -> [UInt8]? { try fail() }
  func sizes(of entries: [RemoteEntry]) throws(StoreError) -> [Int?] { try fail() }
  func push(_ bytes: [UInt8], to entry: RemoteEntry) throws(StoreError) { try fail() }
}

struct RemoteTests {
  /// Runs three tasks in a checkout with a remote tier; returns their plan keys and outputs.
  @discardableResult
  private func fill(_ root: String, _ remote: (any RemoteTier)?) throws
    -> [(plan: PlanKey, output: ContentDigest)]
  {
    let store = try openStore(root, remote: remote)
    let entries = try (0..<3).map { number in
      let output = try store.write(makePayload(seed: UInt64(number)), format: "test/1").digest
      let (result, plan) = makeResult(number, output: output)
      _ = try store.commit(result, planKey: plan)
      return (plan, output)
    }
    #expect(store.drain().warnings == [])
    return entries
  }

  @Test func aSecondCheckoutGetsEverythingFromTheRemote() throws {
    let first = try TemporaryDirectory()
    let second = try TemporaryDirectory()
    let shared = try TemporaryDirectory()
    let remote = DirectoryRemote(path: shared.file("team"))
    let entries = try fill(first.path, remote)
    let store = try openStore(second.path, threads: 2, remote: remote)
    #expect(store.lookup(plans: entries.map(\.plan), remote: .none).isEmpty)
    let checked = store.lookup(plans: entries.map(\.plan), remote: .check)
    #expect(checked.count == 3 && checked.values.allSatisfy { $0.origin == .remote })
    #expect(try store.statistics().objects.count == 0)
    let hits = store.lookup(plans: entries.map(\.plan))
    #expect(hits.count == 3 && hits.values.allSatisfy { $0.origin == .remote })
    let offline = try openStore(second.path)
    for (number, (plan, output)) in entries.enumerated() {
      #expect(offline.lookup(plan: plan)?.entry.output == output)
      #expect(try offline.read(output, as: "test/1") == makePayload(seed: UInt64(number)))
      #expect(offline.actionResult(for: makeResult(number, output: output).result.key) != nil)
    }
    #expect(try offline.verify().problems == [])
    #expect(try openStore(shared.file("team")).verify().problems == [])
    #expect(store.drain().fetchedEntries > 6)
    #expect(store.warnings() == [])
  }

  @Test func anActionIsFoundThoughThePlanKeyIsUnknown() throws {
    let first = try TemporaryDirectory()
    let second = try TemporaryDirectory()
    let shared = try TemporaryDirectory()
    let remote = DirectoryRemote(path: shared.path)
    let entries = try fill(first.path, remote)
    let store = try openStore(second.path, remote: remote)
    let key = makeResult(1, output: entries[1].output).result.key
    #expect(store.lookup(action: key)?.origin == .remote)
    #expect(store.lookup(action: key)?.origin == .local)
    #expect(store.lookup(action: makeResult(9, output: entries[1].output).result.key) == nil)
    #expect(store.warnings() == [])
  }

  @Test func anOlderLocalCacheFillsTheRemoteWhenItIsHit() throws {
    let first = try TemporaryDirectory()
    let shared = try TemporaryDirectory()
    let entries = try fill(first.path, nil)
    let remote = DirectoryRemote(path: shared.path)
    let store = try openStore(first.path, remote: remote)
    #expect(store.lookup(plans: entries.map(\.plan)).count == 3)
    #expect(store.drain().pushedEntries > 9)
    let second = try TemporaryDirectory()
    #expect(
      try openStore(second.path, remote: remote).lookup(plans: entries.map(\.plan)).count == 3)
  }

  @Test(
    arguments: ["objects", "actions", "plans"], ["flip", "cut", "empty", "zero", "swap", "gone"])
  func aLyingRemoteIsAMissAndNeverAWrongResult(folder: String, lie: String) throws {
    let first = try TemporaryDirectory()
    let second = try TemporaryDirectory()
    let shared = try TemporaryDirectory()
    let base = DirectoryRemote(path: shared.path)
    let entries = try fill(first.path, base)
    let foreign = RemoteEntry.plan(entries[2].plan)
    let liar = LyingRemote(base: base) { (entry, bytes) throws(StoreError) in
      guard entry.path.hasPrefix(folder), entry != foreign else { return bytes }
      var bytes = bytes
      switch lie {
      case "flip": bytes[bytes.count / 2] ^= 4
      case "cut": bytes.removeLast(bytes.count / 3)
      case "empty": bytes = []
      case "zero": bytes = [UInt8](repeating: 0, count: bytes.count)
      case "swap":
        let other = folder == "objects" ? RemoteEntry.object(entries[1].output) : foreign
        return try base.fetch(other, limit: 1 << 20)
      default: return nil
      }
      return bytes
    }
    let store = try openStore(second.path, remote: liar)
    for (number, (plan, output)) in entries.enumerated().prefix(2) {
      if let hit = store.lookup(plan: plan) {
        #expect(hit.entry.output == output)
        #expect(try store.read(output, as: "test/1") == makePayload(seed: UInt64(number)))
        #expect(folder == "objects" && lie == "swap")
      }
    }
    #expect(store.lookup(plan: entries[0].plan) == nil)
    if lie != "gone" { #expect(!store.warnings().isEmpty) }
    #expect(try openStore(second.path).verify().problems.filter { $0.kind == .corrupt } == [])
  }

  @Test func aRemoteManifestOfImpossibleSizeIsAMiss() throws {
    let local = try TemporaryDirectory()
    let shared = try TemporaryDirectory()
    let remote = DirectoryRemote(path: shared.path)
    let text =
      #"{"format":"t","layout":"artifact/1","tensors":[{"chunk_rows":1152921504606846976,"#
      + #""chunks":["\#(SHA256.digest(of: "c").hex)"],"dtype":"U8","name":"x","#
      + #""shape":[1152921504606846976]}]}"#
    let digest = SHA256.digest(of: text)
    var encoder = BlobEncoder()
    let stored = Array(text.utf8).withUnsafeBytes {
      Array(encoder.encode($0, width: 1, kind: .manifest))
    }
    try remote.push(stored, to: .object(digest))
    let donor = try TemporaryDirectory()
    let (_, plan) = makeResult(1, output: digest)
    // The record itself is sound: it is made by a store that has such an artifact, so to speak.
    let small = try openStore(donor.path).write(makePayload(), format: "t").digest
    _ = try openStore(donor.path).commit(makeResult(1, output: small).result, planKey: plan)
    for name in try allFiles(below: donor.path)
    where name.hasPrefix("actions/") || name.hasPrefix("plans/") {
      let bytes = try PosixFileSystem().read(donor.file(name), limit: 1 << 20)
      let text = String(decoding: bytes, as: UTF8.self).split(separator: "\n")[0]
      let forged = text.split(separator: small.hex, omittingEmptySubsequences: false)
        .joined(separator: digest.hex)
      let sealed = Array("\(forged)\n\(SHA256.digest(of: forged).hex)\n".utf8)
      try PosixFileSystem().makeDirectory(shared.file(String(name.dropLast(65))))
      if name.split(separator: "/").count == 3 {
        try PosixFileSystem().create(shared.file(name), sealed[...], mode: 0o444)
      }
    }
    let store = try openStore(local.path, remote: remote)
    #expect(store.lookup(plan: plan) == nil)
    #expect(store.warnings().contains { $0.contains("claim more than") })
  }

  @Test func anUnreachableRemoteCostsOneWarningEachWayAndNothingElse() throws {
    let directory = try TemporaryDirectory()
    let broken = BrokenRemote()
    let store = try openStore(directory.path, remote: broken)
    for number in 0..<20 {
      let (draft, plan) = makeResult(number, output: SHA256.digest(of: "unknown"))
      #expect(store.lookup(plan: plan) == nil)
      var result = draft
      result.output = try store.write(makePayload(seed: UInt64(number)), format: "test/1").digest
      _ = try store.commit(result, planKey: plan)
      #expect(store.lookup(plan: plan)?.origin == .local)
    }
    let summary = store.drain()
    #expect(summary.warnings.count == 2, "\(summary.warnings)")
    #expect(broken.calls.withLock { $0 } <= 6)
    #expect(summary.pushedEntries == 0)
  }

  @Test func aFullRemoteLeavesNoPartsBehindAndTheRunLocal() throws {
    let directory = try TemporaryDirectory()
    let shared = try TemporaryDirectory()
    for position in 1..<40 {
      let files = FaultyFileSystem(.full, at: position)
      let remote = DirectoryRemote(path: shared.file("\(position)"), files: files)
      let local = directory.file("\(position)")
      let store = try openStore(local, remote: remote)
      let output = try store.write(makePayload(), format: "test/1").digest
      let (result, plan) = makeResult(1, output: output)
      _ = try store.commit(result, planKey: plan)
      _ = store.drain()
      #expect(store.lookup(plan: plan) != nil)
      let team = try openStore(shared.file("\(position)"))
      #expect(try team.verify().problems == [], "full at \(position)")
    }
  }

  @Test func aDamagedBlobIsFetchedAgainFromTheRemote() throws {
    let first = try TemporaryDirectory()
    let shared = try TemporaryDirectory()
    let remote = DirectoryRemote(path: shared.path)
    let entries = try fill(first.path, remote)
    let store = try openStore(first.path, remote: remote)
    for name in try allFiles(below: first.path + "/objects") {
      let path = first.file("objects/" + name)
      try PosixFileSystem().remove(path)
      try PosixFileSystem().create(path, [0], mode: 0o444)
    }
    for (number, (_, output)) in entries.enumerated() {
      #expect(try store.read(output, as: "test/1") == makePayload(seed: UInt64(number)))
    }
    #expect(try store.verify().problems == [])
  }

  @Test func aDamagedRemoteIsMendedByTheNextRunThatMissesBecauseOfIt() throws {
    let first = try TemporaryDirectory()
    let shared = try TemporaryDirectory()
    let remote = DirectoryRemote(path: shared.path)
    let entries = try fill(first.path, remote)
    for folder in ["objects", "actions", "plans"] {
      for name in try allFiles(below: shared.path + "/" + folder) {
        let path = shared.file(folder + "/" + name)
        let bytes = try PosixFileSystem().read(path, limit: 1 << 20)
        try PosixFileSystem().remove(path)
        try PosixFileSystem().create(path, ([bytes[0] ^ 1] + bytes.dropFirst())[...], mode: 0o444)
      }
      let second = try TemporaryDirectory()
      let store = try openStore(second.path, remote: remote)
      #expect(store.lookup(plans: entries.map(\.plan)).isEmpty)
      for (number, entry) in entries.enumerated() {
        #expect(
          try store.write(makePayload(seed: UInt64(number)), format: "test/1").digest
            == entry.output)
        _ = try store.commit(
          makeResult(number, output: entry.output).result, planKey: entry.plan)
      }
      _ = store.drain()
      let third = try TemporaryDirectory()
      let hits = try openStore(third.path, remote: remote).lookup(plans: entries.map(\.plan))
      #expect(hits.count == 3, "after damage to \(folder)")
    }
  }
}
