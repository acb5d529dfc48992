/// The outcome of a McNemar test on paired right/wrong answers.
public struct McNemarResult: Codable, Sendable, Equatable {
  /// Items that only the first arm answers correctly.
  public let b: Int
  /// Items that only the second arm answers correctly.
  public let c: Int
  /// The exact two-sided p value: min(1, 2·P(X ≤ min(b, c))), X binomial(b + c, ½).
  public let pValue: Double
  /// The mid-p variant, 2·P(X ≤ min(b, c)) − P(X = min(b, c)).
  public let midPValue: Double
  /// The effect size b / c; nil when c is 0.
  public let oddsRatio: Double?
}

/// McNemar's test of equal accuracy on the same items.
///
/// ### References
/// McNemar, *Note on the sampling error of the difference between correlated proportions*, 1947;
/// mid-p: Fagerland, Lydersen & Laake, *The McNemar test for binary matched-pairs data*, 2013.
public enum McNemar {
  /// Tests whether the discordant counts `b` and `c` could come from equal accuracies.
  ///
  /// Without discordant items there is no evidence of a difference, and both p values are 1.
  ///
  /// - Throws: ``StatisticsError`` (`outOfRange`) when a count is negative.
  /// - Complexity: O(min(b, c)).
  public static func exact(b: Int, c: Int) throws -> McNemarResult {
    guard b >= 0, c >= 0 else {
      throw StatisticsError.outOfRange("a discordant count", "\(min(b, c))", expected: "0…")
    }
    let total = b + c
    let smaller = min(b, c)
    let tail = Binomial.cumulative(smaller, trials: total, probability: 0.5)
    let point = Binomial.mass(smaller, trials: total, probability: 0.5)
    return McNemarResult(
      b: b, c: c, pValue: min(1, 2 * tail),
      midPValue: total == 0 ? 1 : min(1, 2 * tail - point),
      oddsRatio: c == 0 ? nil : Double(b) / Double(c))
  }
}
