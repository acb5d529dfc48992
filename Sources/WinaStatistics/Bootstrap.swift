/// Bootstrap intervals that resample entries or whole documents, within strata where these are given.
///
/// With strata (labels), every resample draws as many units from each stratum as it holds. Resample r
/// of a seed is the same whatever the statistic, so arms resampled with one seed stay paired. Several
/// statistics of the same data are cheaper through one ``SumBootstrap``.
///
/// ### References
/// Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, ch. 14; Davison & Hinkley,
/// *Bootstrap Methods and their Application*, 1997, §5.3 (acceleration with strata).
public enum Bootstrap {
  /// Returns the interval of the mean of paired differences.
  ///
  /// - Parameters:
  ///   - differences: One value per entry: a metric in one arm minus the other.
  ///   - strata: The label of each entry, or nil to resample over all of them.
  ///   - units: The document of each entry, whose entries are drawn together, or nil.
  ///   - options: Seed, method, repetitions and confidence.
  /// - Throws: ``StatisticsError`` for fewer than two units or values that are not finite.
  public static func meanDifference(
    _ differences: [Double], strata: [Int]? = nil, units: [Int]? = nil, options: BootstrapOptions
  ) throws -> BootstrapInterval {
    let ones = [Double](repeating: 1, count: differences.count)
    return try SumBootstrap(
      columns: [differences, ones], strata: strata, units: units, options: options
    ).ratio(0, 1)
  }

  /// Returns the interval of Σ numerators / Σ denominators, such as NLL per token.
  ///
  /// - Parameters:
  ///   - numerators: One sum per entry.
  ///   - denominators: One positive weight per entry, such as its number of scored tokens.
  ///   - strata: The label of each entry, or nil.
  ///   - units: The document of each entry, whose entries are drawn together, or nil.
  ///   - options: Seed, method, repetitions and confidence.
  /// - Throws: ``StatisticsError`` for fewer than two units, lengths that differ, values that
  ///   are not finite or denominators that are not positive.
  public static func ratioOfSums(
    numerators: [Double], denominators: [Double], strata: [Int]? = nil, units: [Int]? = nil,
    options: BootstrapOptions
  ) throws -> BootstrapInterval {
    try checkRatio(numerators, denominators)
    return try SumBootstrap(
      columns: [numerators, denominators], strata: strata, units: units, options: options
    ).ratio(0, 1)
  }

  /// Returns the interval of the unweighted mean, over strata, of each stratum's ratio of sums.
  ///
  /// - Throws: ``StatisticsError`` as ``ratioOfSums(numerators:denominators:strata:units:options:)``.
  public static func macroRatio(
    numerators: [Double], denominators: [Double], strata: [Int], units: [Int]? = nil,
    options: BootstrapOptions
  ) throws -> BootstrapInterval {
    try checkRatio(numerators, denominators)
    return try SumBootstrap(
      columns: [numerators, denominators], strata: strata, units: units, options: options
    ).macroRatio(0, 1)
  }

  /// Returns the interval of any statistic of resampled entries, such as a median.
  ///
  /// - Parameters:
  ///   - count: How many entries there are.
  ///   - strata: The label of each entry, or nil.
  ///   - units: The document of each entry, whose entries are drawn together, or nil.
  ///   - options: Seed, method, repetitions and confidence.
  ///   - statistic: The statistic of the entries at the given indices (with repeats).
  /// - Throws: ``StatisticsError`` for fewer than two units, options out of range, or a resample whose
  ///   statistic is not a number.
  /// - Complexity: O(count · repetitions), and O(count · units) more for BCa.
  public static func interval(
    count: Int, strata: [Int]? = nil, units: [Int]? = nil, options: BootstrapOptions,
    statistic: ([Int]) -> Double
  ) throws -> BootstrapInterval {
    let layout = try ResamplingUnits(count: count, strata: strata, units: units, options: options)
    let values = (0..<options.repetitions).map { repetition in
      var random = RandomStream(seed: options.seed, stream: UInt64(repetition))
      var indices: [Int] = []
      indices.reserveCapacity(count)
      for range in layout.ranges {
        for _ in range {
          indices += layout.units[range.lowerBound + random.index(below: range.count)]
        }
      }
      return statistic(indices)
    }
    return try BootstrapInterval(
      estimate: statistic(Array(0..<count)), resampled: values, options: options,
      leaveOneOut: {
        layout.ranges.map { range in
          guard range.count > 1 else { return [] }
          return range.map { out in
            statistic(layout.units.indices.lazy.filter { $0 != out }.flatMap { layout.units[$0] })
          }
        }
      })
  }

  private static func checkRatio(_ numerators: [Double], _ denominators: [Double]) throws {
    guard numerators.count == denominators.count else {
      throw StatisticsError.lengths("ratio of sums", numerators.count, denominators.count)
    }
    try requireFinite(numerators, "numerators")
    try requireFinite(denominators, "denominators")
    if let value = denominators.first(where: { $0 <= 0 }) {
      throw StatisticsError.outOfRange("a denominator", "\(value)", expected: "(0, ∞)")
    }
  }
}
