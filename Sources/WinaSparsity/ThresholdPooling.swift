import Foundation

/// Draws the thresholds of groups towards the pooled one.
///
/// ### References
/// DerSimonian & Laird, *Meta-analysis in clinical trials*, 1986 (between-group variance); Woodruff,
/// 1952 (the variance of a quantile from that of the distribution function).
enum ThresholdPooling {
  /// The least threshold whose logarithm is taken; smaller ones count as it.
  private static let least = 0x1p-24

  /// Returns tau_pooled^(1−w) · tau_own^w.
  ///
  /// A threshold of 0 stays 0 with any weight of its own.
  static func mix(pooled: Double, own: Double, weight: Double) -> Double {
    if weight == 0 { return pooled }
    if weight == 1 { return own }
    guard pooled > 0, own > 0 else { return 0 }
    return exp((1 - weight) * log(pooled) + weight * log(own))
  }

  /// Returns the weight of each group's own threshold: V_between / (V_between + V_within).
  ///
  /// V_between is the variance of the logarithms over groups less the mean of their own variances,
  /// at least 0.
  ///
  /// - Parameters:
  ///   - thresholds: The threshold of each group, or nil for one that has none of its own.
  ///   - variances: The variance of each logarithm over resampled samples.
  /// - Returns: 1 where nothing varies within a group, 0 for a group without a threshold, and 0 for
  ///   all when fewer than two have one.
  static func weights(thresholds: [Double?], variances: [Double]) -> [Double] {
    let own = thresholds.indices.filter { thresholds[$0] != nil }
    guard own.count > 1 else { return thresholds.map { _ in 0 } }
    let logs = own.map { log(max(thresholds[$0] ?? 0, least)) }
    let mean = logs.reduce(0, +) / Double(logs.count)
    let total = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(logs.count - 1)
    let within = own.reduce(0) { $0 + variances[$1] } / Double(own.count)
    let between = max(0, total - within)
    return thresholds.indices.map { index in
      guard thresholds[index] != nil else { return 0 }
      guard between + variances[index] > 0 else { return 1 }
      return between / (between + variances[index])
    }
  }

  /// Returns the variance of the logarithm of a quantile, given that of the distribution function.
  ///
  /// - Parameters:
  ///   - q: The quantile's level.
  ///   - variance: The variance of the distribution function there.
  ///   - quantile: The quantile at a level.
  static func logVariance(
    _ q: Double, variance: Double, quantile: (Double) throws -> Double
  ) rethrows -> Double {
    let deviation = variance.squareRoot()
    let high = max(try quantile(min(1, q + deviation)), least)
    let low = max(try quantile(max(0, q - deviation)), least)
    let half = (log(high) - log(low)) / 2
    return half * half
  }
}
