import WinaPipeline
import WinaTensor

/// What the profile of every group costs on the samples of a shard.
public struct RegretShard: Artifact {
  /// A task of the classifier stage makes this or a router.
  public static let format = RouterArtifact.format

  /// The samples' digests, in order.
  public var digests: [ContentDigest]
  /// The number K of groups.
  public var groups: Int
  /// The mean divergence from the dense model per scored token, in nats, shape [n, K]; NaN for samples
  /// of which nothing is scored, and for profiles that their method cannot reach.
  public var regrets: [Double]

  /// Makes a shard.
  public init(digests: [ContentDigest], groups: Int, regrets: [Double]) {
    self.digests = digests
    self.groups = groups
    self.regrets = regrets
  }

  private struct Metadata: Codable {
    var regretGroups: Int
  }

  public func encoded() throws -> ArtifactPayload {
    var columns = TensorColumns()
    try DigestColumn.add(digests, to: &columns)
    try columns.add("regrets", regrets, [digests.count, groups])
    return ArtifactPayload(
      metadata: try JSONValue(encoding: Metadata(regretGroups: groups)), tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    groups = try payload.decodedMetadata(as: Metadata.self).regretGroups
    digests = try DigestColumn.read(payload)
    regrets = try payload.typed("regrets", [digests.count, groups]).doubles()
  }
}
