import WinaPipeline
import WinaStatistics

/// How much of the spread of the primary contrast comes from the seed of a stage, and how much from the
/// samples that were scored.
struct SeedComponents {
  let comparison: Comparison
  let primary: CompareStage.Primary
  /// The stage whose seed was varied.
  let stage: String

  /// The contrast under every seed; `nil` where there are fewer than two.
  func fact() throws -> ComparisonReport.Fact? {
    guard let contrast = Contrast(primary.contrast),
      let cell = comparison.cells.indices.first(where: { primary.matches(comparison.cells[$0]) })
    else { return nil }
    let seeds = Set(comparison.scored.compactMap { $0.cell == cell ? $0.seed : nil }).sorted()
    let values = ([nil] + seeds.map(Optional.some)).compactMap { seed in
      differences(contrast, cell, seed)
    }
    guard values.count > 1, let items = values.first?.count, items > 1 else { return nil }
    let parts = try VarianceComponents.crossed(values)
    let means = values.map { $0.reduce(0, +) / Double(items) }
    let spread = [parts.seed, parts.item, parts.residual].map { component in
      FactText.number(component.variance.squareRoot())
    }
    let range =
      "least \(FactText.number(means.min() ?? 0)), most \(FactText.number(means.max() ?? 0))"
    return .init(
      name: "\(contrast.text) under other seeds of '\(stage)'", value: parts.mean,
      text: "mean \(FactText.number(parts.mean)) over \(values.count) seeds, \(range); "
        + "standard deviation between seeds beyond that of samples \(spread[0]), between samples \(spread[1]), of the "
        + "rest \(spread[2]); standard error with both at random "
        + "\(FactText.number(parts.standardError)), n = \(items)")
  }

  /// The differences of all samples under one seed, in the unit of the metric.
  private func differences(_ contrast: Contrast, _ cell: Int, _ seed: Int?) -> [Double]? {
    func scored(_ name: String) -> ScoredArm? {
      comparison.scored.first {
        $0.arm == name && $0.cell == cell && $0.control == nil && $0.seed == seed
      } ?? comparison.scored(name, cell: cell)
    }
    guard let arm = scored(contrast.arm), let baseline = scored(contrast.baseline),
      arm.seed == seed || baseline.seed == seed,
      arm.notApplicable == nil, baseline.notApplicable == nil,
      let matched = MatchedBaseline(
        comparison, arm: arm, baseline: baseline, metric: primary.metric)
    else { return nil }
    let mean = matched.counts.reduce(0, +) / Double(max(1, matched.counts.count))
    return mean > 0 ? matched.differences.map { $0 / mean } : nil
  }
}
