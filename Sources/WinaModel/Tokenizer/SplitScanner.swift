/// The split patterns of GPT-2 and of its successors, as scanners.
///
/// Each scanner gives the same pieces as the regular expression beside it. Every text is covered
/// by matches, so a scanner only needs to say where the piece that starts at a position ends.
enum SplitScanner: Sendable, Equatable {
  /// The pattern of GPT-2, which `ByteLevel` uses by itself.
  case gpt2
  /// The pattern of cl100k and Llama 3 with up to three digits in a piece, of Qwen 2 with one.
  case cl100k(digits: Int)

  /// The scanner for a regular expression, if it is one of the known ones.
  init?(pattern: String) {
    switch pattern {
    case #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
      #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#:
      self = .gpt2
    case Self.successor(digits: #"\p{N}{1,3}"#): self = .cl100k(digits: 3)
    case Self.successor(digits: #"\p{N}"#): self = .cl100k(digits: 1)
    default: return nil
    }
  }

  private static func successor(digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// Appends the pieces of a part of a text.
  func appendPieces(of bytes: [UInt8], in range: Range<Int>, to pieces: inout [Range<Int>]) {
    let cursor = SplitCursor(bytes: bytes, end: range.upperBound)
    var start = range.lowerBound
    switch self {
    case .gpt2:
      while start < range.upperBound {
        let end = cursor.gpt2PieceEnd(from: start)
        pieces.append(start..<end)
        start = end
      }
    case .cl100k(let digits):
      while start < range.upperBound {
        let end = cursor.cl100kPieceEnd(from: start, digits: digits)
        pieces.append(start..<end)
        start = end
      }
    }
  }
}

/// A text that a scanner reads: valid UTF-8 up to an end.
private struct SplitCursor {
  let bytes: [UInt8]
  let end: Int
  private let table = ScalarClass.table

  init(bytes: [UInt8], end: Int) {
    self.bytes = bytes
    self.end = end
  }

  /// The class of the scalar at an index before ``end``, and how many bytes it takes.
  @inline(__always)
  private func kind(_ index: Int) -> (kind: ScalarClass, width: Int) {
    let byte = bytes[index]
    if byte < 0x80 { return (table[Int(byte)], 1) }
    let (value, width) = UTF8Text.scalar(bytes, at: index)
    return (Int(value) < table.count ? table[Int(value)] : .init(beyondTable: value), width)
  }

  @inline(__always)
  private func run(from start: Int, of wanted: ScalarClass) -> Int {
    var index = start
    while index < end {
      let (kind, width) = kind(index)
      if kind != wanted { break }
      index += width
    }
    return index
  }

  private func run(from start: Int, of wanted: ScalarClass, limit: Int) -> Int {
    var index = start
    var count = 0
    while index < end, count < limit {
      let (kind, width) = kind(index)
      if kind != wanted { break }
      index += width
      count += 1
    }
    return index
  }

  func gpt2PieceEnd(from start: Int) -> Int {
    let byte = bytes[start]
    if byte == 0x27, let end = contractionEnd(from: start, ignoringCase: false) { return end }
    let first = byte == 0x20 ? start + 1 : start
    if first < end {
      let (kind, width) = kind(first)
      if !kind.isWhitespace { return run(from: first + width, of: kind) }
    }
    return whitespaceEnd(from: start)
  }

  func cl100kPieceEnd(from start: Int, digits: Int) -> Int {
    let byte = bytes[start]
    if byte == 0x27, let end = contractionEnd(from: start, ignoringCase: true) { return end }
    let (leading, width) = kind(start)
    switch leading {
    case .letter: return run(from: start + width, of: .letter)
    case .number: return run(from: start, of: .number, limit: digits)
    case .space, .other:
      let next = start + width
      if next < end {
        let (following, width) = kind(next)
        if following == .letter { return run(from: next + width, of: .letter) }
      }
    case .newline: break
    }
    let first = byte == 0x20 ? start + 1 : start
    if first < end, kind(first).kind == .other {
      return run(from: run(from: first, of: .other), of: .newline)
    }
    return whitespaceEnd(from: start, stopsAfterNewline: true)
  }

  /// The end of `\s+(?!\S)|\s+`: all of the white space but the last before a visible scalar.
  ///
  /// With `stopsAfterNewline` it is the end of `\s*[\r\n]+` where that matches.
  private func whitespaceEnd(from start: Int, stopsAfterNewline: Bool = false) -> Int {
    var index = start
    var last = start
    var afterNewline: Int?
    while index < end {
      let (kind, width) = kind(index)
      if !kind.isWhitespace { break }
      last = index
      index += width
      if kind == .newline { afterNewline = index }
    }
    if stopsAfterNewline, let afterNewline { return afterNewline }
    return index < end && last > start ? last : index
  }

  /// The end of `'s|'t|'re|'ve|'m|'ll|'d`.
  private func contractionEnd(from start: Int, ignoringCase: Bool) -> Int? {
    guard start + 1 < end else { return nil }
    // The long s folds to s.
    if ignoringCase, start + 2 < end, bytes[start + 1] == 0xC5, bytes[start + 2] == 0xBF {
      return start + 3
    }
    let bit: UInt8 = ignoringCase ? 0x20 : 0
    switch bytes[start + 1] | bit {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return start + 2 < end && bytes[start + 2] | bit == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"):
      return start + 2 < end && bytes[start + 2] | bit == UInt8(ascii: "l") ? start + 3 : nil
    default: return nil
    }
  }
}
