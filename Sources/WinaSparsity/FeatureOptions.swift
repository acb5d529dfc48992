import WinaTensor

/// How the values of one layer and stream are scaled before they are normalised.
public enum FeatureTransformKind: String, Codable, Sendable, CaseIterable {
  /// log1p(s / median), the median being taken over the fitted samples and channels.
  case log1pMedian = "log1p_median"
  /// The mean score as it is.
  case none
}

/// How the values of one layer and stream are normalised.
public enum FeatureNormalisation: String, Codable, Sendable, CaseIterable {
  /// Scaled to unit Euclidean length.
  case l2
  /// Each channel centred and divided by its standard deviation over the fitted samples.
  case zscore
  /// Left alone.
  case none
}

/// What samples are compared by.
public enum FeatureKind: String, Codable, Sendable, CaseIterable {
  /// The mean scores of all channels over the tokens that routing may see.
  case meanScore = "mean_score"
  /// The share of those tokens at which each channel's score exceeds a threshold.
  case activeRate = "active_rate"
  /// The distribution of the scores of those tokens, in 64 bins a layer and stream.
  case histogram
  /// The mean embedding of those tokens.
  case embedding
  /// The counts of those tokens themselves; see ``BagOfTokens``.
  case bagOfTokens = "bag_of_tokens"

  /// Whether a pass of capture has to keep the features beside moments.
  public var needsPass: Bool { self == .activeRate || self == .histogram || self == .embedding }

  /// Whether features are made of the tokens alone, without a pass.
  public var isOfTokens: Bool { self == .bagOfTokens }
}

/// How a sample becomes a vector for clustering.
public struct FeatureOptions: Codable, Sendable, Equatable {
  /// What the vector is made of; nil stands for mean scores.
  public var kind: FeatureKind?
  /// Which column norms weigh |x|.
  ///
  /// With `wina` those of k_proj and gate_proj, with `wina_all` also those of o_proj and down_proj,
  /// with `teal` none.
  public var score: ScoreMethod
  /// The layers to use; nil uses all.
  public var layers: [Int]?
  /// The streams to use; nil uses all.
  public var streams: [ActivationStream]?
  /// How values are scaled.
  public var transform: FeatureTransformKind
  /// How values of one layer and stream are normalised.
  public var normalise: FeatureNormalisation
  /// The number of principal components; 0 keeps the features as they are.
  public var components: Int

  /// Makes options; the defaults are those of the stages.
  public init(
    kind: FeatureKind? = nil, score: ScoreMethod = .wina, layers: [Int]? = nil,
    streams: [ActivationStream]? = nil,
    transform: FeatureTransformKind = .log1pMedian, normalise: FeatureNormalisation = .l2,
    components: Int = 50
  ) {
    self.kind = kind
    self.score = score
    self.layers = layers
    self.streams = streams
    self.transform = transform
    self.normalise = normalise
    self.components = components
  }

  /// Returns the projection whose norms weigh a stream, or nil for plain magnitudes.
  public func weighting(of stream: ActivationStream) throws -> Projection? {
    // What is counted against thresholds was weighed before.
    if kind == .activeRate { return nil }
    switch score {
    case .teal: return nil
    case .cats, .winaCATS, .winaFused:
      throw SparsityError.range(
        "the score of features", score.rawValue, expected: "wina, wina_all, teal")
    case .wina, .winaAll:
      switch stream {
      case Projection.kProj.stream: return .kProj
      case Projection.gateProj.stream: return .gateProj
      default:
        guard score == .winaAll else { return nil }
        return Projection.allCases.first { $0.stream == stream }
      }
    }
  }
}
