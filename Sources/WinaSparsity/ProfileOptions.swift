/// How a profile decides what to keep.
public enum GateKind: String, Codable, Sendable, CaseIterable {
  /// Keeps coordinates whose score exceeds a fitted threshold (strictly).
  case threshold
  /// Keeps the k highest scores of every token.
  case topK = "topk"
  /// Keeps the same coordinates for every token of a group: those of the highest mean squared score.
  case fixed = "static"
  /// Removes coordinates that a group hardly ever uses, and thresholds the rest.
  case hybrid
}

/// How much the thresholds of a group are drawn towards the pooled ones.
public enum Shrinkage: Sendable, Equatable {
  /// Not at all.
  case none
  /// By how much they vary between the group's samples against how much they vary between groups.
  case variance
  /// By mixing the group's scores with this many tokens of pooled scores.
  case tokens(Double)
}

/// What the size of a profile is given by.
public enum ProfileTarget: Sendable, Equatable {
  /// The model-wide fraction of weights that are not used, in [0, 1).
  case sparsity(Double)
  /// The share of the summed squared score that static masks keep in every projection, in (0, 1].
  case coverage(Double)
}

/// What a profile is fitted to.
public struct ProfileOptions: Sendable, Equatable {
  /// How coordinates are scored.
  public var method: ScoreMethod
  /// The size.
  public var target: ProfileTarget
  /// How a profile decides what to keep.
  public var gate: GateKind
  /// Which means are subtracted first.
  public var centring: CentringKind
  /// Groups with fewer gated tokens use the pooled distribution.
  public var minimumTokens: Int
  /// Where thresholds lie between the pooled ones (0) and the group's own (1), geometrically.
  public var beta: Double
  /// How thresholds of groups are drawn towards the pooled ones.
  public var shrinkage: Shrinkage
  /// The activity that an input must surely stay below to be removed by a hybrid gate.
  public var neverActive: Double

  /// Makes options; the defaults are WINA's thresholds without centring.
  public init(
    method: ScoreMethod = .wina, target: ProfileTarget, gate: GateKind = .threshold,
    centring: CentringKind = .none, minimumTokens: Int = 1000, beta: Double = 1,
    shrinkage: Shrinkage = .none, neverActive: Double = 0.01
  ) {
    self.method = method
    self.target = target
    self.gate = gate
    self.centring = centring
    self.minimumTokens = minimumTokens
    self.beta = beta
    self.shrinkage = shrinkage
    self.neverActive = neverActive
  }

  /// Makes options for a model-wide sparsity.
  public init(
    method: ScoreMethod = .wina, sparsity: Double, gate: GateKind = .threshold,
    centring: CentringKind = .none, minimumTokens: Int = 1000
  ) {
    self.init(
      method: method, target: .sparsity(sparsity), gate: gate, centring: centring,
      minimumTokens: minimumTokens)
  }

  /// The model-wide target, or `nil` where coverage decides.
  var sparsity: Double? {
    if case .sparsity(let value) = target { value } else { nil }
  }

  /// Whether thresholds of groups are mixed with pooled ones.
  var mixesThresholds: Bool { beta != 1 || shrinkage != .none }
}
