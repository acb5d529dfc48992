import WinaPipeline
import WinaTensor

/// Writes arrays of numbers into an artifact's payload.
struct TensorColumns {
  private(set) var tensors: [ArtifactTensor] = []

  mutating func add(_ name: String, _ values: [Float], _ shape: [Int]) throws {
    try append(name, Tensor(values, shape: shape))
  }

  mutating func add(_ name: String, _ values: [Double], _ shape: [Int]) throws {
    try append(name, Tensor(values, shape: shape))
  }

  mutating func add(_ name: String, _ values: [Int32], _ shape: [Int]) throws {
    try append(name, Tensor(values, shape: shape))
  }

  mutating func add(_ name: String, _ values: [Int64], _ shape: [Int]) throws {
    try append(name, Tensor(values, shape: shape))
  }

  mutating func add(_ name: String, _ values: [UInt8], _ shape: [Int]) throws {
    try append(name, Tensor(values, shape: shape))
  }

  mutating func add(_ name: String, _ values: [UInt32], _ shape: [Int]) throws {
    try append(name, Tensor(values, shape: shape))
  }

  mutating func add(_ name: String, _ values: [UInt64], _ shape: [Int]) throws {
    try append(name, Tensor(values, shape: shape))
  }

  /// Adds a tensor whose bytes exist already, without copying them.
  mutating func add(
    _ name: String, bytes: [UInt8], _ elementType: ElementType, _ shape: [Int]
  ) throws {
    tensors.append(
      try ArtifactTensor(
        name: name, elementType: elementType.rawValue, shape: shape, bytes: bytes))
  }

  private mutating func append(_ name: String, _ tensor: Tensor) throws {
    try add(name, bytes: tensor.bytes, tensor.elementType, tensor.shape)
  }
}

extension ArtifactPayload {
  /// Returns a tensor of this payload as a typed tensor, without copying its bytes.
  ///
  /// - Parameters:
  ///   - name: The name.
  ///   - shape: The extents that it must have; `nil` stands for any.
  func typed(_ name: String, _ shape: [Int?]) throws -> Tensor {
    let stored = try tensor(name)
    guard stored.shape.count == shape.count,
      zip(stored.shape, shape).allSatisfy({ $1 == nil || $0 == $1 })
    else {
      let wanted = shape.map { $0.map(String.init) ?? "n" }.joined(separator: ", ")
      throw ArtifactError("tensor '\(name)' has the shape \(stored.shape), not [\(wanted)]")
    }
    guard let elementType = ElementType(rawValue: stored.elementType) else {
      throw ArtifactError("tensor '\(name)' has the unknown element type '\(stored.elementType)'")
    }
    return try Tensor(bytes: stored.bytes, elementType: elementType, shape: stored.shape)
  }

  /// Decodes the metadata.
  func decodedMetadata<Value: Decodable>(as type: Value.Type) throws -> Value {
    do {
      return try metadata.decoded(as: type)
    } catch {
      throw ArtifactError("the metadata are not those of \(type): \(error)")
    }
  }
}

/// The digests of samples, stored as rows of 32 bytes.
enum DigestColumn {
  private static let name = "digests"

  static func add(_ digests: [ContentDigest], to columns: inout TensorColumns) throws {
    try columns.add(name, digests.flatMap(\.bytes), [digests.count, 32])
  }

  /// Reads the digests of as many samples as there are, or as there must be.
  static func read(_ payload: ArtifactPayload, count: Int? = nil) throws -> [ContentDigest] {
    let bytes = try payload.typed(name, [count, 32]).uint8s()
    return try stride(from: 0, to: bytes.count, by: 32).map { start in
      guard let digest = ContentDigest(bytes: bytes[start..<min(start + 32, bytes.count)]) else {
        throw ArtifactError("a sample's digest is cut short")
      }
      return digest
    }
  }
}
