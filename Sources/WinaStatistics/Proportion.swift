/// A proportion with its interval.
public struct ProportionInterval: Codable, Sendable, Equatable {
  /// The observed proportion.
  public let estimate: Double
  /// The lower limit.
  public let low: Double
  /// The upper limit.
  public let high: Double
  /// The confidence level.
  public let confidence: Double
}

/// Intervals for accuracies.
public enum Proportion {
  /// Returns the Wilson score interval of `successes` out of `total`.
  ///
  /// - Throws: ``StatisticsError`` for an empty sample or counts that do not fit together.
  ///
  /// ### References
  /// Wilson, *Probable inference, the law of succession, and statistical inference*, 1927.
  public static func wilson(successes: Int, total: Int, confidence: Double = 0.95) throws
    -> ProportionInterval
  {
    guard total > 0 else { throw StatisticsError.tooFew("a proportion", have: total, need: 1) }
    guard (0...total).contains(successes) else {
      throw StatisticsError.outOfRange("successes", "\(successes)", expected: "0…\(total)")
    }
    try requireOpenUnit(confidence, "the confidence level")
    let z = try NormalDistribution.quantile(0.5 + confidence / 2)
    let n = Double(total)
    let p = Double(successes) / n
    let spread = z * z / n
    let centre = (p + spread / 2) / (1 + spread)
    let half = z * (p * (1 - p) / n + spread / (4 * n)).squareRoot() / (1 + spread)
    return ProportionInterval(
      estimate: p, low: successes == 0 ? 0 : max(0, centre - half),
      high: successes == total ? 1 : min(1, centre + half), confidence: confidence)
  }
}
