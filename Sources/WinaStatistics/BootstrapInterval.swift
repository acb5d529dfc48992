/// How a bootstrap interval is made from the resampled statistics.
public enum BootstrapMethod: String, Codable, Sendable, CaseIterable {
  /// The empirical quantiles.
  case percentile
  /// Bias-corrected and accelerated quantiles (Efron, 1987).
  case bca
}

/// How to bootstrap.
public struct BootstrapOptions: Codable, Sendable, Equatable {
  /// The seed of the resamples.
  public var seed: UInt64
  /// How the interval is made.
  public var method: BootstrapMethod
  /// How many resamples are drawn.
  public var repetitions: Int
  /// The confidence level, in (0, 1).
  public var confidence: Double

  /// Makes options; the defaults are those of the project's reports.
  public init(
    seed: UInt64, method: BootstrapMethod = .bca, repetitions: Int = 10_000,
    confidence: Double = 0.95
  ) {
    self.seed = seed
    self.method = method
    self.repetitions = repetitions
    self.confidence = confidence
  }
}

/// A statistic with its bootstrap interval.
public struct BootstrapInterval: Codable, Sendable, Equatable {
  /// The statistic of the data as they are.
  public let estimate: Double
  /// The lower limit.
  public let low: Double
  /// The upper limit.
  public let high: Double
  /// The standard deviation of the resampled statistics.
  public let standardError: Double
  /// The confidence level.
  public let confidence: Double
  /// How many resamples were drawn.
  public let repetitions: Int
  /// How the interval was made.
  public let method: BootstrapMethod
}
