import WinaTensor

extension Clustering {
  /// Clusters samples by their activations.
  ///
  /// - Parameters:
  ///   - moments: One vector of each sample, shape [samples, layers, channels]: mean |x| over the
  ///     route range, or rates.
  ///   - layout: The shape of a layer.
  ///   - norms: Column norms for the features.
  ///   - features: How activations become features.
  ///   - method: How features are clustered.
  ///   - threads: How many threads share the work; the result does not depend on it.
  /// - Throws: ``SparsityError``: `noData`, `tooFewDistinctSamples`, `outOfRange`, `notANumber`.
  public static func fit(
    moments: [Float], layout: CaptureLayout, norms: ColumnNorms, features: FeatureOptions,
    method: ClusterMethod, threads: Int = 1
  ) throws -> Clustering {
    let (fitted, rows) = try FeatureTransform.fit(
      moments: moments, layout: layout, norms: norms, options: features, threads: threads)
    return try fit(
      rows, of: moments.count / (layout.layers * layout.channels), by: fitted, method, threads)
  }

  /// Clusters samples by any vectors of equal length, such as embeddings.
  ///
  /// - Parameters:
  ///   - vectors: One vector a sample, shape [samples, width].
  ///   - width: The length of a vector.
  ///   - blocks: The parts of a vector that are normalised apart; their lengths add up to `width`.
  ///   - features: How vectors become features; layers and streams are not looked at.
  ///   - method: How features are clustered.
  ///   - threads: How many threads share the work; the result does not depend on it.
  /// - Throws: ``SparsityError``: `noData`, `tooFewDistinctSamples`, `outOfRange`, `notANumber`.
  public static func fit(
    vectors: [Float], width: Int, blocks: Int, features: FeatureOptions, method: ClusterMethod,
    threads: Int = 1
  ) throws -> Clustering {
    guard width > 0, !vectors.isEmpty, vectors.count % width == 0, width % max(blocks, 1) == 0
    else {
      throw SparsityError.noData("clustering")
    }
    let size = width / max(blocks, 1)
    let samples = vectors.count / width
    let (fitted, rows) = try FeatureTransform.fit(
      rows: (0..<samples).map { Array(vectors[($0 * width)..<(($0 + 1) * width)]) },
      options: features,
      blocks: (0..<max(blocks, 1)).map {
        FeatureBlock(source: ($0 * size)..<(($0 + 1) * size), scale: 1)
      }, weights: [Float](repeating: 1, count: width),
      threads: threads)
    return try fit(rows, of: samples, by: fitted, method, threads)
  }

  /// Clusters samples by their tokens: the control for clusters of activations.
  ///
  /// - Parameters:
  ///   - tokens: The tokens of each sample that routing may see.
  ///   - components: The number of principal components that features are reduced to; 0 keeps all.
  ///   - method: How features are clustered.
  ///   - threads: How many threads share the work; the result does not depend on it.
  /// - Throws: ``SparsityError``: `noData`, `tooFewDistinctSamples`, `outOfRange`.
  public static func fit(
    tokens: [[Int32]], components: Int, method: ClusterMethod, threads: Int = 1
  ) throws -> Clustering {
    let (fitted, rows) = try BagOfTokens.fit(tokens, components: components, threads: threads)
    return try fit(rows, of: tokens.count, by: fitted, method, threads)
  }

  /// Clusters samples by their activations with k-means++; see ``fit(moments:layout:norms:features:method:threads:)``.
  public static func kmeans(
    moments: [Float], layout: CaptureLayout, norms: ColumnNorms, features: FeatureOptions,
    options: KMeansOptions
  ) throws -> Clustering {
    try fit(
      moments: moments, layout: layout, norms: norms, features: features, method: .kmeans(options))
  }

  private static func fit(
    _ rows: [Double], of samples: Int, by fitted: FeatureTransform, _ method: ClusterMethod,
    _ threads: Int
  ) throws -> Clustering {
    guard fitted.dimension > 0 else { return try single(samples, fitted, method) }
    let labels: [Int]
    var centroids: [Double]
    var inertia: Double?
    switch method {
    case .kmeans(let options):
      let result = try KMeans.fit(
        rows, dimension: fitted.dimension, options: options, threads: threads)
      (labels, centroids, inertia) = (result.labels, result.centroids, result.inertia)
    case .agglomerative(let k, let linkage):
      labels = try AgglomerativeClusters.fit(
        rows, dimension: fitted.dimension, k: k, linkage: linkage)
      centroids = means(rows, labels, k: k, dimension: fitted.dimension)
    }
    let sizes = labels.reduce(into: [Int](repeating: 0, count: method.k)) { $0[$1] += 1 }
    return try Clustering(
      summary: Summary(
        algorithm: method.algorithm, groups: names(method.k), sizes: sizes, seed: method.seed,
        weights: nil, inertia: inertia),
      labels: labels, centroids: centroids, transform: fitted)
  }

  private static func means(
    _ rows: [Double], _ labels: [Int], k: Int, dimension: Int
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: k * dimension)
    var sizes = [Double](repeating: 0, count: k)
    for (row, label) in labels.enumerated() {
      sizes[label] += 1
      for column in 0..<dimension {
        sums[label * dimension + column] += rows[row * dimension + column]
      }
    }
    return sums.enumerated().map { $0.element / max(sizes[$0.offset / dimension], 1) }
  }

  /// Groups samples by the number of tokens that routing sees, in bins of about equal size.
  ///
  /// - Throws: ``SparsityError`` for no samples or fewer different lengths than bins.
  public static func lengthBins(_ lengths: [Int], bins: Int) throws -> Clustering {
    let edges = try LengthBins.edges(lengths, bins: bins)
    let labels = lengths.map { LengthBins.bin(of: $0, edges: edges) }
    let sizes = labels.reduce(into: [Int](repeating: 0, count: bins)) { $0[$1] += 1 }
    let bounds = [nil] + edges.map(Optional.some) + [nil]
    let groups = (0..<bins).map { bin -> String in
      switch (bounds[bin], bounds[bin + 1]) {
      case (nil, nil): "all"
      case (nil, let high?): "up to \(high)"
      case (let low?, let high?): "\(low + 1) to \(high)"
      case (let low?, nil): "\(low + 1) and more"
      }
    }
    return try Clustering(
      summary: Summary(
        algorithm: .lengthBins, groups: groups, sizes: sizes, seed: nil, weights: nil,
        inertia: nil, edges: edges),
      labels: labels, centroids: [], transform: nil)
  }

  /// Puts samples into random groups that are like a clustering in size and in length.
  ///
  /// Within every bin of lengths, groups are drawn by a keyed hash of the digest in the proportions that
  /// the clustering has there, so that sizes and numbers of tokens are matched in expectation.
  ///
  /// - Parameters:
  ///   - digests: The digests of the samples.
  ///   - lengths: The number of tokens of each that routing sees.
  ///   - members: The group of each in the clustering to be like.
  ///   - groups: The number of groups.
  ///   - seed: The key of the hash.
  /// - Throws: ``SparsityError`` for no samples or arrays of different lengths.
  public static func random(
    digests: [[UInt8]], lengths: [Int], like members: [Int], groups: Int, seed: UInt64
  ) throws -> Clustering {
    guard digests.count == lengths.count, lengths.count == members.count, !members.isEmpty else {
      throw SparsityError.shape(
        "the samples to be like", have: members.count, expected: digests.count)
    }
    let bins = min(10, Set(lengths).count)
    let edges = try LengthBins.edges(lengths, bins: bins)
    var weights = [[Int]](repeating: [Int](repeating: 0, count: groups), count: bins)
    for (length, member) in zip(lengths, members) {
      weights[LengthBins.bin(of: length, edges: edges)][member] += 1
    }
    let labels = zip(digests, lengths).map { digest, length in
      DigestHash.group(
        of: digest, sizes: weights[LengthBins.bin(of: length, edges: edges)], seed: seed)
    }
    let counts = labels.reduce(into: [Int](repeating: 0, count: groups)) { $0[$1] += 1 }
    let sizes = members.reduce(into: [Int](repeating: 0, count: groups)) { $0[$1] += 1 }
    return try Clustering(
      summary: Summary(
        algorithm: .random, groups: names(groups), sizes: counts, seed: seed, weights: sizes,
        inertia: nil, edges: edges, binWeights: weights),
      labels: labels, centroids: [], transform: nil)
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

  /// One cluster of samples whose features do not vary.
  private static func single(
    _ samples: Int, _ transform: FeatureTransform, _ method: ClusterMethod
  ) throws -> Clustering {
    guard method.k == 1 else {
      throw SparsityError(
        code: .tooFewDistinctSamples,
        message: "\(samples) samples with 1 distinct feature vector cannot form \(method.k) "
          + "clusters",
        hint: "use a smaller k, or more and more varied calibration samples")
    }
    return try Clustering(
      summary: Summary(
        algorithm: method.algorithm, groups: names(1), sizes: [samples], seed: method.seed,
        weights: nil,
        inertia: 0),
      labels: [Int](repeating: 0, count: samples), centroids: [], transform: transform)
  }

  private static func names(_ count: Int) -> [String] { (0..<count).map { "cluster-\($0)" } }
}
