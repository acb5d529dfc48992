import Foundation

/// A metric that per-sample sums are turned into.
public enum EvaluationMetric: String, Sendable, Hashable, CaseIterable {
  /// The exponential of the mean negative log-likelihood per scored token.
  case perplexity
  /// The exponential of the mean negative log-likelihood per continuation, however many tokens it
  /// has: what the harness calls the perplexity of LAMBADA.
  case itemPerplexity = "item_perplexity"
  /// The mean negative log-likelihood per scored token, in nats.
  case nll
  /// The mean divergence from the dense arm per scored token, in nats, over the whole vocabulary.
  case kl
  /// The same over the dense arm's 64 likeliest tokens and the rest as one.
  case klTop64 = "kl_top64"
  /// The negative log-likelihood in bits per UTF-8 byte.
  case bitsPerByte = "bits_per_byte"
  /// The fraction of scored tokens at which the likeliest token is the dense arm's.
  case agreement
  /// Accuracy.
  case accuracy = "acc"
  /// Accuracy with log-likelihoods per character.
  case normalizedAccuracy = "acc_norm"
  /// The parameter-weighted fraction of zeroed coordinates over gated tokens.
  case gatedSparsity = "sparsity_gated"
  /// The same over all tokens.
  case sparsity = "sparsity_all"
  /// All MACs per token that was run, in the full convention.
  case macsPerToken = "macs_per_token"
  /// The paper's MACs per token, at the sparsity over gated tokens.
  case paperMACsPerToken = "paper_macs_per_token"
}

/// What a metric was computed over.
public enum MetricScope: Sendable, Hashable {
  /// All samples pooled.
  case micro
  /// The unweighted mean of the labels' values.
  case macro
  /// The samples of one label.
  case label(String)

  /// `micro`, `macro` or the label.
  public var name: String {
    switch self {
    case .micro: "micro"
    case .macro: "macro"
    case .label(let label): label
    }
  }
}

/// One number of a summary.
public struct MetricValue: Sendable, Hashable {
  /// What was measured.
  public var metric: EvaluationMetric
  /// Over which samples.
  public var scope: MetricScope
  /// The value.
  public var value: Double
  /// The standard error, for accuracies within one scope.
  public var standardError: Double?
  /// The number of samples, without skipped ones.
  public var count: Int
}

/// The metrics of one arm, computed from its per-sample sums.
public struct ScoreSummary: Sendable, Hashable {
  /// Every metric that applies, by scope: micro, macro, then the labels in order of their names.
  public let values: [MetricValue]
  /// The samples that were scored.
  public let count: Int
  /// The documents that were too short to be scored.
  public let skipped: Int

  /// Summarises scores.
  ///
  /// - Parameters:
  ///   - scores: The scores of one arm, in any order.
  ///   - cost: The cost model of the arm's model.
  ///   - divergence: The name under which divergences are reported (``DenseReference/metric``);
  ///     `nil` if there was no reference.
  public init(_ scores: [SampleScore], cost: CostModel, divergence: EvaluationMetric?) {
    let scored = scores.filter { !$0.isSkipped }
    var byLabel: [String: [SampleScore]] = [:]
    for score in scored { byLabel[score.label, default: []].append(score) }
    let labels = byLabel.keys.sorted().map { label in
      metrics(
        of: byLabel[label] ?? [], scope: .label(label), cost: cost, divergence: divergence)
    }
    let micro = metrics(of: scored, scope: .micro, cost: cost, divergence: divergence)
    let macro = EvaluationMetric.allCases.compactMap { metric -> MetricValue? in
      let values = labels.compactMap { $0.first { $0.metric == metric } }
      guard !values.isEmpty else { return nil }
      return MetricValue(
        metric: metric, scope: .macro,
        value: values.reduce(0) { $0 + $1.value } / Double(values.count),
        count: values.reduce(0) { $0 + $1.count })
    }
    values = micro + macro + labels.flatMap(\.self)
    count = scored.count
    skipped = scores.count - scored.count
  }

  /// Returns one value, or `nil` if the metric does not apply there.
  public subscript(_ metric: EvaluationMetric, _ scope: MetricScope = .micro) -> MetricValue? {
    values.first { $0.metric == metric && $0.scope == scope }
  }
}

/// Returns the metrics of a set of scores, in the order of the metrics' declaration.
private func metrics(
  of scores: [SampleScore], scope: MetricScope, cost: CostModel, divergence: EvaluationMetric?
) -> [MetricValue] {
  guard !scores.isEmpty else { return [] }
  var result: [MetricValue] = []
  func add(_ metric: EvaluationMetric, _ value: Double, _ error: Double? = nil, _ count: Int) {
    result.append(
      MetricValue(
        metric: metric, scope: scope, value: value, standardError: error, count: count))
  }

  let sums = scores.reduce(TokenSums.zero) { $0 + $1.total }
  let tokens = Double(sums.tokens)
  add(.perplexity, exp(sums.nll / tokens), nil, scores.count)
  if scores.allSatisfy({ $0.kind == .continuation }) {
    add(.itemPerplexity, exp(sums.nll / Double(scores.count)), nil, scores.count)
  }
  add(.nll, sums.nll / tokens, nil, scores.count)
  if let divergence {
    add(divergence, sums.kl / tokens, nil, scores.count)
  }
  if sums.bytes > 0 {
    add(.bitsPerByte, sums.nll / Double(sums.bytes) / log(2), nil, scores.count)
  }
  if divergence != nil {
    add(.agreement, Double(sums.agreements) / tokens, nil, scores.count)
  }
  let answered = scores.filter { $0.kind != .document }
  if let accuracy = MeanEstimate(answered.map { Double($0.accuracy) }) {
    add(.accuracy, accuracy.mean, accuracy.standardError, accuracy.count)
  }
  let chosen = scores.filter { $0.kind == .choices }
  if let accuracy = MeanEstimate(chosen.map { Double($0.normalizedAccuracy) }) {
    add(.normalizedAccuracy, accuracy.mean, accuracy.standardError, accuracy.count)
  }
  let rows = scores.reduce(0) { $0 + $1.rows }
  let gated = scores.reduce(0) { $0 + $1.gatedRows }
  let used = summedWeights(scores)
  let sparsity = cost.sparsity(used: used, gatedRows: gated, over: gated)
  add(.gatedSparsity, sparsity, nil, scores.count)
  add(
    .sparsity, cost.sparsity(used: used, gatedRows: gated, over: rows), nil, scores.count)
  let macs = scores.reduce(0) { $0 + $1.macs.total }
  add(.macsPerToken, macs / Double(rows), nil, scores.count)
  add(.paperMACsPerToken, cost.paperMACs(sparsity: sparsity), nil, scores.count)
  return result
}

/// Returns the weights used by all samples per (layer, projection), or nothing if none was gated.
private func summedWeights(_ scores: [SampleScore]) -> [UInt64] {
  var total: [UInt64] = []
  for score in scores where !score.usedWeights.isEmpty {
    if total.isEmpty { total = [UInt64](repeating: 0, count: score.usedWeights.count) }
    for index in total.indices { total[index] += score.usedWeights[index] }
  }
  return total
}
