import WinaEvaluation
import WinaPipeline
import WinaSparsity
import WinaTensor

/// A grouping of samples with the rule that places new ones.
public struct ClusteringArtifact: Artifact {
  public static let format = "clusters/v2"

  /// The groups and their rule.
  public var clustering: Clustering
  /// The digests of the fitted samples, in order.
  public var digests: [ContentDigest]
  /// The labels of the fitted samples in the data, in order.
  public var sampleLabels: [String]

  /// The number of tokens of each sample that routing sees, where it is known.
  public var lengths: [Int]?

  /// What was measured of the groups.
  public var report = ClusteringReport()

  /// The names of the groups.
  public var groups: [String] { clustering.summary.groups }

  /// Makes an artifact.
  public init(clustering: Clustering, digests: [ContentDigest], sampleLabels: [String]) {
    self.clustering = clustering
    self.digests = digests
    self.sampleLabels = sampleLabels
  }

  private struct Metadata: Codable {
    var summary: Clustering.Summary
    var sampleLabels: [String]
    var options: FeatureOptions?
    var blocks: [FeatureBlock]?
    var report: ClusteringReport
    var hasLengths: Bool
  }

  public func encoded() throws -> ArtifactPayload {
    var columns = TensorColumns()
    try DigestColumn.add(digests, to: &columns)
    try columns.add("labels", clustering.labels.map(Int32.init), [clustering.labels.count])
    if let lengths { try columns.add("lengths", lengths.map(Int32.init), [lengths.count]) }
    if let transform = clustering.transform {
      let width = max(1, transform.dimension)
      try columns.add(
        "centroids", clustering.centroids, [clustering.centroids.count / width, width])
      try columns.add("feature_weights", transform.weights, [transform.weights.count])
      try columns.add("feature_mean", transform.mean, [transform.mean.count])
      try columns.add("components", transform.components, [transform.components.count])
    }
    return ArtifactPayload(
      metadata: try JSONValue(
        encoding: Metadata(
          summary: clustering.summary, sampleLabels: sampleLabels,
          options: clustering.transform?.options, blocks: clustering.transform?.blocks,
          report: report, hasLengths: lengths != nil)),
      tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    sampleLabels = metadata.sampleLabels
    digests = try DigestColumn.read(payload, count: sampleLabels.count)
    report = metadata.report
    lengths =
      metadata.hasLengths
      ? try payload.typed("lengths", [sampleLabels.count]).int32s().map(Int.init) : nil
    var transform: FeatureTransform?
    if let options = metadata.options, let blocks = metadata.blocks {
      transform = try FeatureTransform(
        options: options, blocks: blocks, weights: payload.typed("feature_weights", [nil]).floats(),
        mean: payload.typed("feature_mean", [nil]).doubles(),
        components: payload.typed("components", [nil]).doubles())
    }
    clustering = try Clustering(
      summary: metadata.summary,
      labels: payload.typed("labels", [sampleLabels.count]).int32s().map(Int.init),
      centroids: try transform.map {
        try payload.typed("centroids", [nil, max(1, $0.dimension)]).doubles()
      } ?? [], transform: transform)
  }
}

extension ClusteringArtifact {
  /// Clusters captured samples by what they activate, or by other features that capture kept.
  static func byActivations(
    _ captures: [CaptureArtifact], features: FeatureOptions, method: ClusterMethod,
    threads: Int
  ) throws -> ClusteringArtifact {
    guard let first = captures.first else { throw ArtifactError("there is nothing to cluster") }
    let clustering: Clustering
    switch features.kind ?? .meanScore {
    case .meanScore:
      clustering = try Clustering.fit(
        moments: captures.flatMap { try $0.shard.routeMeans }, layout: first.shard.layout,
        norms: first.norms, features: features, method: method, threads: threads)
    case .activeRate:
      clustering = try Clustering.fit(
        moments: captures.flatMap { try $0.requireTraits() }, layout: first.shard.layout,
        norms: first.norms, features: features, method: method, threads: threads)
    case .histogram, .embedding, .bagOfTokens:
      let width = try first.requireTraits().count / max(first.digests.count, 1)
      let blocks =
        features.kind == .histogram
        ? first.shard.layout.layers * ActivationStream.allCases.count : 1
      clustering = try Clustering.fit(
        vectors: captures.flatMap { try $0.requireTraits() }, width: width, blocks: blocks,
        features: features, method: method, threads: threads)
    }
    return ClusteringArtifact(
      clustering: clustering, digests: captures.flatMap(\.digests),
      sampleLabels: captures.flatMap(\.labels))
  }

  /// Clusters samples by their tokens.
  static func byTokens(
    _ shards: [TokenizedShard], components: Int, method: ClusterMethod, threads: Int
  ) throws -> ClusteringArtifact {
    ClusteringArtifact(
      clustering: try Clustering.fit(
        tokens: shards.flatMap { shard in shard.samples.indices.map(shard.routingTokens) },
        components: components, method: method, threads: threads),
      digests: shards.flatMap(\.digests), sampleLabels: shards.flatMap { $0.samples.map(\.label) })
  }

  /// Groups samples by the number of tokens that routing sees.
  static func byLength(_ shards: [TokenizedShard], bins: Int) throws -> ClusteringArtifact {
    ClusteringArtifact(
      clustering: try Clustering.lengthBins(lengths(shards), bins: bins),
      digests: shards.flatMap(\.digests), sampleLabels: shards.flatMap { $0.samples.map(\.label) })
  }

  /// Groups samples at random, in the proportions that other groups have in every bin of length.
  static func random(
    _ shards: [TokenizedShard], likeLengthsOf other: ClusteringArtifact, seed: UInt64
  ) throws -> ClusteringArtifact {
    let digests = shards.flatMap(\.digests)
    let members = Dictionary(
      zip(other.digests, other.clustering.labels), uniquingKeysWith: { first, _ in first })
    return ClusteringArtifact(
      clustering: try Clustering.random(
        digests: digests.map(\.bytes), lengths: lengths(shards),
        like: digests.map { digest in
          guard let member = members[digest] else {
            throw ArtifactError("the clusters to be like are of other samples")
          }
          return member
        }, groups: other.groups.count, seed: seed), digests: digests,
      sampleLabels: shards.flatMap { $0.samples.map(\.label) })
  }

  private static func lengths(_ shards: [TokenizedShard]) -> [Int] {
    shards.flatMap { shard in shard.samples.indices.map { shard.routingTokens(of: $0).count } }
  }

  /// Groups samples by a hash of their digests.
  static func random(
    _ shards: [TokenizedShard], like sizes: [Int], seed: UInt64
  ) throws -> ClusteringArtifact {
    let digests = shards.flatMap(\.digests)
    return ClusteringArtifact(
      clustering: try Clustering.random(digests: digests.map(\.bytes), like: sizes, seed: seed),
      digests: digests, sampleLabels: shards.flatMap { $0.samples.map(\.label) })
  }

  /// Groups samples by their labels.
  static func byLabel(_ shards: [TokenizedShard]) throws -> ClusteringArtifact {
    let labels = shards.flatMap { $0.samples.map(\.label) }
    return ClusteringArtifact(
      clustering: try Clustering.byLabel(labels), digests: shards.flatMap(\.digests),
      sampleLabels: labels)
  }

  /// Returns the group of every sample of a shard by the clustering's own rule.
  ///
  /// - Parameters:
  ///   - shard: The samples.
  ///   - capture: Their activations, which only k-means looks at.
  func assign(_ shard: TokenizedShard, capture: CaptureArtifact?) throws -> [Int] {
    try traits(shard, capture: capture).map(clustering.assign)
  }

  /// Returns what a clustering's rule may look at of every sample of a shard.
  func traits(_ shard: TokenizedShard, capture: CaptureArtifact?) throws -> [SampleTraits] {
    if let capture, capture.digests != shard.digests {
      throw ArtifactError("the capture is of other samples than the tokens")
    }
    return try shard.samples.indices.map { index in
      SampleTraits(
        moments: try capture.map { try features(of: $0, index) },
        tokens: shard.routingTokens(of: index),
        digest: shard.digests[index].bytes, label: shard.samples[index].label)
    }
  }

  /// The features of samples in the clustering's space, shape [samples, dimension].
  func featureRows(
    _ shards: [TokenizedShard], _ captures: [CaptureArtifact], threads: Int
  ) throws -> [Double] {
    guard let transform = clustering.transform else { return [] }
    let samples =
      transform.options.kind?.isOfTokens == true
      ? shards.flatMap { shard in
        shard.samples.indices.map { SampleTraits(tokens: shard.routingTokens(of: $0)) }
      }
      : try captures.flatMap { capture in
        try capture.digests.indices.map {
          SampleTraits(moments: try features(of: capture, $0))
        }
      }
    return try clustering.features(of: samples, threads: threads)
  }

  /// Notes how long the samples of each group are.
  mutating func describe(lengthsOf shards: [TokenizedShard]) throws {
    let lengths = Self.lengths(shards)
    guard lengths.count == clustering.labels.count else { return }
    self.lengths = lengths
    var tokens = [Int](repeating: 0, count: groups.count)
    for (label, length) in zip(clustering.labels, lengths) { tokens[label] += length }
    report.tokens = tokens
    let mean = Double(lengths.reduce(0, +)) / Double(max(lengths.count, 1))
    let total = lengths.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    let between = zip(tokens, clustering.summary.sizes).reduce(0.0) { sum, group in
      guard group.1 > 0 else { return sum }
      let difference = Double(group.0) / Double(group.1) - mean
      return sum + Double(group.1) * difference * difference
    }
    report.lengthShare = total > 0 ? between / total : nil
  }

  /// The vector of a sample that the clustering compares.
  private func features(of capture: CaptureArtifact, _ index: Int) throws -> [Float] {
    guard clustering.transform?.options.kind?.needsPass == true else {
      return try capture.routeMeans(of: index)
    }
    return try capture.traits(of: index)
  }

  /// Returns the group of every sample of a capture by the clustering's own rule, which must not
  /// look at tokens.
  func assign(_ capture: CaptureArtifact) throws -> [Int] {
    try capture.digests.indices.map { index in
      try clustering.assign(
        SampleTraits(
          moments: features(of: capture, index), digest: capture.digests[index].bytes,
          label: capture.labels[index]))
    }
  }
}

extension TokenizedShard {
  /// The tokens of a sample that clustering and routing may see.
  func routingTokens(of sample: Int) -> [Int32] { Array(samples[sample].routingTokens(policy)) }
}

extension CaptureArtifact {
  /// The features that a clustering asked this pass to keep.
  func requireTraits() throws -> [Float] {
    guard let traits else {
      throw ArtifactError("the capture did not keep the features that the clustering compares")
    }
    return traits
  }

  /// The features of one sample that a clustering asked this pass to keep.
  func traits(of sample: Int) throws -> [Float] {
    let traits = try requireTraits()
    let width = traits.count / max(digests.count, 1)
    return Array(traits[(sample * width)..<((sample + 1) * width)])
  }

  /// The mean |x| over the routing tokens of one sample, shape [layers, channels].
  func routeMeans(of sample: Int) throws -> [Float] {
    let width = shard.layout.layers * shard.layout.channels
    return Array(try shard.routeMeans[sample * width..<(sample + 1) * width])
  }
}
