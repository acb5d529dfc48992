import WinaPipeline
import WinaSparsity
import WinaStatistics

/// Where the difference between a routed arm and a plain baseline comes from.
///
/// It is the sum of what the mechanism does without clusters (the pooled arm with the same mechanism
/// against the baseline), what clusters add when every sample has its own (the assigned arm against the
/// pooled one), and what is lost because a classifier chooses them (the routed arm against the assigned
/// one). Parts add up where all arms use equal compute; where they do not, each part is a difference
/// at equal MACs and their sum is not exactly the whole.
struct GainDecomposition {
  let comparison: Comparison
  let primary: CompareStage.Primary?

  func facts() throws -> [ComparisonReport.Fact] {
    let metric = primary?.metric ?? (comparison.isChoices ? .acc : .kl)
    guard
      let cell = comparison.cells.indices.first(where: {
        primary?.matches(comparison.cells[$0]) ?? true
      }), let baseline = comparison.plainBaseline
    else { return [] }
    return try comparison.arms.compactMap { routed in
      guard routed.route == .classifier, routed.policy == nil, !routed.isControl,
        let assigned = comparison.arms.first(where: { $0.isAssignedCounterpart(of: routed) }),
        let pooled = comparison.pooledCounterpart(of: routed)
      else { return nil }
      var parts = [
        ("clusters", Contrast(arm: assigned.name, baseline: pooled.name)),
        ("routing", Contrast(arm: routed.name, baseline: assigned.name)),
      ]
      if pooled.name != baseline {
        parts.insert(("mechanism", Contrast(arm: pooled.name, baseline: baseline)), at: 0)
      }
      let whole = Contrast(arm: routed.name, baseline: baseline)
      guard let total = try difference(whole, metric, cell) else { return nil }
      let count = matched(whole, metric, cell)?.members.count ?? 0
      let texts = try parts.map { name, contrast in
        let part = try difference(contrast, metric, cell)
        return "\(name) (\(contrast.text)) "
          + (part.map { FactText.estimate($0.estimate, $0) } ?? "n/a")
      }
      return .init(
        name:
          "\(whole.text)\(comparison.mark([cell])) in \(comparison.name(of: metric)): its parts",
        value: total.estimate,
        text: "\(FactText.estimate(total.estimate, total)), of which "
          + texts.joined(separator: ", ")
          + "; n = \(count)")
    }
  }

  private func matched(
    _ contrast: Contrast, _ metric: CompareStage.Primary.Metric, _ cell: Int
  ) -> MatchedBaseline? {
    guard let arm = comparison.scored(contrast.arm, cell: cell),
      let baseline = comparison.scored(contrast.baseline, cell: cell),
      arm.notApplicable == nil, baseline.notApplicable == nil,
      let matched = MatchedBaseline(comparison, arm: arm, baseline: baseline, metric: metric),
      matched.members.count > 1, matched.counts.reduce(0, +) > 0
    else { return nil }
    return matched
  }

  private func difference(
    _ contrast: Contrast, _ metric: CompareStage.Primary.Metric, _ cell: Int
  ) throws -> BootstrapInterval? {
    guard let arm = comparison.scored(contrast.arm, cell: cell),
      let matched = matched(contrast, metric, cell)
    else { return nil }
    return try comparison.interval(
      matched.differences, over: matched.counts, members: matched.members, of: arm)
  }
}

extension Comparison {
  /// The pooled arm with the mechanism of a grouped one, fitted alike if there is such an arm.
  func pooledCounterpart(of grouped: ComparedArm) -> ComparedArm? {
    let counterparts = arms.filter { $0.isPooledCounterpart(of: grouped) }
    return counterparts.first { $0.settings == grouped.settings } ?? counterparts.first
  }

  /// The plainest pooled arm, which others are compared with where no baseline is declared.
  var plainBaseline: String? {
    let gated = arms.filter { !$0.isDense }
    let pooled = gated.filter { !$0.isGrouped && !$0.isControl }
    let plain = pooled.first {
      $0.score == ScoreMethod.wina.rawValue && $0.centring == "none" && $0.gate == "threshold"
        && $0.variation == nil && $0.transform == nil
    }
    return (plain ?? pooled.first ?? gated.first)?.name
  }
}

extension ComparedArm {
  /// Whether an arm differs from a routed one only in that samples go to their own clusters.
  func isAssignedCounterpart(of routed: ComparedArm) -> Bool {
    route == .assign && policy == nil && profile == routed.profile
      && clusters == routed.clusters && score == routed.score
      && centring == routed.centring && gate == routed.gate && transform == routed.transform
      && (variation ?? Variation()) == (routed.variation ?? Variation())
  }
}
