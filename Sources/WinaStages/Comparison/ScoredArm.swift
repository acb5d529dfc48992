import WinaEvaluation
import WinaPipeline

/// The scores of one arm in one cell, all shards together in their order.
struct ScoredArm {
  var cell: Int
  var arm: String
  /// Which repetition of the controls, or `nil` for the spec's own seeds.
  var control: Int?
  /// Which other seed of a stage, or `nil` for the spec's own.
  var seed: Int?
  var digests: [ContentDigest]
  var scores: [SampleScore]
  var groups: [Int]
  /// The probability of each sample's most probable group, for routes by a classifier.
  var confidences: [Double]
  var divergence: EvaluationMetric?
  /// Why the arm has no scores, such as a sparsity that its score cannot reach.
  var notApplicable: String?
  /// Whether only the second half of the scored tokens counts, as for arms with `route: best`.
  let isSecondHalf: Bool
  /// The realised sparsity over gated tokens.
  let sparsity: Double
  /// MACs of all forward passes per row.
  let macsPerToken: Double

  init(
    cell: Int, arm: String, control: Int?, seed: Int? = nil, shards: [EvaluationShard],
    cost: CostModel, isSecondHalf: Bool = false
  ) {
    self.cell = cell
    self.arm = arm
    self.control = control
    self.seed = seed
    self.isSecondHalf = isSecondHalf
    digests = shards.flatMap(\.digests)
    let scores = shards.flatMap(\.scores)
    self.scores = scores
    groups = shards.flatMap(\.groups)
    confidences = shards.flatMap(\.confidences)
    divergence = shards.first?.divergence
    notApplicable =
      shards.lazy.compactMap(\.notApplicable).first
      ?? (isSecondHalf && !scores.isEmpty && scores.allSatisfy(\.isSkipped)
        ? "no sample has two scored tokens, one to choose a profile by and one to score" : nil)
    sparsity =
      ScoreSummary(scores, cost: cost, divergence: divergence)[.gatedSparsity]?.value ?? 0
    let rows = scores.reduce(0) { $0 + $1.rows }
    macsPerToken = rows == 0 ? 0 : scores.reduce(0) { $0 + $1.macs.total } / Double(rows)
  }

  /// Whether the arm is repeated with a seed that is not the spec's.
  var isRepetition: Bool { control != nil || seed != nil }

  /// The positions of samples that were scored.
  var scored: [Int] { scores.indices.filter { !scores[$0].isSkipped } }

  /// Returns, for a sample, the sum that a metric is the mean of, over all its scored tokens or over
  /// the second half of them.
  func sums(
    _ metric: CompareStage.Primary.Metric, of sample: Int, secondHalf: Bool
  ) -> (sum: Double, count: Double) {
    (secondHalf ? scores[sample].secondHalfOnly() : scores[sample]).sums(metric)
  }
}

extension SampleScore {
  /// The sum that a metric is the mean of, and how many it is the sum over: none where samples of the
  /// kind have no such metric.
  func sums(_ metric: CompareStage.Primary.Metric) -> (sum: Double, count: Double) {
    switch metric {
    case .kl: (total.kl, Double(total.tokens))
    case .nll: (total.nll, Double(total.tokens))
    case .acc: kind == .document ? (0, 0) : (Double(accuracy), 1)
    case .normalizedAccuracy: kind == .choices ? (Double(normalizedAccuracy), 1) : (0, 0)
    }
  }
}

extension CompareStage.Primary.Metric {
  /// Whether larger values are better.
  var isHigherBetter: Bool { self == .acc || self == .normalizedAccuracy }

  /// The unit, for sentences.
  var unit: String { isHigherBetter ? "" : " nats per token" }
}
