import WinaEvaluation
import WinaPipeline
import WinaStatistics

/// What is asked of the primary contrast besides its difference: where it comes from, whether it is
/// practically nothing, and whether it holds along the whole curve.
struct PrimaryAnalysis {
  let comparison: Comparison
  let primary: CompareStage.Primary
  let contrast: Contrast
  private let matched: MatchedBaseline
  private let labels: [String]
  private let arm: ScoredArm

  /// Takes the declared endpoint; `nil` where it has no difference.
  init?(_ comparison: Comparison, _ primary: CompareStage.Primary?) {
    guard let primary, let contrast = Contrast(primary.contrast),
      let cell = comparison.cells.indices.first(where: { primary.matches(comparison.cells[$0]) }),
      let arm = comparison.scored(contrast.arm, cell: cell),
      let baseline = comparison.scored(contrast.baseline, cell: cell),
      arm.notApplicable == nil, baseline.notApplicable == nil,
      let matched = MatchedBaseline(
        comparison, arm: arm, baseline: baseline, metric: primary.metric),
      matched.counts.reduce(0, +) > 0, matched.members.count > 1
    else { return nil }
    self.comparison = comparison
    self.primary = primary
    self.contrast = contrast
    self.matched = matched
    self.arm = arm
    labels = matched.members.map { arm.scores[$0].label }
  }

  private func difference(_ members: [Int]) -> Double? {
    let count = members.reduce(0) { $0 + matched.counts[$1] }
    return count > 0 ? members.reduce(0) { $0 + matched.differences[$1] } / count : nil
  }

  private func interval(_ members: [Int], confidence: Double = 0.95) throws -> BootstrapInterval? {
    guard members.count > 1 else { return nil }
    return try comparison.interval(
      members.map { matched.differences[$0] }, over: members.map { matched.counts[$0] },
      members: members.map { matched.members[$0] }, of: arm, confidence: confidence)
  }

  // MARK: Labels

  /// The difference on the samples of each label, and on all others together.
  func byLabel() throws -> [ComparisonReport.Fact] {
    let names = Set(labels).sorted()
    guard names.count > 1 else { return [] }
    return try names.compactMap { name in
      let own = labels.indices.filter { labels[$0] == name }
      let others = labels.indices.filter { labels[$0] != name }
      guard let value = difference(own) else { return nil }
      let without = try interval(others)
      return ComparisonReport.Fact(
        name: "\(contrast.text) on \(name)", value: value,
        text: try FactText.estimate(value, interval(own)) + ", n = \(own.count); without it "
          + (without.map { FactText.estimate($0.estimate, $0) } ?? "n/a"))
    }
  }

  /// A sentence where one label carries more than half of the difference.
  func dominance() throws -> String? {
    let names = Set(labels).sorted()
    let total = matched.differences.reduce(0, +)
    guard names.count > 2, total != 0 else { return nil }
    for name in names {
      let own = labels.indices.filter { labels[$0] == name }
      let share = own.reduce(0) { $0 + matched.differences[$1] } / total
      guard share > 0.5 else { continue }
      let others = labels.indices.filter { labels[$0] != name }
      guard let rest = try interval(others) else { return nil }
      return
        "'\(name)' alone carries \((share * 100).rounded()) % of the difference; without it the "
        + "difference is \(FactText.estimate(rest.estimate, rest))."
    }
    return nil
  }

  // MARK: Equivalence

  /// Two one-sided tests against a margin.
  func equivalence(margin: Double?) throws -> ComparisonReport.Fact? {
    guard let margin else { return nil }
    let mean = matched.counts.reduce(0, +) / Double(matched.counts.count)
    let values = comparison.byUnit(
      matched.differences.map { $0 / mean }, members: matched.members, of: arm)
    guard let interval = try interval(Array(matched.members.indices), confidence: 0.9) else {
      return nil
    }
    let test = try Equivalence.paired(values, margin: margin)
    let p = max(test.lowerPValue, test.upperPValue)
    let isWithin = try Equivalence.includes(interval, margin: margin) && p < 0.05
    return ComparisonReport.Fact(
      name: "\(contrast.text): equal within ± \(FactText.number(margin))", value: p,
      text: (isWithin ? "yes" : "not shown") + " (TOST p \(FactText.probability(p)), 90 % CI "
        + "\(FactText.number(interval.low)) to \(FactText.number(interval.high)), n = \(matched.members.count))"
    )
  }

  // MARK: Area

  /// The mean difference between the curves of both arms over the sweep, at equal MACs.
  func area(from low: Double, to high: Double) throws -> ComparisonReport.Fact? {
    func curve(_ name: String) -> [ScoredArm] {
      guard let scored = comparison.scored(name, cell: arm.cell), scored.notApplicable == nil
      else { return [] }
      return comparison.curve(of: scored).filter { $0.macsPerToken > 0 }
    }
    let (own, other) = (curve(contrast.arm), curve(contrast.baseline))
    guard own.count > 2, other.count > 2, let first = own.first,
      (own + other).allSatisfy({ $0.digests == first.digests }),
      let dense = comparison.scored.first(where: { arm in
        comparison.description(of: arm.arm)?.isDense == true
      })?.macsPerToken
    else { return nil }
    func savings(_ arms: [ScoredArm]) -> [Double] { arms.map { 1 - $0.macsPerToken / dense } }
    let start = max(low, savings(own).min() ?? 1, savings(other).min() ?? 1)
    let end = min(high, savings(own).max() ?? 0, savings(other).max() ?? 0)
    let name = "\(contrast.text): mean along the curves at equal MACs"
    guard start < end else {
      return ComparisonReport.Fact(name: name, value: nil, text: "n/a: the curves do not overlap")
    }
    let isHalf = (own + other).contains(where: \.isSecondHalf)
    let members = comparison.scoredByAll(own + other).filter { member in
      first.sums(primary.metric, of: member, secondHalf: isHalf).count > 0
    }
    guard Set(comparison.units(members, of: first) ?? members).count > 1 else { return nil }
    var columns: [[Double]] = []
    for arm in own + other {
      let sums = members.map { arm.sums(primary.metric, of: $0, secondHalf: isHalf) }
      columns.append(sums.map(\.sum))
      columns.append(sums.map(\.count))
    }
    let bootstrap = try SumBootstrap(
      columns: columns, strata: comparison.strata(members, of: first),
      units: comparison.units(members, of: first),
      options: comparison.bootstrap, threads: comparison.options.threads)
    let places = savings(own) + savings(other)
    let found = try bootstrap.interval { sums in
      func line(_ range: Range<Int>) throws -> MonotoneCurve {
        try MonotoneCurve(
          range.map { index in
            CurvePoint(
              x: places[index], y: sums.total(2 * index) / sums.total(2 * index + 1))
          })
      }
      return try CurveArea.meanDifference(
        line(0..<own.count), line(own.count..<places.count), from: start, to: end)
    }
    return ComparisonReport.Fact(
      name: name, value: found.estimate,
      text: FactText.estimate(found.estimate, found)
        + " over \(FactText.percent(start)) to \(FactText.percent(end)) of MACs saved, "
        + "\(min(own.count, other.count)) points, n = \(members.count)")
  }

}
