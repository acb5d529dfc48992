import Foundation

/// Student's t distribution.
public enum StudentDistribution {
  /// Returns P(T ≤ t) for T with the given degrees of freedom.
  ///
  /// - Precondition: `degrees > 0`.
  ///
  /// ### References
  /// Abramowitz & Stegun, *Handbook of Mathematical Functions*, 26.7.1 and 26.5.8 (the continued
  /// fraction of the incomplete beta function).
  public static func cumulative(_ t: Double, degrees: Double) -> Double {
    precondition(degrees > 0, "\(degrees) degrees of freedom are too few")
    guard !t.isNaN else { return .nan }
    guard t.isFinite else { return t < 0 ? 0 : 1 }
    // The beta function of the smaller argument keeps full precision in the tail and the middle.
    let square = t * t
    let tail = 0.5 * incompleteBeta(degrees / (degrees + square), degrees / 2, 0.5)
    return t < 0 ? tail : 1 - tail
  }

  /// Returns the t with P(T ≤ t) = `probability`, by bisection to the last bits.
  ///
  /// - Throws: ``StatisticsError`` (`outOfRange`) unless 0 < `probability` < 1.
  public static func quantile(_ probability: Double, degrees: Double) throws -> Double {
    try requireOpenUnit(probability, "the probability of a t quantile")
    if probability == 0.5 { return 0 }
    // Solved in the lower tail, where probabilities keep their precision.
    let tail = min(probability, 1 - probability)
    var low = -1.0
    while cumulative(low, degrees: degrees) > tail { low *= 2 }
    var high = 0.0
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if middle == low || middle == high { break }
      if cumulative(middle, degrees: degrees) < tail { low = middle } else { high = middle }
    }
    return probability < 0.5 ? high : -high
  }
}

/// Returns the regularised incomplete beta function Iₓ(a, b).
func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
  if x <= 0 { return 0 }
  if x >= 1 { return 1 }
  let front = exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x))
  return x < (a + 1) / (a + b + 2)
    ? front * betaFraction(x, a, b) / a : 1 - front * betaFraction(1 - x, b, a) / b
}

/// The continued fraction of the incomplete beta function, from the front (modified Lentz).
private func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
  let tiny = 1e-300
  func guarded(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
  var c = 1.0
  var d = 1 / guarded(1 - (a + b) * x / (a + 1))
  var result = d
  for step in 1...500 {
    let m = Double(step)
    let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / guarded(1 + even * d)
    c = guarded(1 + even / c)
    result *= d * c
    let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / guarded(1 + odd * d)
    c = guarded(1 + odd / c)
    result *= d * c
    if abs(d * c - 1) < 1e-16 { break }
  }
  return result
}

/// Returns ln Γ(x) for x > 0: Stirling's series above 10, the recurrence below.
private func logGamma(_ x: Double) -> Double {
  var shifted = x
  var product = 1.0
  while shifted < 10 {
    product *= shifted
    shifted += 1
  }
  let inverse = 1 / shifted
  let square = inverse * inverse
  let series =
    inverse
    * (1 / 12.0 - square
      * (1 / 360.0 - square
        * (1 / 1260.0 - square * (1 / 1680.0 - square * (1 / 1188.0 - square * 691 / 360_360)))))
  return (shifted - 0.5) * log(shifted) - shifted + 0.5 * log(2 * Double.pi) + series - log(product)
}
