/// Which positions are gated and which are scored: the same for every arm of an experiment.
public struct EvaluationPolicy: Sendable, Hashable {
  /// How much of the prompt is gated besides what follows it.
  public enum PromptGating: String, Sendable, Hashable, Codable, CaseIterable {
    /// All of it, after the dense prefix.
    case gated
    /// Its second half, as in TEAL's evaluation.
    case half
    /// None of it: a dense prefill before a sparse decode.
    case dense
  }

  /// The number of leading tokens that stay dense in every arm.
  ///
  /// Real tokens count, a beginning-of-sequence token among them; there is no padding.
  public var densePrefix: Int
  /// The fraction f of leading tokens that stay dense, if those are more: T − ⌊(1 − f)·T⌋ of T tokens.
  ///
  /// T is the prompt's length, or a document's. WINA's evaluation script has 0.01.
  public var denseFraction: Double
  /// How much of the prompt is gated.
  public var prompt: PromptGating
  /// The number of leading tokens of a document that routing sees.
  ///
  /// They are dense in every arm and not scored. Token `routeTokens` is the first that is scored:
  /// it is predicted at the last dense row, so it costs nothing to score and is equal in all arms.
  public var routeTokens: Int

  /// Makes a policy; the defaults are one dense token, a gated prompt and 32 routing tokens.
  ///
  /// - Precondition: Both numbers are non-negative, and the fraction is in 0…1.
  public init(
    densePrefix: Int = 1, denseFraction: Double = 0, prompt: PromptGating = .gated,
    routeTokens: Int = 32
  ) {
    precondition(densePrefix >= 0 && routeTokens >= 0, "a policy counts tokens")
    precondition((0...1).contains(denseFraction), "a fraction")
    self.densePrefix = densePrefix
    self.denseFraction = denseFraction
    self.prompt = prompt
    self.routeTokens = routeTokens
  }

  /// The first row of a sample's forward passes to which a profile is applied.
  ///
  /// It is the same for all choices: their prompt ends where the first of them begins.
  public func firstGatedRow(_ sample: TokenizedSample) -> Int {
    let isDocument = sample.kind == .document
    let tokens =
      isDocument
      ? sample.goldSequence.tokens.count : sample.sequences.map(\.scoredStart).min() ?? 0
    var first = max(densePrefix, leading(of: tokens))
    switch prompt {
    case .gated: break
    case .half: first = max(first, tokens / 2)
    case .dense: first = isDocument ? first : max(first, tokens)
    }
    return isDocument ? max(first, routeTokens) : first
  }

  private func leading(of tokens: Int) -> Int {
    guard denseFraction > 0, tokens > 1 else { return 0 }
    return tokens - Int((1 - denseFraction) * Double(tokens) + 1e-9)
  }
}
