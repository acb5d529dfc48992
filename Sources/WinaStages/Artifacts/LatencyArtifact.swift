import WinaEvaluation
import WinaPipeline

/// Times of prompts and decode steps, as measured on one machine.
public struct LatencyArtifact: Artifact {
  public static let format = "latency/v1"

  /// The machine.
  public var host: String
  /// The kernels that were used.
  public var kernels: String
  /// What was measured, shape by shape and subject by subject.
  public var results: [LatencyResult]
  /// How long packing one group's weights took, in milliseconds, by subject.
  public var packing: [String: Double]

  /// Makes an artifact.
  public init(
    host: String, kernels: String, results: [LatencyResult], packing: [String: Double]
  ) {
    self.host = host
    self.kernels = kernels
    self.results = results
    self.packing = packing
  }

  private struct Metadata: Codable {
    var host: String
    var kernels: String
    var results: [LatencyResult]
    var packing: [String: Double]
  }

  public func encoded() throws -> ArtifactPayload {
    ArtifactPayload(
      metadata: try JSONValue(
        encoding: Metadata(host: host, kernels: kernels, results: results, packing: packing)),
      tensors: [])
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    self.init(
      host: metadata.host, kernels: metadata.kernels, results: metadata.results,
      packing: metadata.packing)
  }
}
