import Foundation
import WinaEvaluation
import WinaPipeline
import WinaStatistics

/// The numbers of every arm in every cell with their intervals.
struct ResultRows {
  let comparison: Comparison

  func rows() throws -> [ResultRow] {
    var rows: [ResultRow] = []
    for arm in comparison.scored where !arm.isRepetition {
      rows += try self.rows(of: arm)
    }
    return rows
  }

  private func rows(of arm: ScoredArm) throws -> [ResultRow] {
    let cell = comparison.cells[arm.cell]
    if let reason = arm.notApplicable {
      return [
        ResultRow(
          cell: cell, arm: arm.arm, metric: comparison.isChoices ? "acc" : comparison.name(of: .kl),
          value: nil, n: 0,
          note: reason)
      ]
    }
    let summary = ScoreSummary(arm.scores, cost: comparison.cost, divergence: arm.divergence)
    let intervals = try ArmIntervals(comparison, arm)
    let kinds = comparison.kinds
    return try summary.values.compactMap { value in
      guard value.metric.isReported(of: kinds) else { return nil }
      guard value.value.isFinite else {
        return ResultRow(
          cell: cell, arm: arm.arm, label: value.scope.label, metric: value.metric.rawValue,
          value: nil, n: value.count, note: "larger than a number can be")
      }
      let interval = try bounds(of: value, intervals).flatMap { low, high in
        low.isFinite && high.isFinite ? (low: low, high: high) : nil
      }
      return ResultRow(
        cell: cell, arm: arm.arm, label: value.scope.label, metric: value.metric.rawValue,
        value: value.value, low: interval?.low, high: interval?.high, n: value.count,
        note: arm.isSecondHalf ? value.metric.secondHalfNote : nil)
    }
  }

  /// The bounds of a metric that is a function of a ratio of sums.
  private func bounds(
    of value: MetricValue, _ intervals: ArmIntervals
  ) throws -> (low: Double, high: Double)? {
    // The macro perplexity is a mean of exponentials, which the interval of the mean is not of.
    guard let metric = value.metric.summed,
      value.metric != .perplexity || value.scope != .macro,
      let interval = try intervals.interval(of: metric, value.scope)
    else { return nil }
    switch value.metric {
    case .perplexity: return (exp(interval.low), exp(interval.high))
    case .bitsPerByte: return (interval.low / log(2), interval.high / log(2))
    case .paperMACsPerToken:
      return (
        comparison.cost.paperMACs(sparsity: interval.high),
        comparison.cost.paperMACs(sparsity: interval.low)
      )
    default: return (interval.low, interval.high)
    }
  }
}

/// A ratio of sums over samples that metrics are functions of.
private enum SummedMetric: CaseIterable {
  case kl, nll, nllPerByte, agreement, accuracy, normalizedAccuracy, gatedSparsity, sparsity, macs

  /// What a sample adds to the sum, and to what it is divided by.
  func sums(_ score: SampleScore, _ cost: CostModel) -> (sum: Double, count: Double) {
    let total = score.total
    func zeroed(over rows: Int) -> (Double, Double) {
      let share = cost.sparsity(used: score.usedWeights, gatedRows: score.gatedRows, over: rows)
      return (share * Double(rows), Double(rows))
    }
    switch self {
    case .kl: return (total.kl, Double(total.tokens))
    case .nll: return (total.nll, Double(total.tokens))
    case .nllPerByte: return (total.nll, Double(total.bytes))
    case .agreement: return (Double(total.agreements), Double(total.tokens))
    case .accuracy: return score.sums(.acc)
    case .normalizedAccuracy: return score.sums(.normalizedAccuracy)
    case .gatedSparsity: return zeroed(over: score.gatedRows)
    case .sparsity: return zeroed(over: score.rows)
    case .macs: return (score.macs.total, Double(score.rows))
    }
  }
}

/// The intervals of the metrics of one arm, all of the same resamples.
private struct ArmIntervals {
  private let comparison: Comparison
  private let arm: ScoredArm
  private let labels: LabelIndex
  private let metrics: [SummedMetric]
  /// Those to which only some of the samples add, as where kinds of samples are mixed.
  private let partial: [SummedMetric]
  /// Resamples within labels; `nil` where there are too few samples, or subjects are drawn together and a
  /// label has only one.
  private let bootstrap: SumBootstrap?

  init(_ comparison: Comparison, _ arm: ScoredArm) throws {
    self.comparison = comparison
    self.arm = arm
    let members = arm.scored
    labels = LabelIndex(members.map { arm.scores[$0].label })
    // A ratio that no sample adds to, such as bits of texts without bytes, has no interval.
    let adding = SummedMetric.allCases.map { metric in
      members.count { metric.sums(arm.scores[$0], comparison.cost).count > 0 }
    }
    // Bits per byte are not reported where all samples are multiple choice.
    let isRead = { (metric: SummedMetric) in
      metric != .nllPerByte || comparison.kinds.contains { $0 != .choices }
    }
    metrics = zip(SummedMetric.allCases, adding)
      .filter { $1 == members.count && isRead($0) }.map(\.0)
    partial = zip(SummedMetric.allCases, adding).filter { $1 > 0 && $1 < members.count }.map(\.0)
    guard members.count > 1, let strata = comparison.strata(members, of: arm) else {
      bootstrap = nil
      return
    }
    let columns = metrics.flatMap { metric in
      let sums = members.map { metric.sums(arm.scores[$0], comparison.cost) }
      return [sums.map(\.sum), sums.map(\.count)]
    }
    bootstrap = try SumBootstrap(
      columns: columns, strata: strata, units: comparison.units(members, of: arm),
      options: comparison.bootstrap, threads: comparison.options.threads)
  }

  func interval(
    of metric: SummedMetric, _ scope: MetricScope
  ) throws -> BootstrapInterval? {
    guard let place = metrics.firstIndex(of: metric) else {
      return partial.contains(metric) ? try alone(metric, scope) : nil
    }
    guard let bootstrap else { return try alone(metric, scope) }
    switch scope {
    case .micro: return try bootstrap.ratio(2 * place, 2 * place + 1)
    case .macro: return try bootstrap.macroRatio(2 * place, 2 * place + 1)
    case .label(let label):
      guard let stratum = labels.names.firstIndex(of: label),
        labels.indices.count(where: { $0 == stratum }) > 1
      else { return nil }
      return try bootstrap.ratio(2 * place, 2 * place + 1, in: stratum)
    }
  }

  /// The interval of one scope by itself, where labels are not what is resampled within.
  private func alone(
    _ metric: SummedMetric, _ scope: MetricScope
  ) throws -> BootstrapInterval? {
    let members = arm.scored.filter { index in
      guard metric.sums(arm.scores[index], comparison.cost).count > 0 else { return false }
      return if case .label(let label) = scope { arm.scores[index].label == label } else { true }
    }
    guard scope != .macro, members.count > 1 else { return nil }
    let sums = members.map { metric.sums(arm.scores[$0], comparison.cost) }
    return try comparison.interval(
      sums.map(\.sum), over: sums.map(\.count), members: members, of: arm)
  }
}

/// Small integers for labels, in the order of their names.
struct LabelIndex {
  let names: [String]
  let indices: [Int]

  init(_ labels: [String]) {
    names = Set(labels).sorted()
    let positions = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
    indices = labels.map { positions[$0] ?? 0 }
  }
}

extension MetricScope {
  /// The label of result rows: none for all samples.
  fileprivate var label: String? {
    switch self {
    case .micro: nil
    case .macro: "macro"
    case .label(let label): label
    }
  }
}

extension EvaluationMetric {
  /// Whether the metric says something of samples of some kinds.
  fileprivate func isReported(of kinds: Set<TokenizedSample.Kind>) -> Bool {
    switch self {
    case .accuracy: kinds.contains { $0 != .document }
    case .normalizedAccuracy: kinds.contains(.choices)
    case .perplexity, .bitsPerByte: kinds.contains { $0 != .choices }
    default: true
    }
  }

  /// What to know of the metric where a profile was chosen on the first half of the tokens.
  fileprivate var secondHalfNote: String? {
    switch self {
    case .kl, .klTop64, .nll, .perplexity, .bitsPerByte, .agreement:
      "over the second half of the scored tokens; the profile was chosen on the first"
    case .accuracy, .normalizedAccuracy:
      "over whole samples, on part of which the profile was chosen"
    default: nil
    }
  }

  /// The ratio of sums that this one is a function of.
  fileprivate var summed: SummedMetric? {
    switch self {
    case .kl, .klTop64: .kl
    case .nll, .perplexity: .nll
    case .bitsPerByte: .nllPerByte
    case .agreement: .agreement
    case .accuracy: .accuracy
    case .normalizedAccuracy: .normalizedAccuracy
    case .gatedSparsity, .paperMACsPerToken: .gatedSparsity
    case .sparsity: .sparsity
    case .macsPerToken: .macs
    case .itemPerplexity: nil
    }
  }
}
