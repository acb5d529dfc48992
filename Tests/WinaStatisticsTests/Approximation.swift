/// Returns whether two numbers agree within a relative (or, near zero, absolute) tolerance.
func agrees(_ actual: Double, _ expected: Double, within tolerance: Double = 1e-12) -> Bool {
  abs(actual - expected) <= tolerance * max(1, abs(expected))
}
