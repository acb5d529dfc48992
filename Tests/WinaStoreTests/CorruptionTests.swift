import Testing
import WinaPipeline
import WinaStore
import WinaTestSupport

struct CorruptionTests {
  private func fill(_ root: String) throws -> [(plan: PlanKey, output: ContentDigest)] {
    let store = try openStore(root)
    return try (0..<3).map { number in
      let output = try store.write(makePayload(seed: UInt64(number)), format: "test/1").digest
      let (result, plan) = makeResult(number, output: output)
      _ = try store.commit(result, planKey: plan)
      return (plan, output)
    }
  }

  /// Ways to damage a file; each returns bytes that differ from the given ones.
  private func damages(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [[UInt8]] {
    var all = [[], Array(bytes.dropLast()), Array(bytes.prefix(bytes.count / 2)), bytes + [0]]
    all.append([UInt8](repeating: 0, count: bytes.count))
    for _ in 0..<6 {
      var flipped = bytes
      let index = Int.random(in: 0..<bytes.count, using: &generator)
      flipped[index] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
      all.append(flipped)
    }
    for offset in [8, 14, 15] where bytes.count > 16 {
      var claiming = bytes
      claiming[offset] ^= 0x70
      all.append(claiming)
    }
    return all
  }

  @Test func everyDamagedFileIsAMissOrAnErrorAndThenHealed() throws {
    let directory = try TemporaryDirectory()
    let entries = try fill(directory.path)
    let files = PosixFileSystem()
    var generator = SeededGenerator(seed: 11)
    var noticed = 0
    for name in try allFiles(below: directory.path) where name != "VERSION" {
      let path = directory.file(name)
      let original = try files.read(path, limit: 1 << 24)
      for damaged in damages(original, &generator) {
        try files.remove(path)
        try files.create(path, damaged[...], mode: 0o644)
        let problems = try openStore(directory.path).verify().problems
        let isKindByte =
          name.hasPrefix("objects") && damaged.count == original.count
          && damaged.indices.allSatisfy { $0 == 7 || damaged[$0] == original[$0] }
        let isHint = name == "plans/index" || name == "actions/log"
        if !isHint, !isKindByte {
          #expect(!problems.isEmpty, "\(name) is damaged and verify says nothing")
          noticed += 1
        }
        try expectNeverWrong(directory.path, entries)
        try heal(directory.path, entries)
        #expect(try openStore(directory.path).verify().problems == [], "after \(name)")
      }
    }
    #expect(noticed > 100)
  }

  private func expectNeverWrong(
    _ root: String, _ entries: [(plan: PlanKey, output: ContentDigest)]
  ) throws {
    let store = try openStore(root)
    for (number, (plan, output)) in entries.enumerated() {
      if let hit = store.lookup(plan: plan) { #expect(hit.entry.output == output) }
      do {
        #expect(try store.read(output, as: "test/1") == makePayload(seed: UInt64(number)))
      } catch let error as StoreError {
        #expect(error.isMiss, "\(error)")
      }
    }
  }

  /// Does what the scheduler does: quarantines what cannot be read, and reruns what misses.
  private func heal(_ root: String, _ entries: [(plan: PlanKey, output: ContentDigest)]) throws {
    let store = try openStore(root)
    for (number, (plan, output)) in entries.enumerated() {
      do {
        _ = try store.read(output, as: "test/1")
      } catch {
        try store.quarantine(output)
        #expect(!store.contains(output))
        #expect(store.lookup(plan: plan) == nil)
      }
      if store.lookup(plan: plan) != nil { continue }
      let digest = try store.write(makePayload(seed: UInt64(number)), format: "test/1").digest
      #expect(digest == output)
      #expect(
        try store.commit(makeResult(number, output: digest).result, planKey: plan).violation == nil)
      #expect(try store.read(output, as: "test/1") == makePayload(seed: UInt64(number)))
    }
    // A record that only `verify` sees is replaced by committing once more.
    for (number, (plan, output)) in entries.enumerated() {
      _ = try store.commit(makeResult(number, output: output).result, planKey: plan)
    }
  }

  @Test func writingOverADamagedBlobMendsIt() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let payload = try makePayload()
    let digest = try store.write(payload, format: "test/1").digest
    let files = PosixFileSystem()
    for name in try allFiles(below: directory.path + "/objects") {
      let path = directory.file("objects/" + name)
      var bytes = try files.read(path, limit: 1 << 24)
      bytes[bytes.count - 1] ^= 1
      try files.remove(path)
      try files.create(path, bytes[...], mode: 0o444)
    }
    #expect(throws: StoreError.self) { try store.read(digest, as: "test/1") }
    #expect(try store.write(payload, format: "test/1").digest == digest)
    #expect(try store.read(digest, as: "test/1") == payload)
  }

  @Test func quarantineKeepsWhatItTookAwayInTheTrash() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let digest = try store.write(makePayload(), format: "test/1").digest
    #expect(try store.quarantine(digest) == [])
    let chunk = try store.manifest(of: digest).tensors[0].chunks[0]
    let path = directory.file("objects/\(chunk.hex.prefix(2))/\(chunk.hex)")
    try PosixFileSystem().remove(path)
    try PosixFileSystem().create(path, [1, 2, 3], mode: 0o444)
    #expect(try store.quarantine(digest) == [chunk])
    #expect(try store.statistics().trash == .init(count: 1, bytes: 3))
    #expect(!store.contains(digest))
    #expect(try store.quarantine(SHA256.digest(of: "absent")) == [])
  }

  @Test func aManifestThatClaimsAnImpossibleSizeIsCorrupt() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let chunk = SHA256.digest(of: "chunk").hex
    for shape in ["[1152921504606846976]", "[4294967296,4294967296]", "[9223372036854775807,8]"] {
      let text =
        #"{"format":"t","layout":"artifact/1","tensors":[{"chunk_rows":1152921504606846976,"#
        + #""chunks":["\#(chunk)"],"dtype":"U8","name":"x","shape":\#(shape)}]}"#
      let digest = SHA256.digest(of: text)
      var encoder = BlobEncoder()
      let stored = Array(text.utf8).withUnsafeBytes {
        Array(encoder.encode($0, width: 1, kind: .manifest))
      }
      try PosixFileSystem().makeDirectory(directory.file("objects/\(digest.hex.prefix(2))"))
      try PosixFileSystem().create(
        directory.file("objects/\(digest.hex.prefix(2))/\(digest.hex)"), stored[...], mode: 0o444)
      let error = #expect(throws: StoreError.self) { try store.read(digest, as: "t") }
      #expect(error?.code == .corrupt)
      #expect(!store.contains(digest))
    }
  }
}
