import Foundation

/// Returns a standard normal deviate from two uniform ones by the Box–Muller transform.
func normalDeviate(_ u: Double, _ v: Double) -> Double {
  (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
}
