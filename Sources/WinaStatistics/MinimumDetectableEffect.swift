/// The smallest paired difference that a two-sided test of a given size would find.
public enum MinimumDetectableEffect {
  /// Returns (z₁₋α/₂ + z_power)·σ/√n for a mean of paired differences.
  ///
  /// - Parameters:
  ///   - standardDeviation: The standard deviation σ of the differences.
  ///   - count: The number n of pairs.
  ///   - alpha: The two-sided significance level.
  ///   - power: The probability of finding an effect of the returned size.
  /// - Throws: ``StatisticsError`` for parameters out of range.
  public static func pairedMean(
    standardDeviation: Double, count: Int, alpha: Double = 0.05, power: Double = 0.8
  ) throws -> Double {
    guard count > 0 else { throw StatisticsError.tooFew("a paired test", have: count, need: 1) }
    guard standardDeviation >= 0, standardDeviation.isFinite else {
      throw StatisticsError.outOfRange(
        "the standard deviation", "\(standardDeviation)", expected: "[0, ∞)")
    }
    return try multiplier(alpha, power) * standardDeviation / Double(count).squareRoot()
  }

  /// Returns the smallest difference of two accuracies found on the same items.
  ///
  /// The variance of one paired difference is taken as `discordance`, its value under equal
  /// accuracies.
  ///
  /// - Throws: ``StatisticsError`` for parameters out of range.
  public static func pairedAccuracy(
    discordance: Double, count: Int, alpha: Double = 0.05, power: Double = 0.8
  ) throws -> Double {
    try checkDiscordance(discordance)
    return try pairedMean(
      standardDeviation: discordance.squareRoot(), count: count, alpha: alpha, power: power)
  }

  /// Returns how many items are needed to find an accuracy difference of `effect`.
  ///
  /// - Throws: ``StatisticsError`` for parameters out of range.
  public static func requiredCount(
    effect: Double, discordance: Double, alpha: Double = 0.05, power: Double = 0.8
  ) throws -> Int {
    try checkDiscordance(discordance)
    guard effect > 0, effect <= 1 else {
      throw StatisticsError.outOfRange("the effect", "\(effect)", expected: "(0, 1]")
    }
    let factor = try multiplier(alpha, power) / effect
    let count = (factor * factor * discordance).rounded(.up)
    guard count < 0x1p53 else {
      throw StatisticsError.outOfRange("the effect", "\(effect)", expected: "[1e-7, 1]")
    }
    return Int(count)
  }

  private static func multiplier(_ alpha: Double, _ power: Double) throws -> Double {
    try requireOpenUnit(alpha, "alpha")
    try requireOpenUnit(power, "power")
    return try NormalDistribution.quantile(1 - alpha / 2) + NormalDistribution.quantile(power)
  }

  private static func checkDiscordance(_ value: Double) throws {
    guard value >= 0, value <= 1 else {
      throw StatisticsError.outOfRange("the discordance", "\(value)", expected: "[0, 1]")
    }
  }
}
