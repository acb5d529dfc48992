import WinaPipeline
import WinaSparsity
import WinaStatistics
import WinaTensor

/// Clusters samples by features, with the number of clusters that the parameters give or choose.
struct ClusterFitter {
  let params: ClusterStage.TaskParams
  let tokens: [TokenizedShard]
  let captures: [CaptureArtifact]
  /// How many threads share the work; clusters do not depend on it.
  let threads: Int

  /// Clusters the samples and measures the clusters.
  ///
  /// - Parameters:
  ///   - heldTokens: The samples that the number of clusters is chosen on, if it is and features are
  ///     made of tokens.
  ///   - heldCaptures: Their captures, for other features.
  func fit(
    heldTokens: [TokenizedShard], heldCaptures: [CaptureArtifact]
  ) throws -> ClusteringArtifact {
    guard let candidates = params.candidates, let rule = params.rule else {
      return try measured(clusters(k: params.k ?? 1))
    }
    // Features do not depend on k, so one clustering gives the space of all.
    let first = try clusters(k: 1)
    let fitted = try first.featureRows(tokens, captures, threads: threads)
    let held = try first.featureRows(heldTokens, heldCaptures, threads: threads)
    let dimension = first.clustering.transform?.dimension ?? 0
    let path = try ClusterCount.choose(
      rule, among: candidates, fitted: fitted, held: held, dimension: dimension,
      seed: params.seed ?? 1
    ) { rows, k in
      try KMeans.fit(
        rows, dimension: dimension, options: options(k, starts: 5), threads: threads
      ).centroids
    }
    var artifact = try measured(clusters(k: path.first(where: \.isChosen)?.k ?? 1))
    artifact.report.candidates = path
    artifact.report.rule = rule
    artifact.report.chosenOn = dimension > 0 ? held.count / dimension : nil
    return artifact
  }

  /// Places both halves of every sample and compares their groups; `nil` without samples of two tokens.
  func halves(
    of artifact: ClusteringArtifact, _ first: [CaptureArtifact], _ second: [CaptureArtifact]
  ) throws -> ClusteringReport.HalvesReport? {
    func labels(
      _ half: RouteFeatures.Half, _ captures: [CaptureArtifact]
    ) throws -> [Int] {
      params.features?.isOfTokens == true
        ? try tokens.flatMap { shard in
          try shard.samples.indices.map {
            try artifact.clustering.assign(
              SampleTraits(tokens: half.members(of: shard.routingTokens(of: $0))))
          }
        }
        : try captures.flatMap { capture in
          try capture.digests.indices.map {
            try artifact.clustering.assign(SampleTraits(moments: capture.traits(of: $0)))
          }
        }
    }
    let (one, other) = (try labels(.first, first), try labels(.second, second))
    let lengths = tokens.flatMap { shard in
      shard.samples.indices.map { shard.routingTokens(of: $0).count }
    }
    let members = lengths.indices.filter { lengths[$0] > 1 }
    guard !members.isEmpty, one.count == lengths.count, other.count == lengths.count else {
      return nil
    }
    let whole = artifact.clustering.labels
    let halves = (one: members.map { one[$0] }, other: members.map { other[$0] })
    let alike = zip(halves.one, halves.other).count { $0 == $1 }
    let withWhole = members.reduce(0) {
      $0 + (one[$1] == whole[$1] ? 1 : 0) + (other[$1] == whole[$1] ? 1 : 0)
    }
    var report = ClusteringReport.HalvesReport(
      samples: members.count, agreement: Double(alike) / Double(members.count),
      rand: try PartitionSimilarity.adjustedRand(halves.one, halves.other),
      withWhole: Double(withWhole) / Double(2 * members.count))
    report.interval =
      members.count > 2 ? try PartitionJackknife(halves.one, halves.other).rand : nil
    return report
  }

  private func options(_ k: Int, starts: Int? = nil) -> KMeansOptions {
    KMeansOptions(
      k: k, seed: params.seed ?? 1,
      initialisations: min(params.initialisations ?? 20, starts ?? .max),
      isSpherical: params.algorithm == .sphericalKMeans)
  }

  private func clusters(k: Int) throws -> ClusteringArtifact {
    let method: ClusterMethod =
      params.algorithm == .agglomerative
      ? .agglomerative(k: k, linkage: params.linkage ?? .average) : .kmeans(options(k))
    if params.features?.isOfTokens == true {
      return try ClusteringArtifact.byTokens(
        tokens, components: params.components ?? 50, method: method, threads: threads)
    }
    return try ClusteringArtifact.byActivations(
      captures,
      features: FeatureOptions(
        kind: params.features, score: params.score ?? .wina,
        layers: params.layers.map { Array(0..<$0) },
        transform: params.features == nil ? .log1pMedian : .none,
        normalise: params.normalise ?? .l2, components: params.components ?? 50),
      method: method, threads: threads)
  }

  /// The pairs of subsamples that stability is taken of.
  private static let pairs = 5

  private func measured(_ artifact: ClusteringArtifact) throws -> ClusteringArtifact {
    var artifact = artifact
    guard let dimension = artifact.clustering.transform?.dimension, dimension > 0 else {
      return artifact
    }
    let rows = try artifact.featureRows(tokens, captures, threads: threads)
    artifact.report.validity = try ClusterValidity(
      rows, dimension: dimension, labels: artifact.clustering.labels)
    let k = artifact.groups.count
    guard params.algorithm != .agglomerative, k > 1, artifact.digests.count >= 4 * k else {
      return artifact
    }
    // Subsamples may lack distinct rows for k clusters; then there is no stability to speak of.
    artifact.report.stability = try? ClusterStability.subsampled(
      rows, dimension: dimension, pairs: Self.pairs, seed: params.seed ?? 1
    ) {
      try KMeans.fit(
        $0, dimension: dimension, options: options(k, starts: 3), threads: threads
      ).labels
    }
    return artifact
  }
}
