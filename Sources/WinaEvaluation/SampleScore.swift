/// Sums over a stretch of scored tokens; never ratios, so that they add up over anything.
public struct TokenSums: Sendable, Hashable {
  /// The number of scored tokens.
  public var tokens: Int
  /// The UTF-8 bytes of text they stand for.
  public var bytes: Int
  /// The words that begin in them.
  public var words: Int
  /// The negative log-likelihood, in nats.
  public var nll: Double
  /// The divergence `KL(dense ‖ arm)` summed over tokens, in nats; 0 without a reference.
  public var kl: Double
  /// The tokens at which the arm's most likely token is the dense arm's.
  public var agreements: Int

  /// The sums over no tokens.
  public static let zero = TokenSums(tokens: 0, bytes: 0, words: 0, nll: 0, kl: 0, agreements: 0)

  /// Makes sums from their parts.
  public init(tokens: Int, bytes: Int, words: Int, nll: Double, kl: Double, agreements: Int) {
    self.tokens = tokens
    self.bytes = bytes
    self.words = words
    self.nll = nll
    self.kl = kl
    self.agreements = agreements
  }

  /// Adds sum by sum.
  public static func + (a: TokenSums, b: TokenSums) -> TokenSums {
    TokenSums(
      tokens: a.tokens + b.tokens, bytes: a.bytes + b.bytes, words: a.words + b.words,
      nll: a.nll + b.nll, kl: a.kl + b.kl, agreements: a.agreements + b.agreements)
  }
}

/// What one arm did on one sample.
public struct SampleScore: Sendable, Hashable {
  /// The task or document set.
  public var label: String
  /// How the sample was scored.
  public var kind: TokenizedSample.Kind
  /// The first ⌊n/2⌋ of the n scored tokens of the gold sequence.
  public var first: TokenSums
  /// The rest of them.
  public var second: TokenSums
  /// The log-likelihood of each choice, or of the one continuation, in nats; empty for documents.
  public var logLikelihoods: [Double]
  /// Whether each token of the choice was the most likely one; parallel to ``logLikelihoods``.
  public var isGreedy: [Bool]
  /// 1 if the likeliest choice is the right one (a continuation: if it is greedy), else 0.
  public var accuracy: Int
  /// The same with log-likelihoods divided by the choices' lengths in Unicode scalars.
  public var normalizedAccuracy: Int
  /// The rows of the forward passes that were run.
  public var rows: Int
  /// The rows to which a profile was applied.
  public var gatedRows: Int
  /// The weights used in gated rows per (layer, projection), summed over rows; empty when nothing
  /// was gated.
  ///
  /// Divided by `gatedRows` and the size of the projection this is its density.
  public var usedWeights: [UInt64]
  /// What the forward passes cost.
  public var macs: MACBreakdown

  /// Makes a score from its parts.
  public init(
    label: String, kind: TokenizedSample.Kind, first: TokenSums = .zero, second: TokenSums = .zero,
    logLikelihoods: [Double] = [], isGreedy: [Bool] = [], accuracy: Int = 0,
    normalizedAccuracy: Int = 0, rows: Int = 0, gatedRows: Int = 0, usedWeights: [UInt64] = [],
    macs: MACBreakdown = .zero
  ) {
    self.label = label
    self.kind = kind
    self.first = first
    self.second = second
    self.logLikelihoods = logLikelihoods
    self.isGreedy = isGreedy
    self.accuracy = accuracy
    self.normalizedAccuracy = normalizedAccuracy
    self.rows = rows
    self.gatedRows = gatedRows
    self.usedWeights = usedWeights
    self.macs = macs
  }

  /// The sums over all scored tokens.
  public var total: TokenSums { first + second }

  /// Whether nothing was scored, because the document is not longer than the routing tokens.
  public var isSkipped: Bool { first.tokens + second.tokens == 0 }

  /// The score with only the second half of the scored tokens, as `route: best` reports it.
  ///
  /// Accuracy, rows and costs stay those of the whole sample: they cannot be split.
  public func secondHalfOnly() -> SampleScore {
    var score = self
    score.first = .zero
    return score
  }

  /// Returns a copy without scored tokens, which is skipped.
  public func unscored() -> SampleScore {
    var score = self
    (score.first, score.second) = (.zero, .zero)
    return score
  }

  /// Returns the index of the score with the lowest divergence on the first half, the first of
  /// equals: the choice that `route: best` makes.
  ///
  /// Scored on ``secondHalfOnly()``, the choice is not biased by having been made on the same
  /// tokens.
  ///
  /// - Precondition: `scores` is not empty.
  public static func best(of scores: [SampleScore]) -> Int {
    precondition(!scores.isEmpty, "there must be a profile to choose")
    return scores.indices.reduce(0) { scores[$1].first.kl < scores[$0].first.kl ? $1 : $0 }
  }
}
