import WinaPipeline
import WinaStatistics

/// The gain of the observed clusters against the gains of random ones.
///
/// The observed arm and the random one differ in nothing but the clusters: same score, gate, centring
/// and way of routing. The gain is how much better than the baseline an arm is, in the metric's unit.
struct NullDistribution {
  let comparison: Comparison
  let primary: CompareStage.Primary?

  func rows() throws -> [NullRow] {
    let metric = primary?.metric ?? (comparison.isChoices ? .acc : .kl)
    var rows: [NullRow] = []
    for control in comparison.arms where control.isControl {
      for observed in comparison.arms where !observed.isControl && observed.isAlike(control) {
        for cell in comparison.cells.indices {
          if let row = try row(observed, control: control, metric: metric, cell: cell) {
            rows.append(row)
          }
        }
      }
    }
    return rows
  }

  private func row(
    _ observed: ComparedArm, control: ComparedArm, metric: CompareStage.Primary.Metric, cell: Int
  ) throws -> NullRow? {
    let repeats = comparison.scored.filter {
      $0.cell == cell && $0.arm == control.name && $0.control != nil && $0.notApplicable == nil
    }
    let pooled = comparison.pooledCounterpart(of: observed)?.name
    let declared = primary.flatMap { Contrast($0.contrast) }?.baseline
    guard !repeats.isEmpty, let baselineName = pooled ?? declared,
      let arm = comparison.scored(observed.name, cell: cell), arm.notApplicable == nil,
      let baseline = comparison.scored(baselineName, cell: cell), baseline.notApplicable == nil
    else { return nil }
    let gain = { (arm: ScoredArm) -> Double? in
      guard
        let matched = MatchedBaseline(comparison, arm: arm, baseline: baseline, metric: metric)
      else { return nil }
      let count = matched.counts.reduce(0, +)
      guard count > 0 else { return nil }
      let difference = matched.differences.reduce(0, +) / count
      return metric.isHigherBetter ? difference : -difference
    }
    guard let observedGain = gain(arm) else { return nil }
    let null = repeats.compactMap(gain)
    guard !null.isEmpty else { return nil }
    return NullRow(
      cell: comparison.cells[cell], arm: observed.name, controlArm: control.name,
      baseline: baselineName, metric: comparison.name(of: metric), observed: observedGain,
      null: null,
      p: try RandomPartitionNull.pValue(observed: observedGain, null: null))
  }
}
