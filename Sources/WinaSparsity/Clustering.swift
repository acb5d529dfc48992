import WinaTensor

/// How samples are put into groups.
public enum ClusterAlgorithm: String, Codable, Sendable, CaseIterable {
  /// k-means++ on features of the activations.
  case kmeans
  /// k-means++ on the directions of features.
  case sphericalKMeans = "spherical_kmeans"
  /// Features merged two nearest clusters at a time.
  case agglomerative
  /// Bins of the number of tokens that routing sees.
  case lengthBins = "length_bins"
  /// A keyed hash of the sample's digest.
  case random
  /// The sample's label.
  case label

  /// Whether a sample goes to the centroid nearest to its features.
  public var usesFeatures: Bool {
    switch self {
    case .kmeans, .sphericalKMeans, .agglomerative: true
    case .lengthBins, .random, .label: false
    }
  }
}

/// What the assignment of a sample may look at.
public struct SampleTraits: Sendable, Equatable {
  /// Mean |x| over the route range, shape [layers, channels]; needed by k-means on mean scores.
  public var moments: [Float]?
  /// The tokens that routing may see; needed by k-means on bags of tokens.
  public var tokens: [Int32]?
  /// The digest of the sample; needed by random groups.
  public var digest: [UInt8]
  /// The label of the sample; needed by label groups.
  public var label: String?

  /// Makes the traits of a sample.
  public init(
    moments: [Float]? = nil, tokens: [Int32]? = nil, digest: [UInt8] = [], label: String? = nil
  ) {
    self.moments = moments
    self.tokens = tokens
    self.digest = digest
    self.label = label
  }
}

/// Groups of similar samples, with the rule that assigns new samples to them.
public struct Clustering: Sendable, Equatable {
  /// Everything about a clustering except its arrays.
  public struct Summary: Codable, Sendable, Equatable {
    /// How samples are put into groups.
    public var algorithm: ClusterAlgorithm
    /// The names of the groups: labels, or `cluster-0` and so on.
    public var groups: [String]
    /// The number of fitted samples of each group.
    public var sizes: [Int]
    /// The seed; nil for label groups.
    public var seed: UInt64?
    /// For random groups, the weights of the hash: the sizes of the clustering to be like.
    public var weights: [Int]?
    /// The within-cluster sum of squares of k-means.
    public var inertia: Double?
    /// The upper bounds of all length bins but the last: for length bins, and for random groups that
    /// are as long as those they are to be like.
    public var edges: [Int]?
    /// For such random groups, the weights of the hash in every length bin.
    public var binWeights: [[Int]]?
  }

  /// Everything except the arrays.
  public let summary: Summary
  /// The group of every fitted sample.
  public let labels: [Int]
  /// The centroids of k-means, shape [groups, dimension]; empty otherwise.
  public let centroids: [Double]
  /// The feature transform of k-means; nil otherwise.
  public let transform: FeatureTransform?

  /// Takes a fitted clustering.
  ///
  /// - Throws: ``SparsityError`` when the parts do not belong together.
  public init(
    summary: Summary, labels: [Int], centroids: [Double], transform: FeatureTransform?
  ) throws {
    let count = summary.groups.count
    guard summary.sizes.count == count else {
      throw SparsityError.shape("cluster sizes", have: summary.sizes.count, expected: count)
    }
    if let label = labels.first(where: { !(0..<count).contains($0) }) {
      throw SparsityError.range("a cluster label", "\(label)", expected: "0..<\(count)")
    }
    let expected = summary.algorithm.usesFeatures ? count * (transform?.dimension ?? -1) : 0
    guard centroids.count == expected else {
      throw SparsityError.shape("the centroids", have: centroids.count, expected: expected)
    }
    let bins = (summary.edges?.count ?? 0) + 1
    if let weights = summary.binWeights,
      weights.count != bins || weights.contains(where: { $0.count != count })
    {
      throw SparsityError.shape("the weights of random groups", have: weights.count, expected: bins)
    }
    if summary.algorithm == .lengthBins, count != bins {
      throw SparsityError.shape("the bounds of length bins", have: bins - 1, expected: count - 1)
    }
    if summary.algorithm == .random, summary.weights?.count != count || summary.seed == nil {
      throw SparsityError.noData("random groups without weights or seed")
    }
    self.summary = summary
    self.labels = labels
    self.centroids = centroids
    self.transform = transform
  }

  /// The number of groups.
  public var count: Int { summary.groups.count }

  /// Returns the group of a sample, fitted or new.
  ///
  /// - Throws: ``SparsityError`` (`unassignable`) when the sample lacks what the rule looks at or
  ///   has a label that no group has.
  public func assign(_ sample: SampleTraits) throws -> Int {
    switch summary.algorithm {
    case .kmeans, .agglomerative:
      return KMeans.nearest(try features(of: sample), centroids: centroids)
    case .sphericalKMeans:
      let features = try features(of: sample)
      return KMeans.nearest(
        KMeans.unit(features, dimension: features.count), centroids: centroids)
    case .lengthBins:
      return LengthBins.bin(of: try length(of: sample), edges: summary.edges ?? [])
    case .random:
      guard let sizes = summary.weights, let seed = summary.seed, !sample.digest.isEmpty else {
        throw SparsityError.unassignable(
          "a sample without a digest cannot be assigned to a random group",
          hint: "pass the digest of the sample from the inventory")
      }
      if let weights = summary.binWeights {
        let bin = LengthBins.bin(of: try length(of: sample), edges: summary.edges ?? [])
        return DigestHash.group(of: sample.digest, sizes: weights[bin], seed: seed)
      }
      return DigestHash.group(of: sample.digest, sizes: sizes, seed: seed)
    case .label:
      guard let label = sample.label, let group = summary.groups.firstIndex(of: label) else {
        throw SparsityError.unassignable(
          "no group is labelled '\(sample.label ?? "")'; there are "
            + summary.groups.joined(separator: ", "),
          hint: "every label needs samples in the calibration split")
      }
      return group
    }
  }

  private func length(of sample: SampleTraits) throws -> Int {
    guard let tokens = sample.tokens else {
      throw SparsityError.unassignable(
        "a sample without tokens has no length to be assigned by",
        hint: "pass the tokens that routing may see")
    }
    return tokens.count
  }

  /// Returns the features that a sample is placed by.
  ///
  /// - Throws: ``SparsityError`` (`unassignable`) when the sample lacks what they are made of.
  public func features(of sample: SampleTraits) throws -> [Double] {
    if let transform, transform.options.kind == .bagOfTokens {
      guard let tokens = sample.tokens else {
        throw SparsityError.unassignable(
          "a sample without tokens cannot be assigned to a cluster of bags of tokens",
          hint: "pass the tokens that routing may see")
      }
      return try transform.features(tokens: tokens)
    }
    guard let transform, let moments = sample.moments else {
      throw SparsityError.unassignable(
        "a sample without activations cannot be assigned to a k-means cluster",
        hint: "capture the sample's route tokens first")
    }
    return try transform.features(moments: moments)
  }

  /// Returns the features of samples, shape [samples, dimension].
  ///
  /// - Parameters:
  ///   - samples: What samples are placed by.
  ///   - threads: How many threads share the work.
  /// - Throws: ``SparsityError`` (`unassignable`) when a sample lacks what features are made of.
  public func features(of samples: [SampleTraits], threads: Int) throws -> [Double] {
    try FeatureTransform.joined(samples.count, threads: threads) { try features(of: samples[$0]) }
  }
}
