/// A word, number, symbol or string of a Swift or C source; comments are not tokens.
struct Token: Hashable, Sendable {
  enum Kind: Sendable {
    case word, number, symbol, string
  }

  var kind: Kind
  /// The characters; of a string its content without quotes and interpolations.
  var text: String
  /// The line, from 1.
  var line: Int

  func isWord(_ word: String) -> Bool { kind == .word && text == word }
  func isSymbol(_ symbol: String) -> Bool { kind == .symbol && text == symbol }
}
