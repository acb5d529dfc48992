import Foundation

/// How the harness makes one number, and its standard error, of the items' values.
///
/// - Means have the sample standard deviation (n − 1) over √n.
/// - `perplexity` has the standard deviation of 100,000 bootstrap resamples, drawn in a hundred
///   chunks of which number i is drawn by Python's generator seeded with i. The draws are the
///   harness's own, so the error is the same number.
/// - Ratios of sums (`word_perplexity`, `byte_perplexity`, `bits_per_byte`) and `brier_score` have
///   none.
public enum HarnessAggregation {
  /// The resamples that the harness draws by default.
  public static let bootstrapIterations = 100_000

  /// Returns the result for a metric, or `nil` for no values.
  ///
  /// - Parameters:
  ///   - metric: The metric.
  ///   - values: What the items contribute, in order.
  ///   - iterations: The bootstrap's resamples; 0 for no standard errors at all.
  /// - Complexity: O(n), and O(n · iterations) for `perplexity`.
  public static func result(
    _ metric: HarnessMetric, filter: String = "none", _ values: [HarnessValue],
    iterations: Int = bootstrapIterations
  ) -> HarnessResult? {
    guard !values.isEmpty else { return nil }
    let numbers = values.compactMap { if case .number(let value) = $0 { value } else { nil } }
    var result = HarnessResult(metric: metric, filter: filter, value: .nan, standardError: nil)
    switch metric {
    case .accuracy, .normalizedAccuracy, .byteAccuracy, .mutualInformation, .exactMatch:
      guard let mean = MeanEstimate(numbers) else { return nil }
      result.value = mean.mean
      result.standardError = iterations > 0 ? mean.standardError : nil
    case .perplexity:
      guard !numbers.isEmpty else { return nil }
      result.value = exp(-numbers.reduce(0, +) / Double(numbers.count))
      if iterations > 0, numbers.count > 1 {
        result.standardError = bootstrap(numbers, iterations: iterations)
      }
    case .wordPerplexity, .bytePerplexity:
      result.value = exp(-ratio(values))
    case .bitsPerByte:
      result.value = -ratio(values) / log(2)
    case .brier:
      result.value = brier(values)
    }
    return result
  }

  private static func ratio(_ values: [HarnessValue]) -> Double {
    var sum = 0.0
    var weight = 0
    for case .weighted(let value, let count) in values {
      sum += value
      weight += count
    }
    return sum / Double(weight)
  }

  private static func brier(_ values: [HarnessValue]) -> Double {
    var sum = 0.0
    for case .prediction(let gold, let probabilities) in values {
      for (index, p) in probabilities.enumerated() {
        let difference = p - (index == gold ? 1 : 0)
        sum += difference * difference
      }
    }
    return sum / Double(values.count)
  }

  /// The standard deviation of the perplexities of resamples.
  private static func bootstrap(_ values: [Double], iterations: Int) -> Double {
    let chunk = min(1000, iterations)
    let count = Double(values.count)
    var perplexities: [Double] = []
    for seed in 0..<(iterations / chunk) {
      var random = PythonRandom(seed: UInt32(seed))
      for _ in 0..<chunk {
        var sum = 0.0
        for _ in values { sum += values[Int(random.next() * count)] }
        perplexities.append(exp(-(sum / count)))
      }
    }
    let n = Double(perplexities.count)
    let mean = perplexities.reduce(0, +) / n
    let squares = perplexities.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / (n - 1)).squareRoot()
  }

  /// Returns the results of a group of tasks: means weighted by size, with pooled standard errors.
  ///
  /// The pooled error is √(Σ (nᵢ − 1) nᵢ eᵢ² / (Σ nᵢ − G) / Σ nᵢ); it is absent where one of the
  /// tasks has none.
  ///
  /// - Parameters:
  ///   - tasks: The results and the number of items of each task.
  ///   - metrics: The metrics to aggregate.
  public static func pooled(
    _ tasks: [(results: [HarnessResult], size: Int)], metrics: [HarnessMetric] = [.accuracy]
  ) -> [HarnessResult] {
    metrics.compactMap { metric in
      let parts = tasks.compactMap { task in
        task.results.first { $0.metric == metric }.map { ($0, Double(task.size)) }
      }
      let size = parts.reduce(0) { $0 + $1.1 }
      guard size > 0 else { return nil }
      let errors = parts.compactMap(\.0.standardError)
      var error: Double?
      if errors.count == parts.count, size > Double(parts.count) {
        let variance = zip(errors, parts).reduce(0) {
          $0 + ($1.1.1 - 1) * $1.0 * $1.0 * $1.1.1
        }
        error = (variance / (size - Double(parts.count)) / size).squareRoot()
      }
      return HarnessResult(
        metric: metric, value: parts.reduce(0) { $0 + $1.0.value * $1.1 } / size,
        standardError: error)
    }
  }
}
