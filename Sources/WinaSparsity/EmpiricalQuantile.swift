/// Quantiles of counted values.
package enum EmpiricalQuantile {
  /// Returns the inverse distribution function of distinct, ascending values with counts.
  ///
  /// The rule of WINA's released `Distribution.icdf`: the target is q·total; at the first value
  /// whose cumulative count reaches it, interpolate from the value before; the first value is
  /// returned as it is. Values with count 0 take no part.
  ///
  /// - Parameters:
  ///   - counts: How often each value occurs.
  ///   - q: The quantile, in 0...1.
  ///   - value: The value that belongs to an index of `counts`.
  /// - Returns: The quantile, or nil when all counts are 0.
  package static func inverse(
    counts: some Collection<UInt64>, _ q: Double, value: (Int) -> Double
  ) -> Double? {
    var total: UInt64 = 0
    for count in counts { total += count }
    guard total > 0 else { return nil }
    let target = q * Double(total)
    var cumulative: UInt64 = 0
    var previous: Int?
    for (index, count) in counts.enumerated() where count > 0 {
      let next = cumulative + count
      if Double(next) >= target {
        guard let previous else { return value(index) }
        let fraction = (target - Double(cumulative)) / Double(count)
        return value(previous) + fraction * (value(index) - value(previous))
      }
      cumulative = next
      previous = index
    }
    return previous.map(value)
  }
}
