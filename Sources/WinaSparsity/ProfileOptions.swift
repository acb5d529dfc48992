/// How a profile decides what to keep.
public enum GateKind: String, Codable, Sendable, CaseIterable {
  /// Keeps coordinates whose score exceeds a fitted threshold (strictly).
  case threshold
  /// Keeps the k highest scores of every token.
  case topK = "topk"
}

/// What a profile is fitted to.
public struct ProfileOptions: Codable, Sendable, Equatable {
  /// How coordinates are scored.
  public var method: ScoreMethod
  /// The model-wide target, in [0, 1), weighted by the parameters of all seven projections.
  public var sparsity: Double
  /// How a profile decides what to keep.
  public var gate: GateKind
  /// Which means are subtracted first.
  public var centring: CentringKind
  /// Groups with fewer gated tokens use the pooled distribution.
  public var minimumTokens: Int

  /// Makes options; the defaults are WINA's thresholds without centring.
  public init(
    method: ScoreMethod = .wina, sparsity: Double, gate: GateKind = .threshold,
    centring: CentringKind = .none, minimumTokens: Int = 1000
  ) {
    self.method = method
    self.sparsity = sparsity
    self.gate = gate
    self.centring = centring
    self.minimumTokens = minimumTokens
  }
}
