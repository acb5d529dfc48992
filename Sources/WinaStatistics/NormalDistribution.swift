import Foundation

/// The standard normal distribution.
public enum NormalDistribution {
  /// Returns P(Z ≤ z).
  public static func cumulative(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

  /// Returns the z with P(Z ≤ z) = `probability`, to within a few units in the last place.
  ///
  /// A rational start (Abramowitz & Stegun 26.2.23, error below 4.5e-4) is polished by Halley steps
  /// on the tail that holds the smaller probability, so that extreme quantiles stay accurate.
  ///
  /// - Throws: ``StatisticsError`` (`outOfRange`) unless 0 < `probability` < 1.
  public static func quantile(_ probability: Double) throws -> Double {
    try requireOpenUnit(probability, "the probability of a normal quantile")
    if probability == 0.5 { return 0 }
    let tail = min(probability, 1 - probability)
    let t = (-2 * log(tail)).squareRoot()
    let numerator = 2.515517 + t * (0.802853 + t * 0.010328)
    let denominator = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    var z = -(t - numerator / denominator)
    for _ in 0..<3 {
      let density = exp(-0.5 * z * z) / (2 * Double.pi).squareRoot()
      guard density > 0 else { break }
      let step = (cumulative(z) - tail) / density
      z -= step / (1 + 0.5 * z * step)
    }
    return probability < 0.5 ? z : -z
  }
}
