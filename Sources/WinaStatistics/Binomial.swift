import Foundation

/// Binomial coefficients and tail probabilities.
public enum Binomial {
  /// Returns ln C(n, k), or −∞ when k lies outside 0...n.
  public static func logCoefficient(_ n: Int, _ k: Int) -> Double {
    guard n >= 0, k >= 0, k <= n else { return -.infinity }
    return logFactorial(n) - logFactorial(k) - logFactorial(n - k)
  }

  /// Returns P(X = k) for X binomial with the given number of trials.
  ///
  /// - Precondition: `trials >= 0` and `probability` in 0...1.
  public static func mass(_ k: Int, trials: Int, probability: Double) -> Double {
    precondition(trials >= 0 && (0...1).contains(probability), "not a binomial distribution")
    guard k >= 0, k <= trials else { return 0 }
    if probability == 0 { return k == 0 ? 1 : 0 }
    if probability == 1 { return k == trials ? 1 : 0 }
    let logarithm =
      logCoefficient(trials, k) + Double(k) * log(probability)
      + Double(trials - k) * log1p(-probability)
    return exp(logarithm)
  }

  /// Returns P(X ≤ k), summed from the smaller terms to the larger.
  ///
  /// - Precondition: `trials >= 0` and `probability` in 0...1.
  /// - Complexity: O(k).
  public static func cumulative(_ k: Int, trials: Int, probability: Double) -> Double {
    if k < 0 { return 0 }
    if k >= trials { return 1 }
    var sum = 0.0
    for value in 0...k { sum += mass(value, trials: trials, probability: probability) }
    return min(1, sum)
  }
}
