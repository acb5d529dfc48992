import WinaEvaluation
import WinaPipeline
import WinaSparsity
import WinaStatistics

/// All arms of all cells, ready to be compared sample by sample.
struct Comparison {
  /// How intervals and tests are resampled.
  struct Options {
    var bootstrap: Int
    var permutations: Int
    var seed: UInt64
    var policy: EvaluationPolicy?
    /// Differences of the primary contrast within ± this count as equal.
    var equivalence: Double?
    /// The savings of MACs between which curves are compared.
    var area: (from: Double, to: Double) = (0.25, 0.7)
    /// How many threads share the resampling; the report does not depend on it.
    var threads = 1
    /// How p values of other contrasts are corrected.
    var correction = CompareStage.Correction.holm
    /// The stage whose seed was varied.
    var seeds: String?
    /// The subject of every sample that has one, where those of one subject are drawn together.
    var subjects: [ContentDigest: String]?
    /// The axes on which the sparsity of profiles varies; `nil` where it is not known.
    var curveAxes: [String]?
    /// What the scored samples share with others.
    var overlaps: [ComparisonReport.Fact] = []
  }

  let cells: [[String: JSONValue]]
  let arms: [ComparedArm]
  let scored: [ScoredArm]
  let cost: CostModel
  let options: Options

  /// Checks that the arms of a cell scored the same samples.
  init(
    cells: [[String: JSONValue]], arms: [ComparedArm], scored: [ScoredArm], cost: CostModel,
    options: Options
  ) throws {
    for cell in cells.indices {
      let members = scored.filter { $0.cell == cell }
      guard let first = members.first else { continue }
      for member in members where member.digests != first.digests {
        throw ArtifactError(
          "arms '\(first.arm)' and '\(member.arm)' scored other samples and cannot be compared")
      }
    }
    self.cells = cells
    self.arms = arms
    self.scored = scored
    self.cost = cost
    self.options = options
  }

  func scored(_ arm: String, cell: Int, control: Int? = nil) -> ScoredArm? {
    scored.first {
      $0.arm == arm && $0.cell == cell && $0.control == control && $0.seed == nil
    }
  }

  func description(of arm: String) -> ComparedArm? { arms.first { $0.name == arm } }

  /// Whether there are samples that are scored by choices.
  var isChoices: Bool { kinds.contains(.choices) }

  /// The kinds of samples.
  var kinds: Set<TokenizedSample.Kind> {
    Set(scored.first { !$0.scores.isEmpty }?.scores.map(\.kind) ?? [])
  }

  /// The bootstrap that every interval uses.
  var bootstrap: BootstrapOptions {
    BootstrapOptions(seed: options.seed, repetitions: options.bootstrap)
  }

  /// What is drawn together when samples are resampled: a number for every member, or `nil` where each
  /// is drawn alone.
  func units(_ members: [Int], of arm: ScoredArm) -> [Int]? {
    guard let subjects = options.subjects else { return nil }
    var numbers: [String: Int] = [:]
    return members.map { member in
      let digest = arm.digests[member]
      // A sample without a subject is a unit of its own.
      let name = "\(arm.scores[member].label)\n" + (subjects[digest] ?? digest.description)
      if let known = numbers[name] { return known }
      numbers[name] = numbers.count
      return numbers.count - 1
    }
  }

  /// The sums of values over what is drawn together, each divided by the mean size of a unit.
  func byUnit(_ values: [Double], members: [Int], of arm: ScoredArm) -> [Double] {
    guard let units = units(members, of: arm), let last = units.max() else { return values }
    var sums = [Double](repeating: 0, count: last + 1)
    for (unit, value) in zip(units, values) { sums[unit] += value }
    let size = Double(values.count) / Double(sums.count)
    return sums.map { $0 / size }
  }

  /// Within what samples are resampled: their labels, unless a label has a single unit.
  func strata(_ members: [Int], of arm: ScoredArm) -> [Int]? {
    let labels = LabelIndex(members.map { arm.scores[$0].label })
    let units = units(members, of: arm) ?? Array(members.indices)
    var first: [Int: Int] = [:]
    var several: Set<Int> = []
    for (label, unit) in zip(labels.indices, units) {
      if let known = first[label], known != unit { several.insert(label) }
      first[label] = first[label] ?? unit
    }
    return several.count == labels.names.count ? labels.indices : nil
  }

  /// The interval of a ratio of sums over samples of an arm, resampled within labels; `nil` where there
  /// are fewer than two units.
  func interval(
    _ numerators: [Double], over denominators: [Double], members: [Int], of arm: ScoredArm,
    confidence: Double = 0.95
  ) throws -> BootstrapInterval? {
    let units = units(members, of: arm)
    guard Set(units ?? Array(members.indices)).count > 1 else { return nil }
    var options = bootstrap
    options.confidence = confidence
    return try SumBootstrap(
      columns: [numerators, denominators], strata: strata(members, of: arm), units: units,
      options: options, threads: self.options.threads
    ).ratio(0, 1)
  }

  /// Makes the whole report.
  ///
  /// - Parameters:
  ///   - primary: The endpoint that decides.
  ///   - made: What the arms rest on.
  func report(primary: CompareStage.Primary?, made: MadeByStages) throws -> ComparisonReport {
    let results = try ResultRows(comparison: self).rows()
    var contrasts = try Contrasts(comparison: self, primary: primary).rows()
    try correct(&contrasts)
    let nulls = try NullDistribution(comparison: self, primary: primary).rows()
    var facts = try Facts(comparison: self, primary: primary, made: made).facts()
    let analysis = PrimaryAnalysis(self, primary)
    if let analysis {
      facts += try [
        analysis.equivalence(margin: options.equivalence),
        analysis.area(from: options.area.from, to: options.area.to),
      ].compactMap(\.self)
      facts += try analysis.byLabel()
    }
    facts += try GainDecomposition(comparison: self, primary: primary).facts()
    if let primary, let stage = options.seeds {
      facts += [
        try SeedComponents(comparison: self, primary: primary, stage: stage).fact()
      ].compactMap(\.self)
    }
    facts += try GuessingFacts(comparison: self).facts()
    facts += options.overlaps
    return ComparisonReport(
      arms: arms.map(\.name), rows: results, contrasts: contrasts, nulls: nulls, facts: facts,
      verdict: Verdict(
        comparison: self, primary: primary, contrasts: contrasts, nulls: nulls,
        dominance: try analysis?.dominance()
      ).sentence,
      policy: policy)
  }

  /// Corrects the p values of all but the primary contrast.
  private func correct(_ contrasts: inout [ContrastRow]) throws {
    let tested = contrasts.indices.filter { !contrasts[$0].isPrimary && contrasts[$0].p != nil }
    guard !tested.isEmpty else { return }
    let values = tested.compactMap { contrasts[$0].p }
    switch options.correction {
    case .holm:
      for (index, value) in try zip(tested, MultipleTesting.holm(values)) {
        contrasts[index].pHolm = value
      }
    case .benjaminiHochberg:
      for (index, value) in try zip(tested, MultipleTesting.benjaminiHochberg(values)) {
        contrasts[index].q = value
      }
    }
  }

  /// The name under which a metric is reported: divergences from a large vocabulary are bounds.
  func name(of metric: CompareStage.Primary.Metric) -> String {
    guard metric == .kl else { return metric.rawValue }
    let divergence = scored.lazy.compactMap(\.divergence).first ?? .kl
    return divergence.rawValue
  }

  var policy: String {
    let shared = options.policy.map { policy in
      "dense_prefix \(policy.densePrefix)"
        + (policy.denseFraction > 0 ? ", dense_fraction \(policy.denseFraction)" : "")
        + (isChoices ? "" : ", route_tokens \(policy.routeTokens)")
    }
    let samples = scored.first.map { arm in
      "\(arm.scored.count) samples scored, \(arm.scores.count - arm.scored.count) too short"
    }
    let prompt =
      switch options.policy?.prompt ?? .gated {
      case .gated: "prompt gated after the dense prefix"
      case .half: "second half of the prompt gated"
      case .dense: "prompt dense"
      }
    let gating =
      isChoices
      ? prompt + ", continuations gated"
      : "routing tokens dense and not scored in every arm, all later tokens gated and scored"
    let drawn = scored.first.flatMap { arm -> String? in
      guard options.subjects != nil, let units = units(arm.scored, of: arm) else { return nil }
      let count = Set(units).count
      return count == arm.scored.count
        ? "no two samples have a subject in common, so each is drawn alone"
        : "samples of one subject are drawn together, \(count) subjects or samples without one"
    }
    return [shared, gating, "calibration skips the same tokens", samples, drawn].compactMap { $0 }
      .joined(separator: "; ")
  }
}
