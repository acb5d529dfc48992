import WinaModel

/// Turns tokens into text as they come, holding back bytes that are not yet a whole character.
///
/// Only the tokens since the last shown text and a few before it are decoded again, so that a long text
/// costs no more per token than a short one.
struct ModelTextStream {
  private let tokenizer: Tokenizer
  private var ids: [Int32]
  /// Where the tokens begin that are decoded again.
  private var start: Int
  /// The end of the tokens whose text was shown.
  private var shown: Int

  /// Tokens before the new ones that decide about spaces between.
  private static let context = 8

  /// Starts behind a prompt, which is not repeated.
  init(tokenizer: Tokenizer, prompt: [Int32]) {
    self.tokenizer = tokenizer
    ids = prompt
    shown = prompt.count
    start = max(0, prompt.count - Self.context)
  }

  /// Returns the text that a token adds.
  mutating func append(_ token: Int32) -> String {
    ids.append(token)
    let text = decoded(to: ids.count)
    guard !text.hasSuffix("\u{FFFD}") else { return "" }
    let added = Self.suffix(of: text, after: decoded(to: shown))
    shown = ids.count
    start = max(start, shown - Self.context)
    return added
  }

  /// What was held back.
  var rest: String { Self.suffix(of: decoded(to: ids.count), after: decoded(to: shown)) }

  private func decoded(to end: Int) -> String {
    tokenizer.decode(Array(ids[start..<end]), skipSpecialTokens: true)
  }

  private static func suffix(of text: String, after shown: String) -> String {
    let scalars = text.unicodeScalars.dropFirst(shown.unicodeScalars.count)
    return String(String.UnicodeScalarView(scalars))
  }
}
