import Synchronization
import WinaPipeline
import WinaStore
import WinaTestSupport

/// A clock that moves only when a test says so.
final class TestClock: Sendable {
  private let seconds = Mutex(1000.0)

  func advance(by interval: Double) { seconds.withLock { $0 += interval } }
  var now: Double { seconds.withLock { $0 } }
}

/// Opens a store with a clock that stands still.
func openStore(
  _ root: String, threads: Int = 1, clock: TestClock = TestClock(),
  remote: (any RemoteTier)? = nil, files: any FileSystem = PosixFileSystem()
) throws(StoreError) -> ArtifactStore {
  let options = StoreOptions(clock: { clock.now }, threads: threads)
  return try ArtifactStore(root: root, options: options, remote: remote, files: files)
}

/// Makes a tensor of `shape` with bytes that compress about as well as real activations.
func makeTensor(
  _ name: String, _ elementType: String = "F32", _ shape: [Int], seed: UInt64 = 1
) throws -> ArtifactTensor {
  let width = ArtifactTensor.byteCount(of: elementType) ?? 1
  let count = shape.reduce(width, *)
  var generator = SeededGenerator(seed: seed)
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count + 8)
  while bytes.count < count {
    let word = generator.next()
    for index in 0..<width {
      let isNoise = index < width / 2
      bytes.append(
        isNoise ? UInt8(truncatingIfNeeded: word >> (8 * UInt64(index))) : UInt8(word & 3))
    }
  }
  return try ArtifactTensor(
    name: name, elementType: elementType, shape: shape, bytes: Array(bytes.prefix(count)))
}

/// Makes a small artifact that differs with `seed`.
func makePayload(seed: UInt64 = 1) throws -> ArtifactPayload {
  ArtifactPayload(
    metadata: .object([
      "seed": .int(Int(seed)), "note": .string("größe \"x\"\n"), "ratio": .double(0.1),
      "flags": .array([.bool(true), .object([:])]),
    ]),
    tensors: [
      try makeTensor("a", "F32", [40, 30], seed: seed),
      try makeTensor("b", "BF16", [300], seed: seed + 100),
      try makeTensor("empty", "U8", [0, 5], seed: seed),
    ])
}

/// Makes a result whose keys and parts fit each other.
func makeResult(
  _ number: Int, output: ContentDigest, kind: String = "profile", task: String = "task"
) -> (result: ActionResult, plan: PlanKey) {
  let input = KeyParts.Input(port: "from", digests: [SHA256.digest(of: "input \(number)")])
  let parts = KeyParts(
    kind: kind, version: 3, numericsClass: number.isMultiple(of: 2) ? "avx2" : nil,
    params: .object(["sparsity": .double(0.25), "number": .int(number)]), inputs: [input])
  let result = ActionResult(
    key: parts.actionKey, parts: parts, output: output, format: "test/1", seconds: 1.5,
    finished: 1000.25 + Double(number), host: "here", taskName: task, storedBytes: 10)
  return (result, parts.planKey)
}

/// Returns the paths of all regular files below a folder, relative to it, sorted.
func allFiles(below folder: String) throws -> [String] {
  let files = PosixFileSystem()
  var found: [String] = []
  for name in try files.entries(folder) {
    if try files.isDirectory(folder + "/" + name) {
      found += try allFiles(below: folder + "/" + name).map { name + "/" + $0 }
    } else {
      found.append(name)
    }
  }
  return found.sorted()
}
