import WinaEvaluation
import WinaPipeline
import WinaStatistics

/// The paired differences between arms, at equal compute.
struct Contrasts {
  let comparison: Comparison
  let primary: CompareStage.Primary?

  func rows() throws -> [ContrastRow] {
    var rows: [ContrastRow] = []
    for cell in comparison.cells.indices {
      for contrast in contrasts() {
        for metric in metrics {
          if let row = try row(contrast, metric: metric, cell: cell) { rows.append(row) }
        }
      }
    }
    return rows
  }

  private var metrics: [CompareStage.Primary.Metric] {
    var metrics: [CompareStage.Primary.Metric] = comparison.isChoices ? [.acc, .kl] : [.kl, .nll]
    if let declared = primary?.metric, !metrics.contains(declared) { metrics.append(declared) }
    return metrics
  }

  /// The declared contrast, every arm against its baseline, and every grouped arm against the pooled
  /// arm that has the same mechanism.
  private func contrasts() -> [Contrast] {
    let declared = primary.flatMap { Contrast($0.contrast) }
    let gated = comparison.arms.filter { !$0.isDense }
    let baseline = declared?.baseline ?? comparison.plainBaseline
    var contrasts = declared.map { [$0] } ?? []
    for arm in gated {
      if let baseline, arm.name != baseline {
        contrasts.append(Contrast(arm: arm.name, baseline: baseline))
      }
      if let pooled = comparison.pooledCounterpart(of: arm) {
        contrasts.append(Contrast(arm: arm.name, baseline: pooled.name))
      }
    }
    var seen: Set<Contrast> = []
    return contrasts.filter { seen.insert($0).inserted }
  }

  private func row(
    _ contrast: Contrast, metric: CompareStage.Primary.Metric, cell: Int
  ) throws -> ContrastRow? {
    guard let arm = comparison.scored(contrast.arm, cell: cell),
      let baseline = comparison.scored(contrast.baseline, cell: cell)
    else { return nil }
    let assignment = comparison.cells[cell]
    let isPrimary =
      primary.map {
        Contrast($0.contrast) == contrast && $0.metric == metric && $0.matches(assignment)
      } ?? false
    var row = ContrastRow(
      cell: assignment, contrast: contrast.text, metric: comparison.name(of: metric),
      difference: nil,
      test: "none", n: arm.scored.count, isPrimary: isPrimary)
    if let reason = arm.notApplicable ?? baseline.notApplicable {
      row.note = reason
      return row
    }
    row.sparsityGap = 100 * (arm.sparsity - baseline.sparsity)
    guard
      let matched = MatchedBaseline(comparison, arm: arm, baseline: baseline, metric: metric)
    else {
      row.note = "the arms differ in compute and the baseline's sweep does not reach the arm's"
      return row
    }
    row.note = matched.note
    row.n = matched.members.count
    try fill(&row, matched, metric: metric, of: arm)
    return row
  }

  private func fill(
    _ row: inout ContrastRow, _ matched: MatchedBaseline, metric: CompareStage.Primary.Metric,
    of arm: ScoredArm
  ) throws {
    let differences = matched.differences
    let meanCount = matched.counts.reduce(0, +) / Double(max(1, matched.counts.count))
    guard differences.count > 1, meanCount > 0 else {
      row.note = "fewer than two samples"
      return
    }
    let scaled = comparison.byUnit(
      differences.map { $0 / meanCount }, members: matched.members, of: arm)
    guard
      let interval = try comparison.interval(
        differences, over: matched.counts, members: matched.members, of: arm)
    else {
      row.note = "all samples have one subject"
      return
    }
    row.difference = interval.estimate
    row.low = interval.low
    row.high = interval.high
    row.minimumDetectable = try MinimumDetectableEffect.pairedMean(
      standardDeviation: standardDeviation(scaled), count: scaled.count)
    if metric.isHigherBetter, matched.isExact, comparison.options.subjects == nil {
      let test = try McNemar.exact(
        b: differences.filter { $0 > 0 }.count, c: differences.filter { $0 < 0 }.count)
      row.p = test.pValue
      row.test = "McNemar, exact"
    } else {
      let test = try PairedPermutation.signFlip(
        scaled, repetitions: comparison.options.permutations, seed: comparison.options.seed)
      row.p = test.pValue
      row.test = "paired sign-flip permutation"
    }
  }

  private func standardDeviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(max(1, values.count - 1))).squareRoot()
  }
}
