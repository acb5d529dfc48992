import WinaEvaluation
import WinaPipeline
import WinaTensor

/// The samples of a shard as token sequences, with the policy that every arm shares.
public struct TokenizedShard: Artifact {
  public static let format = "tokens/v1"

  /// What of a sample is dense, gated and scored.
  public var policy: EvaluationPolicy
  /// The samples in the order of the shard.
  public var samples: [TokenizedSample]
  /// The samples' digests, in the same order.
  public var digests: [ContentDigest]

  /// Makes a shard.
  public init(policy: EvaluationPolicy, samples: [TokenizedSample], digests: [ContentDigest]) {
    self.policy = policy
    self.samples = samples
    self.digests = digests
  }

  private struct Metadata: Codable {
    var densePrefix: Int
    var denseFraction: Double?
    var prompt: EvaluationPolicy.PromptGating?
    var routeTokens: Int
    var labels: [String]
    var subjects: [String]
  }

  public func encoded() throws -> ArtifactPayload {
    let table = SampleTable(samples)
    var columns = TensorColumns()
    try DigestColumn.add(digests, to: &columns)
    for name in SampleTable.columnNames {
      guard let values = table.columns[name] else { continue }
      try columns.add(name, values, [values.count])
    }
    return ArtifactPayload(
      metadata: try JSONValue(
        encoding: Metadata(
          densePrefix: policy.densePrefix,
          denseFraction: policy.denseFraction == 0 ? nil : policy.denseFraction,
          prompt: policy.prompt == .gated ? nil : policy.prompt, routeTokens: policy.routeTokens,
          labels: table.labels, subjects: table.subjects)),
      tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    policy = EvaluationPolicy(
      densePrefix: metadata.densePrefix, denseFraction: metadata.denseFraction ?? 0,
      prompt: metadata.prompt ?? .gated, routeTokens: metadata.routeTokens)
    digests = try DigestColumn.read(payload)
    var columns: [String: [Int32]] = [:]
    for name in SampleTable.columnNames {
      columns[name] = try payload.typed(name, [nil]).int32s()
    }
    samples = try SampleTable(
      labels: metadata.labels, subjects: metadata.subjects, columns: columns
    ).samples()
    guard samples.count == digests.count else {
      throw ArtifactError("\(samples.count) samples have \(digests.count) digests")
    }
  }
}
