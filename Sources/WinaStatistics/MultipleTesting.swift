/// Corrections of a family of p values.
public enum MultipleTesting {
  /// Returns Holm's step-down adjusted p values, in the order of the input.
  ///
  /// - Throws: ``StatisticsError`` for a value outside 0...1.
  /// - Complexity: O(m log m).
  public static func holm(_ pValues: [Double]) throws -> [Double] {
    try check(pValues)
    var adjusted = pValues
    var running = 0.0
    for (rank, index) in ascending(pValues).enumerated() {
      running = max(running, min(1, Double(pValues.count - rank) * pValues[index]))
      adjusted[index] = running
    }
    return adjusted
  }

  /// Returns Benjamini–Hochberg adjusted p values (false discovery rate), in input order.
  ///
  /// - Throws: ``StatisticsError`` for a value outside 0...1.
  /// - Complexity: O(m log m).
  public static func benjaminiHochberg(_ pValues: [Double]) throws -> [Double] {
    try check(pValues)
    var adjusted = pValues
    var running = 1.0
    for (rank, index) in ascending(pValues).enumerated().reversed() {
      running = min(running, Double(pValues.count) / Double(rank + 1) * pValues[index])
      adjusted[index] = running
    }
    return adjusted
  }

  private static func ascending(_ pValues: [Double]) -> [Int] {
    pValues.indices.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
  }

  private static func check(_ pValues: [Double]) throws {
    if let value = pValues.first(where: { !(0...1).contains($0) }) {
      throw StatisticsError.outOfRange("a p value", "\(value)", expected: "0…1")
    }
  }
}

/// The comparison of an observed gain with the gains of random partitions.
public enum RandomPartitionNull {
  /// Returns (1 + #{null ≥ observed}) / (R + 1), the one-sided p value of the observed gain.
  ///
  /// - Parameters:
  ///   - observed: The gain of the partition under test; larger is better.
  ///   - null: The gains of R random partitions of the same sizes.
  /// - Throws: ``StatisticsError`` when there is no null value or one is not finite.
  public static func pValue(observed: Double, null: [Double]) throws -> Double {
    guard !null.isEmpty else {
      throw StatisticsError.tooFew("a random-partition null", have: 0, need: 1)
    }
    try requireFinite([observed], "the observed gain")
    try requireFinite(null, "gains of random partitions")
    let reached = null.reduce(0) { $0 + ($1 >= observed ? 1 : 0) }
    return Double(1 + reached) / Double(null.count + 1)
  }
}
