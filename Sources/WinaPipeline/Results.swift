/// One number of a run: a metric of an arm in a cell, with its uncertainty.
public struct ResultRow: Codable, Sendable, Hashable {
  /// The values on the axes of the sweep.
  public var cell: [String: JSONValue]
  /// The arm.
  public var arm: String
  /// The label (document set or task), `macro` for the mean over labels, or `nil` for all samples.
  public var label: String?
  /// The metric: `kl`, `perplexity`, `acc`, `acc_norm`, `sparsity_gated`, `sparsity_all`, `macs`, ….
  public var metric: String
  /// The value, or `nil` where it does not apply; ``note`` then says why.
  public var value: Double?
  /// The lower end of the 95 % interval.
  public var low: Double?
  /// The upper end of the 95 % interval.
  public var high: Double?
  /// How many samples it rests on.
  public var n: Int
  /// Why there is no value, or what to know about it.
  public var note: String?

  /// Makes a row.
  public init(
    cell: [String: JSONValue], arm: String, label: String? = nil, metric: String, value: Double?,
    low: Double? = nil, high: Double? = nil, n: Int, note: String? = nil
  ) {
    self.cell = cell
    self.arm = arm
    self.label = label
    self.metric = metric
    self.value = value
    self.low = low
    self.high = high
    self.n = n
    self.note = note
  }
}

/// A paired difference between two arms on the same samples.
public struct ContrastRow: Codable, Sendable, Hashable {
  /// The values on the axes of the sweep.
  public var cell: [String: JSONValue]
  /// The contrast, `arm - baseline`.
  public var contrast: String
  /// The metric.
  public var metric: String
  /// Arm minus baseline; for `kl` and `nll` below zero is better.
  public var difference: Double?
  /// The lower end of the 95 % interval of the difference.
  public var low: Double?
  /// The upper end of the 95 % interval of the difference.
  public var high: Double?
  /// The p value of the paired test.
  public var p: Double?
  /// The p value after Holm's correction over all but the primary contrast.
  public var pHolm: Double?
  /// The p value after Benjamini and Hochberg's correction, where that was asked for.
  public var q: Double?
  /// The name of the test.
  public var test: String
  /// How many samples it rests on.
  public var n: Int
  /// The smallest difference that would be found with 80 % power.
  public var minimumDetectable: Double?
  /// Whether it is the declared primary endpoint.
  public var isPrimary: Bool
  /// Arm's realised sparsity minus the baseline's, in points.
  public var sparsityGap: Double?
  /// How compute was matched, or why there is no number.
  public var note: String?

  /// Makes a row with everything but the corrected p value.
  public init(
    cell: [String: JSONValue], contrast: String, metric: String, difference: Double?,
    low: Double? = nil, high: Double? = nil, p: Double? = nil, test: String, n: Int,
    minimumDetectable: Double? = nil, isPrimary: Bool = false, sparsityGap: Double? = nil,
    note: String? = nil
  ) {
    self.cell = cell
    self.contrast = contrast
    self.metric = metric
    self.difference = difference
    self.low = low
    self.high = high
    self.p = p
    self.test = test
    self.n = n
    self.minimumDetectable = minimumDetectable
    self.isPrimary = isPrimary
    self.sparsityGap = sparsityGap
    self.note = note
  }
}

/// The gain of the observed clusters against the gains of random ones.
public struct NullRow: Codable, Sendable, Hashable {
  /// The values on the axes of the sweep.
  public var cell: [String: JSONValue]
  /// The arm whose gain is compared.
  public var arm: String
  /// The arm of the random clusters.
  public var controlArm: String
  /// The arm that both gains are counted from.
  public var baseline: String
  /// The metric.
  public var metric: String
  /// The observed gain: how much lower the metric is than the baseline's.
  public var observed: Double
  /// The gains of the random clusterings.
  public var null: [Double]
  /// (1 + how many random gains reach the observed one) / (1 + how many there are).
  public var p: Double

  /// Makes a row.
  public init(
    cell: [String: JSONValue], arm: String, controlArm: String, baseline: String, metric: String,
    observed: Double, null: [Double], p: Double
  ) {
    self.cell = cell
    self.arm = arm
    self.controlArm = controlArm
    self.baseline = baseline
    self.metric = metric
    self.observed = observed
    self.null = null
    self.p = p
  }
}

/// Everything that a comparison found, ready to be shown.
public struct ComparisonReport: Codable, Sendable, Hashable {
  /// A short table about the clusters or the router, such as agreement with the labels.
  public struct Fact: Codable, Sendable, Hashable {
    /// What it is about.
    public var name: String
    /// The value.
    public var value: Double?
    /// The value in words, with its interval where there is one.
    public var text: String

    /// Makes a fact.
    public init(name: String, value: Double?, text: String) {
      self.name = name
      self.value = value
      self.text = text
    }
  }

  /// The arms in the order of the spec.
  public var arms: [String]
  /// The numbers.
  public var rows: [ResultRow]
  /// The paired differences.
  public var contrasts: [ContrastRow]
  /// The comparisons with random clusters.
  public var nulls: [NullRow]
  /// Facts about clusters and routers.
  public var facts: [Fact]
  /// The verdict in one sentence, or `nil` when no primary endpoint was declared.
  public var verdict: String?
  /// What every arm had in common: dense prefix, route tokens, what was gated.
  public var policy: String
  /// Whether the spec allowed leakage, which stamps every result.
  public var isLeaky: Bool

  /// Makes a report.
  public init(
    arms: [String], rows: [ResultRow], contrasts: [ContrastRow] = [], nulls: [NullRow] = [],
    facts: [Fact] = [], verdict: String? = nil, policy: String, isLeaky: Bool = false
  ) {
    self.arms = arms
    self.rows = rows
    self.contrasts = contrasts
    self.nulls = nulls
    self.facts = facts
    self.verdict = verdict
    self.policy = policy
    self.isLeaky = isLeaky
  }
}

extension ComparisonReport {
  /// Returns the report with arms and cells in the order of the spec, which is no part of results.
  ///
  /// - Parameters:
  ///   - arms: The arms in the order to show; others follow as they are.
  ///   - cells: The cells in the order to show.
  public func ordered(arms order: [String], cells: [[String: JSONValue]]) -> ComparisonReport {
    var report = self
    func place(_ name: String) -> Int { order.firstIndex(of: name) ?? order.count }
    func place(_ cell: [String: JSONValue]) -> Int { cells.firstIndex(of: cell) ?? cells.count }
    report.arms = arms.enumerated()
      .sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }
      .map(\.element)
    report.rows = rows.enumerated()
      .map { (place($0.element.cell), place($0.element.arm), $0.offset, $0.element) }
      .sorted { ($0.0, $0.1, $0.2) < ($1.0, $1.1, $1.2) }
      .map(\.3)
    report.contrasts = contrasts.enumerated()
      .map { offset, row in
        let arm = row.contrast.prefix { $0 != " " }
        return (place(row.cell), row.isPrimary ? -1 : place(String(arm)), offset, row)
      }
      .sorted { ($0.0, $0.1, $0.2) < ($1.0, $1.1, $1.2) }
      .map(\.3)
    return report
  }
}
