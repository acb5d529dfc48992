import Foundation

/// Returns ln x.
func naturalLogarithm(_ x: Double) -> Double { log(x) }

/// Returns cos x.
func cosine(_ x: Double) -> Double { cos(x) }

/// Returns ln(n!) for n ≥ 0.
///
/// Exact summation up to 170, Stirling's series (error below 1e-16 relative) above.
func logFactorial(_ n: Int) -> Double {
  precondition(n >= 0, "the factorial of \(n) is not defined")
  if n < LogFactorialTable.values.count { return LogFactorialTable.values[n] }
  let x = Double(n) + 1
  let inverse = 1 / x
  let square = inverse * inverse
  let series = inverse * (1 / 12.0 - square * (1 / 360.0 - square * (1 / 1260.0 - square / 1680)))
  return (x - 0.5) * log(x) - x + 0.5 * log(2 * Double.pi) + series
}

private enum LogFactorialTable {
  static let values: [Double] = {
    var product = 1.0
    return (0...170).map { n in
      if n > 0 { product *= Double(n) }
      return log(product)
    }
  }()
}
