/// How a text that is longer than the model's context is scored.
public enum TextWindows: Sendable, Hashable {
  /// The harness's: every token is scored once. The first window begins with the prefix token; each
  /// later one sees a single token of the window before it, but the last as many as fit.
  case rolling
  /// The WINA script's: windows of `context + stride` tokens, `stride` apart, of which the last
  /// `stride` tokens are scored; what does not fill a window is left out.
  ///
  /// The script has 2,048 and 512.
  case overlapping(context: Int, stride: Int)

  /// The windows of the WINA script.
  public static let script = TextWindows.overlapping(context: 2048, stride: 512)

  /// Divides tokens as `loglikelihood_rolling` does with a context of 1.
  ///
  /// | window | fed | scored |
  /// |---|---|---|
  /// | first | prefix, t₀ … t₍c−2₎ | t₀ … t₍c−1₎ |
  /// | next | t₍c−1₎ … t₍2c−2₎ | t₍c₎ … t₍2c−1₎ |
  /// | last | t₍n−c−1₎ … t₍n−2₎ | what is left: … t₍n−1₎ |
  ///
  /// - Parameters:
  ///   - tokens: The tokens of the text.
  ///   - prefix: What the first of them is predicted from.
  ///   - context: c, the most tokens the model reads.
  static func rolling(
    _ tokens: [Int32], prefix: Int32, context: Int
  ) -> [TokenizedSample.Sequence] {
    stride(from: 0, to: tokens.count, by: context).map { start in
      let end = min(start + context, tokens.count)
      guard start > 0 else {
        return TokenizedSample.Sequence(tokens: [prefix] + tokens[..<end], scoredStart: 1)
      }
      let fed = tokens[(end - context - 1)..<end]
      return TokenizedSample.Sequence(
        tokens: Array(fed), scoredStart: fed.count - (end - start))
    }
  }

  /// Divides tokens into overlapping windows.
  static func overlapping(
    _ tokens: [Int32], context: Int, stride step: Int
  ) -> [TokenizedSample.Sequence] {
    let whole = tokens.count / step * step
    return stride(from: 0, through: whole - context - step, by: step).map { start in
      TokenizedSample.Sequence(
        tokens: Array(tokens[start..<(start + context + step)]), scoredStart: context)
    }
  }
}
