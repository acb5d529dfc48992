import WinaEvaluation
import WinaPipeline

/// A baseline's per-sample sums at the compute of another arm.
///
/// The baseline's sums are interpolated between the two cells of its sweep whose realised MACs per
/// token lie on both sides of the arm's. Outside its curve there is a match only where the realised
/// sparsities differ by at most half a point. Where one of the two arms was scored on the second
/// half of the tokens, both are.
struct MatchedBaseline {
  /// The positions of the samples that were scored.
  let members: [Int]
  /// The arm's sums of the metric, one a member.
  let own: [Double]
  /// The baseline's sums at the arm's compute, one a member.
  let baseline: [Double]
  /// What the sums are over: scored tokens, or 1 for accuracies.
  let counts: [Double]
  /// How the match was made, for the report.
  let note: String
  /// Whether the sums are those of one cell as they are.
  let isExact: Bool

  /// The largest difference in sparsity, as a fraction, that counts as equal.
  static let tolerance = 0.005

  /// Arm minus baseline, one a member.
  var differences: [Double] { zip(own, baseline).map { $0 - $1 } }

  init?(
    _ comparison: Comparison, arm: ScoredArm, baseline: ScoredArm,
    metric: CompareStage.Primary.Metric
  ) {
    guard let match = Match(comparison, arm: arm, baseline: baseline) else { return nil }
    let isHalf = arm.isSecondHalf || baseline.isSecondHalf
    // An arm with `route: best` leaves out what others score.
    let members = comparison.scoredByAll([arm, match.low] + (match.high.map { [$0] } ?? []))
      .filter { arm.sums(metric, of: $0, secondHalf: isHalf).count > 0 }
    func sums(_ scored: ScoredArm) -> [Double] {
      members.map { scored.sums(metric, of: $0, secondHalf: isHalf).sum }
    }
    self.members = members
    own = sums(arm)
    counts = members.map { arm.sums(metric, of: $0, secondHalf: isHalf).count }
    var sum = sums(match.low)
    if let high = match.high {
      sum = zip(sum, sums(high)).map { $0 * (1 - match.weight) + $1 * match.weight }
    }
    self.baseline = sum
    isExact = match.high == nil
    note = match.note + (isHalf && !metric.isHigherBetter ? MatchedBaseline.halfNote : "")
  }

  private static let halfNote = ", second half of the scored tokens"
}

/// The one or two cells of a baseline's sweep that stand for the compute of another arm.
private struct Match {
  var low: ScoredArm
  var high: ScoredArm?
  /// How much of `high` there is in the match.
  var weight = 0.0
  var note: String

  init?(_ comparison: Comparison, arm: ScoredArm, baseline: ScoredArm) {
    let target = arm.macsPerToken
    if abs(target - baseline.macsPerToken) <= 1e-9 * target {
      self.init(baseline, note: "equal MACs")
      return
    }
    let curve = comparison.curve(of: baseline).sorted { $0.macsPerToken < $1.macsPerToken }
    for (low, high) in zip(curve, curve.dropFirst())
    where low.macsPerToken <= target && target <= high.macsPerToken {
      self.init(low, note: "baseline interpolated to equal MACs")
      let span = high.macsPerToken - low.macsPerToken
      guard span > 0 else { return }
      self.high = high
      weight = (target - low.macsPerToken) / span
      return
    }
    guard abs(arm.sparsity - baseline.sparsity) <= MatchedBaseline.tolerance else { return nil }
    let ratio = baseline.macsPerToken > 0 ? target / baseline.macsPerToken : 1
    let gap = abs(ratio - 1) > 0.01 ? ", at \(FactText.number(ratio)) times its MACs" : ""
    self.init(baseline, note: "sparsities within half a point" + gap)
  }

  private init(_ scored: ScoredArm, note: String) {
    low = scored
    self.note = note
  }

}

extension Comparison {
  /// The positions of samples that every one of some arms scored.
  func scoredByAll(_ arms: [ScoredArm]) -> [Int] {
    guard let first = arms.first else { return [] }
    return first.scored.filter { member in
      arms.allSatisfy { $0.scores.indices.contains(member) && !$0.scores[member].isSkipped }
    }
  }

  /// The cells of an arm, under the same seeds, that differ from its own on one axis of sparsity: the one
  /// on which its compute varies most.
  func curve(of arm: ScoredArm) -> [ScoredArm] {
    let own = cells[arm.cell]
    var best: [ScoredArm] = [arm]
    for axis in own.keys.sorted() where options.curveAxes?.contains(axis) ?? true {
      let others = scored.filter { candidate in
        let cell = cells[candidate.cell]
        return candidate.arm == arm.arm && candidate.control == arm.control
          && candidate.seed == arm.seed && candidate.notApplicable == nil
          && candidate.digests == arm.digests
          && cell.allSatisfy { $0.key == axis || own[$0.key] == $0.value }
      }
      if range(others) > range(best) { best = others }
    }
    return best
  }

  private func range(_ arms: [ScoredArm]) -> Double {
    let values = arms.map(\.macsPerToken)
    return (values.max() ?? 0) - (values.min() ?? 0)
  }
}
