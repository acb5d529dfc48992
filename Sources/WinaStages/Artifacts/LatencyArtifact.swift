import WinaEvaluation
import WinaPipeline

/// How long a classifier takes for a request.
public struct RoutingTime: Codable, Sendable, Equatable {
  /// The time of one request in milliseconds.
  public struct Sample: Codable, Sendable, Equatable {
    /// Of making the features.
    public var features: Double
    /// Of choosing the group.
    public var prediction: Double
  }

  /// The arm that the classifier belongs to.
  public var arm: String
  /// The times of all requests of all repetitions that count.
  public var times: [Sample]
  /// The mean multiply–accumulates of a request.
  public var macs: Double
  /// How many different requests there were.
  public var requests: Int
}

/// Times of prompts and decode steps, as measured on one machine.
public struct LatencyArtifact: Artifact {
  public static let format = "latency/v2"

  /// The machine.
  public var host: String
  /// The kernels that were used.
  public var kernels: String
  /// What was measured, shape by shape and subject by subject.
  public var results: [LatencyResult]
  /// How long packing one group's weights took, in milliseconds, by subject.
  public var packing: [String: Double]
  /// How long routers took, arm by arm.
  public var routing: [RoutingTime]

  /// Makes an artifact.
  public init(
    host: String, kernels: String, results: [LatencyResult], packing: [String: Double],
    routing: [RoutingTime] = []
  ) {
    self.host = host
    self.kernels = kernels
    self.results = results
    self.packing = packing
    self.routing = routing
  }

  private struct Metadata: Codable {
    var host: String
    var kernels: String
    var results: [LatencyResult]
    var packing: [String: Double]
    var routing: [RoutingTime]
  }

  public func encoded() throws -> ArtifactPayload {
    ArtifactPayload(
      metadata: try JSONValue(
        encoding: Metadata(
          host: host, kernels: kernels, results: results, packing: packing,
          routing: routing)),
      tensors: [])
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    self.init(
      host: metadata.host, kernels: metadata.kernels, results: metadata.results,
      packing: metadata.packing, routing: metadata.routing)
  }
}
