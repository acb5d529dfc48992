import WinaPipeline
import WinaTensor

/// The file that a command wrote.
public struct CommandOutput: Artifact {
  public static let format = "file/v1"

  /// The file's bytes.
  public var bytes: [UInt8]

  /// Makes an artifact.
  public init(bytes: [UInt8]) { self.bytes = bytes }

  public func encoded() throws -> ArtifactPayload {
    var columns = TensorColumns()
    try columns.add("bytes", bytes, [bytes.count])
    return ArtifactPayload(metadata: .object([:]), tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    bytes = try payload.typed("bytes", [nil]).uint8s()
  }
}
