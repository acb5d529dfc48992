import WinaTestSupport

/// Texts that stress tokenizers: scripts, marks, white space of all kinds, contractions, symbols.
enum SampleText {
  private static let fragments = [
    " ", "  ", "\n", "\r\n", "\t", "\u{A0}", "\u{3000}", "\u{2028}", "\u{0}", "the", "don't",
    "I'LL", "'s", "'S", "it's", "CamelCase", "snake_case", "é", "e\u{301}", "日本語", "한국어", "각",
    "🙂", "👩\u{200D}👧", "٣", "½", "Ⅷ", "123", "12345", "...", "!?", "{}", "-", "_", "\u{FEFF}", "▁",
    "Ġ", "<0x0A>", "<s>", "İ", "ẞ", "\u{345}", "x\u{323}\u{307}",
  ]

  /// Draws a text of up to 24 fragments and random scalars.
  static func make(using generator: inout SeededGenerator) -> String {
    var view = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...24, using: &generator) {
      if Bool.random(using: &generator), let fragment = fragments.randomElement(using: &generator) {
        view.append(contentsOf: fragment.unicodeScalars)
      } else {
        let limit: UInt32 =
          [0x80, 0x250, 0x3000, 0x1_1000].randomElement(using: &generator) ?? 0x80
        let value = UInt32.random(in: 0..<limit, using: &generator)
        if let scalar = Unicode.Scalar(value), (scalar.properties.age?.major ?? 99) <= 14 {
          view.append(scalar)
        }
      }
    }
    return String(view)
  }
}
