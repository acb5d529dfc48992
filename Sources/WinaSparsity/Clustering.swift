import WinaTensor

/// How samples are put into groups.
public enum ClusterAlgorithm: String, Codable, Sendable, CaseIterable {
  /// k-means++ on features of the activations.
  case kmeans
  /// A keyed hash of the sample's digest.
  case random
  /// The sample's label.
  case label
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
    let expected = summary.algorithm == .kmeans ? count * (transform?.dimension ?? -1) : 0
    guard centroids.count == expected else {
      throw SparsityError.shape("the centroids", have: centroids.count, expected: expected)
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

  /// Clusters samples by their activations with k-means++.
  ///
  /// - Parameters:
  ///   - moments: Mean |x| over the route range, shape [samples, layers, channels].
  ///   - layout: The shape of a layer.
  ///   - norms: Column norms for the features.
  ///   - features: How activations become features.
  ///   - options: How to run k-means.
  /// - Throws: ``SparsityError``: `noData`, `tooFewDistinctSamples`, `outOfRange`, `notANumber`.
  public static func kmeans(
    moments: [Float], layout: CaptureLayout, norms: ColumnNorms, features: FeatureOptions,
    options: KMeansOptions
  ) throws -> Clustering {
    let (fitted, rows) = try FeatureTransform.fit(
      moments: moments, layout: layout, norms: norms, options: features)
    return try kmeans(
      rows, of: moments.count / (layout.layers * layout.channels), by: fitted, options)
  }

  /// Clusters samples by their tokens with k-means++: the control for clusters of activations.
  ///
  /// - Parameters:
  ///   - tokens: The tokens of each sample that routing may see.
  ///   - components: The number of principal components that features are reduced to; 0 keeps all.
  ///   - options: How to run k-means.
  /// - Throws: ``SparsityError``: `noData`, `tooFewDistinctSamples`, `outOfRange`.
  public static func kmeans(
    tokens: [[Int32]], components: Int, options: KMeansOptions
  ) throws -> Clustering {
    let (fitted, rows) = try BagOfTokens.fit(tokens, components: components)
    return try kmeans(rows, of: tokens.count, by: fitted, options)
  }

  private static func kmeans(
    _ rows: [Double], of samples: Int, by fitted: FeatureTransform, _ options: KMeansOptions
  ) throws -> Clustering {
    guard fitted.dimension > 0 else { return try single(samples, fitted, options) }
    let result = try KMeans.fit(rows, dimension: fitted.dimension, options: options)
    let sizes = result.labels.reduce(into: [Int](repeating: 0, count: options.k)) { $0[$1] += 1 }
    return try Clustering(
      summary: Summary(
        algorithm: .kmeans, groups: names(options.k), sizes: sizes, seed: options.seed,
        weights: nil, inertia: result.inertia),
      labels: result.labels, centroids: result.centroids, transform: fitted)
  }

  /// Puts samples into groups by a keyed hash of their digests.
  ///
  /// A sample's group is a function of its digest, the seed and the sizes alone. Groups have the
  /// given sizes in expectation.
  ///
  /// - Parameters:
  ///   - digests: The digests of the fitted samples.
  ///   - sizes: The sizes of the clustering to be like.
  ///   - seed: The key of the hash.
  /// - Throws: ``SparsityError`` when no size is positive.
  public static func random(digests: [[UInt8]], like sizes: [Int], seed: UInt64) throws
    -> Clustering
  {
    guard sizes.allSatisfy({ $0 >= 0 }), sizes.reduce(0, +) > 0 else {
      throw SparsityError.noData("random groups like a clustering")
    }
    let labels = digests.map { DigestHash.group(of: $0, sizes: sizes, seed: seed) }
    let counts = labels.reduce(into: [Int](repeating: 0, count: sizes.count)) { $0[$1] += 1 }
    return try Clustering(
      summary: Summary(
        algorithm: .random, groups: names(sizes.count), sizes: counts, seed: seed, weights: sizes,
        inertia: nil),
      labels: labels, centroids: [], transform: nil)
  }

  /// Groups samples by label, groups in ascending order of label.
  ///
  /// - Throws: ``SparsityError`` for no samples.
  public static func byLabel(_ labels: [String]) throws -> Clustering {
    guard !labels.isEmpty else { throw SparsityError.noData("label groups") }
    let groups = Set(labels).sorted()
    let index = Dictionary(uniqueKeysWithValues: zip(groups, groups.indices))
    let members = labels.map { index[$0, default: 0] }
    let sizes = members.reduce(into: [Int](repeating: 0, count: groups.count)) { $0[$1] += 1 }
    return try Clustering(
      summary: Summary(
        algorithm: .label, groups: groups, sizes: sizes, seed: nil, weights: nil, inertia: nil),
      labels: members, centroids: [], transform: nil)
  }

  /// Returns the group of a sample, fitted or new.
  ///
  /// - Throws: ``SparsityError`` (`unassignable`) when the sample lacks what the rule looks at or
  ///   has a label that no group has.
  public func assign(_ sample: SampleTraits) throws -> Int {
    switch summary.algorithm {
    case .kmeans:
      return KMeans.nearest(try features(of: sample), centroids: centroids)
    case .random:
      guard let sizes = summary.weights, let seed = summary.seed, !sample.digest.isEmpty else {
        throw SparsityError.unassignable(
          "a sample without a digest cannot be assigned to a random group",
          hint: "pass the digest of the sample from the inventory")
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

  func features(of sample: SampleTraits) throws -> [Double] {
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

  /// One cluster of samples whose features do not vary.
  private static func single(
    _ samples: Int, _ transform: FeatureTransform, _ options: KMeansOptions
  ) throws -> Clustering {
    guard options.k == 1 else {
      throw SparsityError(
        code: .tooFewDistinctSamples,
        message: "\(samples) samples with 1 distinct feature vector cannot form \(options.k) "
          + "clusters",
        hint: "use a smaller k, or more and more varied calibration samples")
    }
    return try Clustering(
      summary: Summary(
        algorithm: .kmeans, groups: names(1), sizes: [samples], seed: options.seed, weights: nil,
        inertia: 0),
      labels: [Int](repeating: 0, count: samples), centroids: [], transform: transform)
  }

  private static func names(_ count: Int) -> [String] { (0..<count).map { "cluster-\($0)" } }
}
