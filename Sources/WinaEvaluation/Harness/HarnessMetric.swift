/// A metric of lm-evaluation-harness, by the name that its results have.
public enum HarnessMetric: String, Sendable, Hashable, CaseIterable, Codable {
  /// Whether the likeliest choice is the right one, or a continuation is what greedy decoding gives.
  case accuracy = "acc"
  /// The same with log-likelihoods per character of the choice.
  case normalizedAccuracy = "acc_norm"
  /// The same per UTF-8 byte of the choice.
  case byteAccuracy = "acc_bytes"
  /// The same with the log-likelihood of the choice after nothing subtracted.
  case mutualInformation = "acc_mutual_info"
  /// Whether the right choice is what greedy decoding gives, or a generated answer equals the target.
  case exactMatch = "exact_match"
  /// The squared distance of the choices' probabilities from the right choice.
  case brier = "brier_score"
  /// The exponential of the mean negative log-likelihood per item, whatever its length.
  case perplexity
  /// The exponential of the negative log-likelihood per word of the original text.
  case wordPerplexity = "word_perplexity"
  /// The exponential of the negative log-likelihood per byte of the original text.
  case bytePerplexity = "byte_perplexity"
  /// The negative log-likelihood in bits per byte of the original text.
  case bitsPerByte = "bits_per_byte"

  /// Whether more is better.
  public var isHigherBetter: Bool {
    switch self {
    case .accuracy, .normalizedAccuracy, .byteAccuracy, .mutualInformation, .exactMatch: true
    case .brier, .perplexity, .wordPerplexity, .bytePerplexity, .bitsPerByte: false
    }
  }

  /// The harness's name of how the values of items become one.
  public var aggregation: String {
    switch self {
    case .accuracy, .normalizedAccuracy, .byteAccuracy, .mutualInformation, .exactMatch: "mean"
    case .brier: "brier_score"
    case .perplexity: "perplexity"
    case .wordPerplexity, .bytePerplexity: "weighted_perplexity"
    case .bitsPerByte: "bits_per_byte"
    }
  }
}

/// What an item contributes to a metric.
public enum HarnessValue: Sendable, Hashable {
  /// A number to be averaged.
  case number(Double)
  /// A log-likelihood and what it is divided by: words or bytes.
  case weighted(Double, Int)
  /// The right choice and the probabilities of all.
  case prediction(gold: Int, [Double])
}

/// One number of the harness's results.
public struct HarnessResult: Sendable, Hashable {
  /// What was measured.
  public var metric: HarnessMetric
  /// The filter that generated answers went through, or `none`.
  public var filter: String
  /// The value.
  public var value: Double
  /// The standard error; `nil` where the harness prints N/A.
  public var standardError: Double?

  /// Makes a result from its parts.
  public init(
    metric: HarnessMetric, filter: String = "none", value: Double, standardError: Double?
  ) {
    self.metric = metric
    self.filter = filter
    self.value = value
    self.standardError = standardError
  }
}
