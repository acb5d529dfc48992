import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaTensor

/// What a router looks at.
public struct RouterFeatures: Codable, Sendable, Hashable {
  /// The kinds of features.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// The mean embedding of the routing tokens: a table look-up, known before the first layer.
    case embedding
    /// The hidden state after some layers.
    case hidden
    /// How often channels of the first layers exceed pooled thresholds.
    case earlyLayers = "early_layers"
    /// Hashed tokens and pairs of tokens: the control.
    case ngrams
  }

  /// Which tokens a hidden state is taken from.
  public enum Pooling: String, Codable, Sendable, CaseIterable {
    case mean, last, both
  }

  /// The kind.
  public var kind: Kind
  /// The layers that are run (`hidden`, `early_layers`).
  public var layers: Int?
  /// Which tokens count (`hidden`).
  public var pooling: Pooling?
  /// The buckets of the hash (`ngrams`).
  public var buckets: Int?
  /// The pooled quantile that |x| must exceed (`early_layers`).
  public var sparsity: Double?

  /// Describes features.
  public init(
    kind: Kind, layers: Int? = nil, pooling: Pooling? = nil, buckets: Int? = nil,
    sparsity: Double? = nil
  ) {
    self.kind = kind
    self.layers = layers
    self.pooling = pooling
    self.buckets = buckets
    self.sparsity = sparsity
  }

  /// Whether the model must run, so that features are made shard by shard and kept.
  var runsModel: Bool { kind == .hidden || kind == .earlyLayers }
}

/// Makes the features of samples, the same when a router is trained and when it routes.
struct FeatureExtractor {
  let features: RouterFeatures
  /// Thresholds of |x| by layer and stream, shape [layers, 4]; empty but for `early_layers`.
  let thresholds: [Float]

  /// The tokens that go through the model together.
  private static let rowsOfBatch = 384

  /// Takes the pooled quantiles of |x| of the first layers as thresholds.
  static func thresholds(
    of histograms: HistogramSet, layers: Int, sparsity: Double
  ) throws -> [Float] {
    try (0..<layers).flatMap { layer in
      try ActivationStream.allCases.map { stream in
        Float(
          try histograms.quantile(group: nil, layer: layer, slot: .stream(stream), sparsity))
      }
    }
  }

  /// Returns the features of every sample of a shard; they do not depend on which samples go through
  /// the model together.
  func rows(
    of shard: TokenizedShard, _ language: LanguageModel, _ context: any StageContext
  ) throws -> FeatureRows {
    let samples = shard.samples.indices.map { shard.routingTokens(of: $0) }
    switch features.kind {
    case .embedding:
      return try FeatureRows(
        samples.flatMap { try language.embedding(of: $0).map(Double.init) }, count: samples.count)
    case .ngrams:
      return try HashedNgrams.features(samples, buckets: features.buckets ?? 1)
    case .hidden, .earlyLayers:
      return try FeatureRows(
        run(samples, shard.policy, language, context).flatMap(\.self), count: samples.count)
    }
  }

  /// The multiply-accumulates of making the features of a sample, beyond what scoring it costs anyway.
  ///
  /// The first tokens of a document are dense in every arm, so the first layers have run already; those
  /// of a prompt run once more, because the arm gates them. Look-ups and sums are not counted.
  func macs(of sample: TokenizedSample, _ policy: EvaluationPolicy, _ cost: CostModel) -> Double {
    guard features.runsModel, sample.kind != .document else { return 0 }
    let share = Double(features.layers ?? 0) / Double(cost.shape.layers)
    let rows = sample.routingTokens(policy).count
    let keys = CostModel.attendedKeys(rows: rows)
    return share * (cost.linearMACs * Double(rows) + cost.attentionMACs(attendedKeys: keys))
  }

  private func run(
    _ samples: [[Int32]], _ policy: EvaluationPolicy, _ language: LanguageModel,
    _ context: any StageContext
  ) throws -> [[Double]] {
    let layers = features.layers ?? 1
    guard (1...language.configuration.layers).contains(layers) else {
      throw ArtifactError(
        "features of the first \(layers) layers need as many, but the model has "
          + "\(language.configuration.layers): use fewer 'layers'")
    }
    let workspace = ForwardWorkspace()
    var rows: [[Double]] = []
    var first = 0
    while first < samples.count {
      try context.checkCancellation()
      var (end, count) = (first, 0)
      while end < samples.count, end == first || count + samples[end].count <= Self.rowsOfBatch {
        count += samples[end].count
        end += 1
      }
      rows += try batch(Array(samples[first..<end]), layers, policy, language, workspace)
      first = end
      context.progress(end, of: samples.count)
    }
    return rows
  }

  /// The features of samples that go through the model together; those without tokens are zero.
  private func batch(
    _ samples: [[Int32]], _ layers: Int, _ policy: EvaluationPolicy, _ language: LanguageModel,
    _ workspace: ForwardWorkspace
  ) throws -> [[Double]] {
    let fed = samples.indices.filter { !samples[$0].isEmpty }
    let request = ForwardRequest(
      logitRows: .none, keepHidden: features.kind == .hidden, stopAfterLayer: layers - 1)
    let parts = fed.map { index in
      SequencePart(
        tokens: Array(samples[index].suffix(language.configuration.contextLength)),
        request: request)
    }
    // The dense prefix is left out, whose outliers would drown everything else.
    let starts = parts.map { $0.tokens.count > policy.densePrefix ? policy.densePrefix : 0 }
    var rates = fed.map { _ in [Double]() }
    let results = try language.forward(parts, workspace: workspace) { part, point, block in
      guard features.kind == .earlyLayers, case .stream(let stream, let layer) = point else {
        return
      }
      let place = layer * ActivationStream.allCases.count + stream.position
      rates[part] += exceedances(block, from: starts[part], above: thresholds[place])
    }
    var rows = [[Double]](
      repeating: [Double](repeating: 0, count: width(language.configuration)),
      count: samples.count)
    for (part, index) in fed.enumerated() {
      rows[index] =
        features.kind == .earlyLayers
        ? rates[part]
        : pooled(results[part].hidden[layers], from: starts[part], language.configuration.hidden)
    }
    return rows
  }

  private func width(_ configuration: ModelConfiguration) -> Int {
    switch features.kind {
    case .hidden: configuration.hidden * (features.pooling == .both ? 2 : 1)
    default:
      (features.layers ?? 0)
        * ActivationStream.allCases.reduce(0) { $0 + configuration.width(of: $1) }
    }
  }

  /// The share of rows at which each channel exceeds a threshold.
  private func exceedances(
    _ block: ActivationBlock, from start: Int, above threshold: Float
  ) -> [Double] {
    var counts = [Double](repeating: 0, count: block.columns)
    for row in start..<block.rows {
      for column in 0..<block.columns
      where abs(block.values[row * block.columns + column]) > threshold { counts[column] += 1 }
    }
    return counts.map { $0 / Double(block.rows - start) }
  }

  private func pooled(_ hidden: [Float], from start: Int, _ width: Int) -> [Double] {
    let rows = hidden.count / width
    let last = hidden[((rows - 1) * width)...].map(Double.init)
    guard features.pooling != .last else { return last }
    var mean = [Double](repeating: 0, count: width)
    for row in start..<rows {
      for column in 0..<width { mean[column] += Double(hidden[row * width + column]) }
    }
    for column in 0..<width { mean[column] /= Double(rows - start) }
    return features.pooling == .both ? mean + last : mean
  }
}

extension ActivationStream {
  /// The position among all streams.
  fileprivate var position: Int { ActivationStream.allCases.firstIndex(of: self) ?? 0 }
}
