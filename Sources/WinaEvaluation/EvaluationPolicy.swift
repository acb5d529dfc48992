/// Which positions are gated and which are scored: the same for every arm of an experiment.
public struct EvaluationPolicy: Sendable, Hashable {
  /// The number of leading tokens that stay dense in every arm.
  ///
  /// Real tokens count, a beginning-of-sequence token among them; there is no padding.
  public var densePrefix: Int
  /// The number of leading tokens of a document that routing sees.
  ///
  /// They are dense in every arm and not scored. Token `routeTokens` is the first that is scored:
  /// it is predicted at the last dense row, so it costs nothing to score and is equal in all arms.
  public var routeTokens: Int

  /// Makes a policy; the defaults are one dense token and 32 routing tokens.
  ///
  /// - Precondition: Both numbers are non-negative.
  public init(densePrefix: Int = 1, routeTokens: Int = 32) {
    precondition(densePrefix >= 0 && routeTokens >= 0, "a policy counts tokens")
    self.densePrefix = densePrefix
    self.routeTokens = routeTokens
  }

  /// The first row of the forward pass to which a profile is applied.
  public func firstGatedRow(_ kind: TokenizedSample.Kind) -> Int {
    kind == .document ? max(densePrefix, routeTokens) : densePrefix
  }
}
