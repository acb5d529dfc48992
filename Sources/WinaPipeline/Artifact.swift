/// What a task produces: small JSON metadata and named tensors, never code.
///
/// An artifact decides its own logical content; how it is chunked, compressed and stored is the
/// store's business. Loading one never executes code.
public protocol Artifact: Sendable {
  /// The name and version of the logical layout, such as `histogram/v1`.
  static var format: String { get }

  /// Returns the logical content.
  func encoded() throws -> ArtifactPayload

  /// Reads the logical content back, checking names, types and shapes.
  init(decoding payload: ArtifactPayload) throws
}

/// The logical content of an artifact.
public struct ArtifactPayload: Hashable, Sendable {
  /// Small facts, kept readable in the manifest.
  public var metadata: JSONValue
  /// The tensors, in the order in which they were written.
  public var tensors: [ArtifactTensor]

  /// Makes a payload of metadata and tensors.
  public init(metadata: JSONValue, tensors: [ArtifactTensor] = []) {
    self.metadata = metadata
    self.tensors = tensors
  }

  /// Returns the tensor with the given name.
  ///
  /// - Throws: ``ArtifactError`` that lists the names there are.
  public func tensor(_ name: String) throws(ArtifactError) -> ArtifactTensor {
    guard let tensor = tensors.first(where: { $0.name == name }) else {
      throw ArtifactError(
        "there is no tensor '\(name)'; there are: \(tensors.map(\.name).joined(separator: ", "))")
    }
    return tensor
  }
}

/// A named dense array in row-major order and little-endian bytes.
public struct ArtifactTensor: Hashable, Sendable {
  /// The name, unique within the artifact.
  public let name: String
  /// The element type in the spelling of safetensors: `F32`, `U8`, ….
  public let elementType: String
  /// The extents, outermost first.
  public let shape: [Int]
  /// The bytes, as many as the shape and the element type say.
  public let bytes: [UInt8]

  /// Makes a tensor, checking that the bytes fit the shape.
  ///
  /// - Throws: ``ArtifactError`` for an unknown type, a negative or overflowing shape, or another
  ///   number of bytes.
  public init(name: String, elementType: String, shape: [Int], bytes: [UInt8])
    throws(ArtifactError)
  {
    guard let width = ArtifactTensor.byteCount(of: elementType) else {
      throw ArtifactError("tensor '\(name)' has the unknown element type '\(elementType)'")
    }
    var count = width
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else {
        throw ArtifactError("tensor '\(name)' has the impossible shape \(shape)")
      }
      count = product
    }
    guard count == bytes.count else {
      throw ArtifactError(
        "tensor '\(name)' of shape \(shape) needs \(count) bytes but has \(bytes.count)")
    }
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.bytes = bytes
  }

  /// Returns the size in bytes of an element, or `nil` for an unknown type.
  public static func byteCount(of elementType: String) -> Int? {
    switch elementType {
    case "U8", "I8", "BOOL": 1
    case "F16", "BF16", "I16", "U16": 2
    case "F32", "I32", "U32": 4
    case "F64", "I64", "U64": 8
    default: nil
    }
  }
}

/// An artifact whose content is not what its format says.
public struct ArtifactError: Error, Sendable, CustomStringConvertible {
  /// What is wrong, with the name of the tensor or member.
  public var message: String

  /// Makes an error with a message.
  public init(_ message: String) { self.message = message }

  public var description: String { message }
}

/// An artifact of any format, for stages that hand artifacts on without reading them.
public struct AnyArtifact: Artifact {
  public static let format = "any"

  /// The content.
  public var payload: ArtifactPayload

  public init(decoding payload: ArtifactPayload) { self.payload = payload }
  public func encoded() -> ArtifactPayload { payload }
}
