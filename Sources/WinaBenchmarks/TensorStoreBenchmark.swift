import Foundation
import WinaPipeline
import WinaStore

/// Storing an artifact in an empty cache and reading it back, against plain files.
enum TensorStoreBenchmark: Benchmark {
  static let name = "tensor-store"

  private static let rows = 2048
  private static let columns = 4096

  static func cases() throws -> [BenchmarkCase] {
    try [
      cases(of: "f32", "F32", floats()), cases(of: "bf16-in-f32", "F32", roundedFloats()),
      cases(of: "u32-histogram", "U32", histograms()),
    ].flatMap(\.self)
  }

  private static func cases(
    of content: String, _ elementType: String, _ bytes: [UInt8]
  ) throws -> [BenchmarkCase] {
    let tensor = try ArtifactTensor(
      name: "values", elementType: elementType, shape: [rows, columns], bytes: bytes)
    let payload = ArtifactPayload(metadata: .object([:]), tensors: [tensor])
    let folder = try BenchmarkFolder()
    let plain = folder.path + "/plain"
    try Data(bytes).write(to: URL(fileURLWithPath: plain))

    let store = try open(folder.path + "/restore")
    let stored = try store.write(payload, format: format)
    guard try store.read(stored.digest, as: format) == payload else {
      throw BenchmarkError(description: "\(content): what was stored is not what was read")
    }
    let megabytes = Double(bytes.count) / 1e6
    let ratio = JSONValue.double(
      (Double(stored.logicalBytes) / Double(stored.storedBytes) * 1000).rounded() / 1000)
    func parameters(_ operation: String) -> [String: JSONValue] {
      [
        "operation": .string(operation), "content": .string(content),
        "megabytes": .int(bytes.count / 1_000_000), "compression": ratio,
      ]
    }
    return [
      BenchmarkCase(
        parameters: parameters("store"), amount: megabytes, unit: "MB/s",
        run: { try timeStore(payload, below: folder.path) }, baselineName: "plain file write",
        runBaseline: {
          try seconds { try Data(bytes).write(to: URL(fileURLWithPath: plain)) }
        }),
      BenchmarkCase(
        parameters: parameters("restore"), amount: megabytes, unit: "MB/s",
        run: { try seconds { _ = try store.read(stored.digest, as: format) } },
        baselineName: "plain file read",
        runBaseline: {
          try seconds { _ = [UInt8](try Data(contentsOf: URL(fileURLWithPath: plain))) }
        }),
    ]
  }

  private static let format = "benchmark/v1"

  private static func open(_ path: String) throws -> ArtifactStore {
    let start = ContinuousClock.now
    let clock: @Sendable () -> Double = {
      let elapsed = ContinuousClock.now - start
      return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    }
    return try ArtifactStore(root: path, options: StoreOptions(clock: clock))
  }

  /// Times a write into a cache of its own, since equal blobs are not written twice.
  private static func timeStore(_ payload: ArtifactPayload, below path: String) throws -> Double {
    let cache = path + "/store"
    let store = try open(cache)
    let time = try seconds { _ = try store.write(payload, format: format) }
    try FileManager.default.removeItem(atPath: cache)
    return time
  }

  private static func floats() -> [UInt8] {
    var numbers = RandomNumbers(seed: 1)
    return littleEndian(numbers.normals(rows * columns).map(\.bitPattern))
  }

  private static func roundedFloats() -> [UInt8] {
    var numbers = RandomNumbers(seed: 2)
    return littleEndian(numbers.normals(rows * columns).map { $0.bitPattern & 0xFFFF_0000 })
  }

  /// Returns counters as histogram sketches have them: a few hundred values in a hump.
  private static func histograms() -> [UInt8] {
    var numbers = RandomNumbers(seed: 3)
    let bins = columns / 4
    var counts = [UInt32](repeating: 0, count: rows * columns)
    let values = numbers.normals(counts.count / 4)
    for (index, value) in values.enumerated() {
      let row = index / bins
      let bin = min(max(Int((Double(value) / 8 + 0.5) * Double(columns)), 0), columns - 1)
      counts[row * columns + bin] += 1
    }
    return littleEndian(counts)
  }

  private static func littleEndian(_ words: [UInt32]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(words.count * 4)
    for word in words {
      bytes.append(UInt8(truncatingIfNeeded: word))
      bytes.append(UInt8(truncatingIfNeeded: word >> 8))
      bytes.append(UInt8(truncatingIfNeeded: word >> 16))
      bytes.append(UInt8(truncatingIfNeeded: word >> 24))
    }
    return bytes
  }
}
