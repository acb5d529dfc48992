import WinaEvaluation
import WinaPipeline

/// The scores of one arm in one cell, all shards together in their order.
struct ScoredArm {
  var cell: Int
  var arm: String
  /// Which repetition of the controls, or `nil` for the spec's own seeds.
  var control: Int?
  var digests: [ContentDigest]
  var scores: [SampleScore]
  var groups: [Int]
  var divergence: EvaluationMetric?
  /// Why the arm has no scores, such as a sparsity that its score cannot reach.
  var notApplicable: String?
  /// Whether only the second half of the scored tokens counts.
  var isSecondHalf: Bool

  init(cell: Int, arm: String, control: Int?, shards: [EvaluationShard]) {
    self.cell = cell
    self.arm = arm
    self.control = control
    digests = shards.flatMap(\.digests)
    scores = shards.flatMap(\.scores)
    groups = shards.flatMap(\.groups)
    divergence = shards.first?.divergence
    notApplicable = shards.lazy.compactMap(\.notApplicable).first
    isSecondHalf = false
  }

  /// The positions of samples that were scored.
  var scored: [Int] { scores.indices.filter { !scores[$0].isSkipped } }

  /// MACs of all forward passes over all their rows.
  var macsPerToken: Double {
    let rows = scores.reduce(0) { $0 + $1.rows }
    return rows == 0 ? 0 : scores.reduce(0) { $0 + $1.macs.total } / Double(rows)
  }
}

extension SampleScore {
  /// The sum that a metric is the mean of, and how many it is the sum over.
  func sums(_ metric: CompareStage.Primary.Metric) -> (sum: Double, count: Double) {
    switch metric {
    case .kl: (total.kl, Double(total.tokens))
    case .nll: (total.nll, Double(total.tokens))
    case .acc: (Double(accuracy), 1)
    case .normalizedAccuracy: (Double(normalizedAccuracy), 1)
    }
  }
}

extension CompareStage.Primary.Metric {
  /// Whether larger values are better.
  var isHigherBetter: Bool { self == .acc || self == .normalizedAccuracy }

  /// The unit, for sentences.
  var unit: String { isHigherBetter ? "" : " nats per token" }
}
