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
    return try summary.values.compactMap { value in
      guard value.metric.isReported(inChoices: comparison.isChoices) else { return nil }
      let interval = try interval(of: value, in: arm)
      return ResultRow(
        cell: cell, arm: arm.arm, label: value.scope.label, metric: value.metric.rawValue,
        value: value.value, low: interval?.low, high: interval?.high, n: value.count,
        note: arm.isSecondHalf ? value.metric.secondHalfNote : nil)
    }
  }

  /// The interval of a metric that is a ratio of sums, resampling samples within labels.
  private func interval(
    of value: MetricValue, in arm: ScoredArm
  ) throws -> (low: Double, high: Double)? {
    let members = arm.scored.filter { index in
      if case .label(let label) = value.scope { arm.scores[index].label == label } else { true }
    }
    guard members.count > 1, let metric = value.metric.summed else { return nil }
    let sums = members.map { arm.scores[$0].sums(metric) }
    let interval: BootstrapInterval?
    if value.scope == .macro {
      guard comparison.strata(members, of: arm) != nil else { return nil }
      interval = try Bootstrap.macroRatio(
        numerators: sums.map(\.sum), denominators: sums.map(\.count),
        strata: LabelIndex(members.map { arm.scores[$0].label }).indices,
        units: comparison.units(members, of: arm), options: comparison.bootstrap)
    } else {
      interval = try comparison.interval(
        sums.map(\.sum), over: sums.map(\.count), members: members, of: arm)
    }
    guard let interval else { return nil }
    // The macro perplexity is a mean of exponentials, which the interval of the mean is not of.
    if value.metric == .perplexity {
      guard value.scope != .macro else { return nil }
      return (exp(interval.low), exp(interval.high))
    }
    return (interval.low, interval.high)
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
  fileprivate func isReported(inChoices: Bool) -> Bool {
    switch self {
    case .accuracy, .normalizedAccuracy: inChoices
    case .perplexity, .bitsPerByte: !inChoices
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

  /// The metric whose sums this one is a function of.
  fileprivate var summed: CompareStage.Primary.Metric? {
    switch self {
    case .kl, .klTop64: .kl
    case .nll, .perplexity: .nll
    case .accuracy: .acc
    case .normalizedAccuracy: .normalizedAccuracy
    default: nil
    }
  }
}
