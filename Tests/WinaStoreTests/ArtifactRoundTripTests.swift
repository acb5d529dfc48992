import Testing
import WinaPipeline
import WinaStore
import WinaTestSupport

struct ArtifactRoundTripTests {
  @Test(arguments: ["U8", "BOOL", "I16", "BF16", "F32", "U32", "F64", "I64"])
  func everyWidthAndSmallSizeComesBackEqual(elementType: String) throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    for shape in [[], [0], [1], [2], [63], [64], [65], [1000], [3, 0], [0, 3], [7, 11, 13]] {
      let tensor = try makeTensor("x", elementType, shape)
      let payload = ArtifactPayload(metadata: .object(["n": .int(1)]), tensors: [tensor])
      let stored = try store.write(payload, format: "test/1")
      #expect(try store.read(stored.digest, as: "test/1") == payload, "\(shape)")
      #expect(store.contains(stored.digest))
      #expect(stored.logicalBytes == tensor.bytes.count)
    }
  }

  @Test(arguments: [0, 1, 7, 8, 9, 16, 17])
  func rowsAroundTheChunkBorderComeBackEqual(rows: Int) throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path, threads: 2)
    let row = 1 << 20
    let tensor = try makeTensor("x", "U8", [rows, row])
    let stored = try store.write(
      ArtifactPayload(metadata: .null, tensors: [tensor]), format: "test/1")
    let manifest = try store.manifest(of: stored.digest)
    #expect(manifest.tensors[0].chunks.count == (rows + 7) / 8)
    #expect(try store.read(stored.digest, as: "test/1").tensors == [tensor])
    var generator = SeededGenerator(seed: UInt64(rows))
    for _ in 0..<4 {
      let low = Int.random(in: 0...rows, using: &generator)
      let high = Int.random(in: low...rows, using: &generator)
      let part = try store.readTensor(stored.digest, "x", rows: low..<high)
      #expect(part.shape == [high - low, row])
      #expect(part.bytes.elementsEqual(tensor.bytes[low * row..<high * row]))
    }
  }

  @Test func aRowLargerThanAChunkIsAChunkOfItsOwn() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let tensor = try makeTensor("x", "F32", [2, (9 << 20) / 4])
    let stored = try store.write(
      ArtifactPayload(metadata: .null, tensors: [tensor]), format: "test/1")
    #expect(try store.manifest(of: stored.digest).tensors[0].chunks.count == 2)
    #expect(try store.read(stored.digest, as: "test/1").tensors == [tensor])
  }

  @Test func theDigestDependsOnLogicalContentAlone() throws {
    let first = try TemporaryDirectory()
    let second = try TemporaryDirectory()
    let payload = try makePayload()
    let one = try openStore(first.path, threads: 1).write(payload, format: "test/1")
    let two = try openStore(second.path, threads: 2).write(payload, format: "test/1")
    #expect(one == two)
    let other = try openStore(second.path).write(payload, format: "test/2")
    #expect(other.digest != one.digest)
    var changed = payload
    changed.metadata = .object(["seed": .int(2)])
    #expect(try openStore(second.path).write(changed, format: "test/1").digest != one.digest)
  }

  @Test func anotherCodecOfTheSameBytesReadsTheSameUnderTheSameDigest() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let payload = ArtifactPayload(
      metadata: .null, tensors: [try makeTensor("x", "F32", [1000])])
    let stored = try store.write(payload, format: "test/1")
    let chunk = try store.manifest(of: stored.digest).tensors[0].chunks[0]
    let path = "\(directory.path)/objects/\(chunk.hex.prefix(2))/\(chunk.hex)"
    let raw = BlobHeader(codec: .raw, width: 1, kind: .chunk, logicalSize: 4000)
    let before = try PosixFileSystem().read(path, limit: 1 << 20)
    #expect(before.count < 4000)
    try PosixFileSystem().remove(path)
    try PosixFileSystem().create(path, (raw.encoded + payload.tensors[0].bytes)[...], mode: 0o444)
    #expect(try store.read(stored.digest, as: "test/1") == payload)
    #expect(try store.write(payload, format: "test/1").digest == stored.digest)
  }

  @Test func equalChunksAreStoredOnce() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let tensor = try makeTensor("x", "F32", [1000])
    let twin = try ArtifactTensor(
      name: "y", elementType: "F32", shape: [10, 100], bytes: tensor.bytes)
    _ = try store.write(
      ArtifactPayload(metadata: .null, tensors: [tensor, twin]), format: "test/1")
    #expect(try store.statistics().objects.count == 2)
  }

  @Test func blobsAreReadOnlyFilesNamedByTheSHA256OfTheirContent() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let tensor = try makeTensor("x", "U8", [100])
    let stored = try store.write(
      ArtifactPayload(metadata: .null, tensors: [tensor]), format: "test/1")
    let chunk = SHA256.digest(of: tensor.bytes)
    #expect(try store.manifest(of: stored.digest).tensors[0].chunks == [chunk])
    let text =
      #"{"format":"test/1","layout":"artifact/1","tensors":[{"chunk_rows":100,"chunks":[""#
      + chunk.hex + #""],"dtype":"U8","name":"x","shape":[100]}]}"#
    #expect(SHA256.digest(of: text) == stored.digest)
  }

  @Test func contentWithoutACanonicalFormIsRefused() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let tensor = try makeTensor("x", "U8", [3])
    #expect(throws: StoreError(.invalidArtifact, "an artifact has two tensors 'x'")) {
      try store.write(ArtifactPayload(metadata: .null, tensors: [tensor, tensor]), format: "t")
    }
    #expect(
      throws: StoreError(
        .invalidArtifact, "an artifact's metadata holds a number that is not finite")
    ) {
      try store.write(ArtifactPayload(metadata: .array([.double(.nan)])), format: "t")
    }
  }

  @Test func readingAnotherFormatOrAnAbsentArtifactSaysSo() throws {
    let directory = try TemporaryDirectory()
    let store = try openStore(directory.path)
    let stored = try store.write(makePayload(), format: "test/1")
    let wrong = #expect(throws: StoreError.self) { try store.read(stored.digest, as: "test/2") }
    #expect(wrong?.code == .wrongFormat)
    #expect(wrong?.message.hasSuffix("is a 'test/1', not a 'test/2'") == true)
    let absent = #expect(throws: StoreError.self) {
      try store.read(SHA256.digest(of: "absent"), as: "test/1")
    }
    #expect(absent?.code == .notFound)
    let rows = #expect(throws: StoreError.self) {
      try store.readTensor(stored.digest, "a", rows: 0..<41)
    }
    #expect(rows?.message == "tensor 'a' has 40 rows; 0..<41 are asked for")
    let name = #expect(throws: StoreError.self) {
      try store.readTensor(stored.digest, "c", rows: 0..<1)
    }
    #expect(name?.message.hasSuffix("has no tensor 'c'; it has: a, b, empty") == true)
  }
}
