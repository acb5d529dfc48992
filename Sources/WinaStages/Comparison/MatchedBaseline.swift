import WinaEvaluation
import WinaPipeline

/// A baseline's per-sample sums at the compute of another arm.
///
/// The baseline's sums are interpolated between the two cells of its sweep whose realised MACs per
/// token lie on both sides of the arm's. Outside its curve there is a match only where the realised
/// sparsities differ by at most half a point.
struct MatchedBaseline {
  /// Per sample, the sum of the metric.
  var sums: [Double]
  /// How the match was made, for the report.
  var note: String
  /// Whether the sums are those of one cell as they are.
  var isExact: Bool

  /// The largest difference in sparsity, as a fraction, that counts as equal.
  static let tolerance = 0.005

  init?(
    _ comparison: Comparison, arm: ScoredArm, baseline: ScoredArm,
    metric: CompareStage.Primary.Metric
  ) {
    func sums(_ scored: ScoredArm) -> [Double] {
      zip(scored.scores, arm.scores).map { own, other in
        (arm.isSecondHalf ? own.secondHalfOnly() : own).sums(metric).sum
      }
    }
    let target = arm.macsPerToken
    let curve = MatchedBaseline.curve(comparison, baseline).sorted {
      $0.macsPerToken < $1.macsPerToken
    }
    let gap = comparison.sparsity(arm) - comparison.sparsity(baseline)
    if abs(target - baseline.macsPerToken) <= 1e-9 * target {
      self.init(sums: sums(baseline), note: "equal MACs", isExact: true)
      return
    }
    for (low, high) in zip(curve, curve.dropFirst())
    where low.macsPerToken <= target && target <= high.macsPerToken {
      let span = high.macsPerToken - low.macsPerToken
      let weight = span > 0 ? (target - low.macsPerToken) / span : 0
      self.init(
        sums: zip(sums(low), sums(high)).map { $0 * (1 - weight) + $1 * weight },
        note: "baseline interpolated to equal MACs", isExact: false)
      return
    }
    guard abs(gap) <= MatchedBaseline.tolerance else { return nil }
    self.init(
      sums: sums(baseline),
      note: "sparsity differs by \(MatchedBaseline.points(gap)), within half a point",
      isExact: true)
  }

  private init(sums: [Double], note: String, isExact: Bool) {
    self.sums = sums
    self.note = note
    self.isExact = isExact
  }

  /// The cells of the baseline that differ from its own on one axis: the one on which its compute
  /// varies most.
  private static func curve(_ comparison: Comparison, _ baseline: ScoredArm) -> [ScoredArm] {
    let own = comparison.cells[baseline.cell]
    var best: [ScoredArm] = [baseline]
    for axis in own.keys.sorted() {
      let others = comparison.scored.filter { candidate in
        let cell = comparison.cells[candidate.cell]
        return candidate.arm == baseline.arm && candidate.control == nil
          && candidate.notApplicable == nil && candidate.digests == baseline.digests
          && cell.allSatisfy { $0.key == axis || own[$0.key] == $0.value }
      }
      if range(others) > range(best) { best = others }
    }
    return best
  }

  private static func range(_ arms: [ScoredArm]) -> Double {
    let values = arms.map(\.macsPerToken)
    return (values.max() ?? 0) - (values.min() ?? 0)
  }

  private static func points(_ gap: Double) -> String {
    "\((gap * 10_000).rounded() / 100) points"
  }
}

extension Comparison {
  /// The realised sparsity over gated tokens.
  func sparsity(_ arm: ScoredArm) -> Double {
    ScoreSummary(arm.scores, cost: cost, divergence: arm.divergence)[.gatedSparsity]?.value ?? 0
  }
}
