/// How many leading tokens of a sequence are left dense.
public enum DensePrefix {
  /// Returns the dense prefix of WINA's evaluation script, T − ⌊0.99·T⌋, and 0 for one token.
  ///
  /// A single (decode) token is gated there, because a slice from −0 selects everything.
  ///
  /// - Parameter tokens: The number T of real tokens, at least 0.
  public static func winaScript(_ tokens: Int) -> Int {
    tokens <= 1 ? 0 : tokens - tokens * 99 / 100
  }

  /// Returns a fixed dense prefix, at most the whole sequence.
  ///
  /// - Parameters:
  ///   - count: How many leading tokens are to stay dense.
  ///   - tokens: The number of real tokens of the sequence.
  public static func fixed(_ count: Int, of tokens: Int) -> Int {
    min(max(count, 0), max(tokens, 0))
  }
}
