import WinaPipeline
import WinaSparsity
import WinaTensor

/// The features of the samples of a shard that a router looks at, where the model must run for them.
public struct FeatureShard: Artifact {
  /// A task of the classifier stage makes this or a router.
  public static let format = RouterArtifact.format

  /// The samples' digests, in order.
  public var digests: [ContentDigest]
  /// One row a sample.
  public var rows: FeatureRows

  /// Makes a shard.
  public init(digests: [ContentDigest], rows: FeatureRows) {
    self.digests = digests
    self.rows = rows
  }

  private struct Metadata: Codable {
    var featureWidth: Int
  }

  public func encoded() throws -> ArtifactPayload {
    var columns = TensorColumns()
    try DigestColumn.add(digests, to: &columns)
    try columns.add("features", rows.values, [rows.count, rows.width])
    return ArtifactPayload(
      metadata: try JSONValue(encoding: Metadata(featureWidth: rows.width)),
      tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    let width = try payload.decodedMetadata(as: Metadata.self).featureWidth
    digests = try DigestColumn.read(payload)
    rows = try FeatureRows(
      payload.typed("features", [digests.count, width]).doubles(), count: digests.count)
  }
}
