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

  private mutating func append(_ name: String, _ tensor: Tensor) throws {
    tensors.append(
      try ArtifactTensor(
        name: name, elementType: tensor.elementType.rawValue, shape: tensor.shape,
        bytes: tensor.bytes))
  }
}

extension ArtifactPayload {
  /// Returns a tensor of this payload as a typed tensor.
  func typed(_ name: String) throws -> Tensor {
    let stored = try tensor(name)
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
  static func bytes(_ digests: [ContentDigest]) -> [UInt8] { digests.flatMap(\.bytes) }

  static func digests(_ bytes: [UInt8]) throws -> [ContentDigest] {
    try stride(from: 0, to: bytes.count, by: 32).map { start in
      guard let digest = ContentDigest(bytes: bytes[start..<min(start + 32, bytes.count)]) else {
        throw ArtifactError("a sample's digest is cut short")
      }
      return digest
    }
  }
}
