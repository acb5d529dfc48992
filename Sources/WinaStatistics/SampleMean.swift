/// A mean with its standard error.
public struct SampleMean: Codable, Sendable, Equatable {
  /// The arithmetic mean.
  public let mean: Double
  /// The sample standard deviation (n − 1) over √n; nil for a single value.
  public let standardError: Double?
  /// How many values were averaged.
  public let count: Int

  /// Averages the values.
  ///
  /// - Throws: ``StatisticsError`` for no values or values that are not finite.
  public init(_ values: [Double]) throws {
    guard !values.isEmpty else { throw StatisticsError.tooFew("a mean", have: 0, need: 1) }
    try requireFinite(values, "the values of a mean")
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.init(mean: mean, squares: squares, count: values.count)
  }

  /// Averages `successes` ones and `total − successes` zeros.
  ///
  /// - Throws: ``StatisticsError`` for an empty sample or counts that do not fit together.
  public static func binary(successes: Int, total: Int) throws -> SampleMean {
    guard total > 0 else { throw StatisticsError.tooFew("a mean", have: total, need: 1) }
    guard (0...total).contains(successes) else {
      throw StatisticsError.outOfRange("successes", "\(successes)", expected: "0…\(total)")
    }
    let p = Double(successes) / Double(total)
    return SampleMean(mean: p, squares: Double(total) * p * (1 - p), count: total)
  }

  private init(mean: Double, squares: Double, count: Int) {
    self.mean = mean
    self.count = count
    let n = Double(count)
    standardError = count > 1 ? (squares / (n - 1) / n).squareRoot() : nil
  }
}
