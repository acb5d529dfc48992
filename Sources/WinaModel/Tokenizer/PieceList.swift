/// A text on its way to the model: UTF-8, and the ranges that are to become words.
struct PieceList {
  /// The text.
  private(set) var bytes: [UInt8]
  /// The words, in order and none empty; text outside all of them is dropped.
  private(set) var ranges: [Range<Int>]
  /// Whether a word at the start of ``bytes`` was the first of what the caller passed.
  private(set) var isAtOrigin: Bool
  /// Whether the model is to see the byte-level spelling of ``bytes`` rather than themselves.
  private(set) var isByteLevel = false

  /// Makes a list with the whole text as its only word.
  init(_ bytes: [UInt8], isAtOrigin: Bool) {
    self.bytes = bytes
    ranges = bytes.isEmpty ? [] : [0..<bytes.count]
    self.isAtOrigin = isAtOrigin
  }

  /// Cuts every word at the matches of a pattern.
  mutating func split(_ behavior: SplitBehavior, inverted: Bool = false, at pattern: TextPattern) {
    spell()
    if case .scanner(let scanner) = pattern, behavior.keepsEveryMatch(inverted: inverted) {
      split { scanner.appendPieces(of: $0, in: $1, to: &$2) }
      return
    }
    split { bytes, range, pieces in
      let matches = pattern.matches(in: bytes, range: range)
      behavior.appendPieces(of: range, at: matches, inverted: inverted, to: &pieces)
    }
  }

  /// Cuts every word at the runs, or single scalars, that satisfy a condition.
  mutating func split(_ behavior: SplitBehavior, atScalars condition: (Unicode.Scalar) -> Bool) {
    spell()
    split { bytes, range, pieces in
      var matches: [Range<Int>] = []
      var index = range.lowerBound
      while index < range.upperBound {
        let (value, width) = UTF8Text.scalar(bytes, at: index)
        if condition(UTF8Text.unicode(value)) { matches.append(index..<(index + width)) }
        index += width
      }
      behavior.appendPieces(of: range, at: matches, inverted: false, to: &pieces)
    }
  }

  /// Cuts every word into the pieces that `cut` appends, which are not empty.
  mutating func split(_ cut: ([UInt8], Range<Int>, inout [Range<Int>]) -> Void) {
    var pieces: [Range<Int>] = []
    pieces.reserveCapacity(max(ranges.count, bytes.count / 4))
    for range in ranges { cut(bytes, range, &pieces) }
    ranges = pieces
  }

  /// Rewrites every word; `rewrite` takes one and appends its new text to the array.
  mutating func rewrite(_ rewrite: ([UInt8], Range<Int>, inout [UInt8]) -> Void) {
    spell()
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count + bytes.count / 4 + ranges.count)
    isAtOrigin = isAtOrigin && ranges.first?.lowerBound == 0
    for index in ranges.indices {
      let start = text.count
      rewrite(bytes, ranges[index], &text)
      ranges[index] = start..<text.count
    }
    bytes = text
  }

  /// Makes every word its byte-level spelling, which is written out only if a later step reads it.
  mutating func mapBytes() {
    spell()
    isByteLevel = true
  }

  private mutating func spell() {
    guard isByteLevel else { return }
    isByteLevel = false
    rewrite { bytes, range, text in
      for index in range { ByteAlphabet.append(bytes[index], to: &text) }
    }
  }
}
