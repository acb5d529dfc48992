/// The outcome of two one-sided tests of a mean difference against a margin.
public struct EquivalenceResult: Codable, Sendable, Equatable {
  /// The mean difference.
  public let difference: Double
  /// The margin δ > 0: differences within ±δ count as equal.
  public let margin: Double
  /// The p value of "the difference is at most −δ".
  public let lowerPValue: Double
  /// The p value of "the difference is at least +δ".
  public let upperPValue: Double
  /// How many pairs there are.
  public let count: Int

  /// The p value of "the arms differ by δ or more": the larger of both.
  public var pValue: Double { max(lowerPValue, upperPValue) }
}

/// Tests of equivalence: that a difference is smaller than a margin.
///
/// ### References
/// Schuirmann, *A comparison of the two one-sided tests procedure and the power approach*, 1987.
public enum Equivalence {
  /// Tests by Student's t whether the mean of paired differences lies within ±margin.
  ///
  /// Differences that are all equal have no variance: p is then 0 within the margin and 1 outside it.
  ///
  /// - Parameters:
  ///   - differences: One value per pair.
  ///   - margin: The margin, above 0.
  /// - Throws: ``StatisticsError`` for fewer than two pairs, values that are not finite, or a margin
  ///   that is not above 0.
  public static func paired(_ differences: [Double], margin: Double) throws -> EquivalenceResult {
    guard differences.count > 1 else {
      throw StatisticsError.tooFew("an equivalence test", have: differences.count, need: 2)
    }
    try requireMargin(margin)
    let mean = try SampleMean(differences)
    let error = mean.standardError ?? 0
    let degrees = Double(differences.count - 1)
    func upperTail(_ distance: Double) -> Double {
      guard error > 0 else { return distance > 0 ? 0 : 1 }
      return StudentDistribution.cumulative(-distance / error, degrees: degrees)
    }
    return EquivalenceResult(
      difference: mean.mean, margin: margin, lowerPValue: upperTail(mean.mean + margin),
      upperPValue: upperTail(margin - mean.mean), count: differences.count)
  }

  /// Whether an interval lies within ±margin.
  ///
  /// With an interval of confidence 1 − 2α this is the test at level α without normal theory.
  ///
  /// - Throws: ``StatisticsError`` for a margin that is not above 0.
  public static func includes(_ interval: BootstrapInterval, margin: Double) throws -> Bool {
    try requireMargin(margin)
    return interval.low > -margin && interval.high < margin
  }

  private static func requireMargin(_ margin: Double) throws {
    guard margin > 0, margin.isFinite else {
      throw StatisticsError.outOfRange("the margin", "\(margin)", expected: "(0, ∞)")
    }
  }
}
