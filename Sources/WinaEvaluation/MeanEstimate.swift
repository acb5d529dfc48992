/// A mean of independent samples with its standard error.
public struct MeanEstimate: Sendable, Hashable {
  /// The mean.
  public var mean: Double
  /// The sample standard deviation (n − 1) over √n, as the harness reports it; `nil` for n < 2.
  public var standardError: Double?
  /// The number of samples.
  public var count: Int

  /// Estimates the mean of `values`.
  ///
  /// - Returns: `nil` if there are none.
  public init?(_ values: some Collection<Double>) {
    guard !values.isEmpty else { return nil }
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    count = values.count
    standardError = values.count < 2 ? nil : (squares / (n - 1) / n).squareRoot()
  }
}
