/// Splits Swift or C text into tokens, so that rules never trip over comments or strings.
///
/// Code inside an interpolation counts as code. Regular expression literals are not known: a quote
/// in one would hide the rest of its line.
struct Lexer {
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var tokens: [Token] = []

  static func tokens(of text: String) -> [Token] {
    var lexer = Lexer(bytes: Array(text.utf8))
    lexer.scanCode(insideInterpolation: false)
    return lexer.tokens
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func byte(_ offset: Int = 0) -> UInt8 {
    position + offset < bytes.count ? bytes[position + offset] : 0
  }

  private mutating func advance(_ count: Int = 1) {
    for _ in 0..<count where position < bytes.count {
      if bytes[position] == UInt8(ascii: "\n") { line += 1 }
      position += 1
    }
  }

  private mutating func scanCode(insideInterpolation: Bool) {
    var depth = 0
    while position < bytes.count {
      switch byte() {
      case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"): skipLine()
      case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): skipBlock()
      case UInt8(ascii: "\""): scanString(hashes: 0)
      case UInt8(ascii: "#") where hashesBeforeQuote() > 0: scanString(hashes: hashesBeforeQuote())
      case let first where Lexer.startsWord(first): scanWord(.word)
      case UInt8(ascii: "0")...UInt8(ascii: "9"): scanWord(.number)
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"): advance()
      case let symbol:
        if symbol == UInt8(ascii: "(") { depth += 1 }
        if symbol == UInt8(ascii: ")") {
          if depth == 0, insideInterpolation { return }
          depth -= 1
        }
        tokens.append(
          Token(kind: .symbol, text: String(UnicodeScalar(symbol)), line: line))
        advance()
      }
    }
  }

  private static func startsWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"), 0x80...0xFF:
      true
    default: false
    }
  }

  private mutating func scanWord(_ kind: Token.Kind) {
    let start = position
    while Lexer.startsWord(byte())
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte())
    {
      position += 1
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    tokens.append(Token(kind: kind, text: text, line: line))
  }

  private mutating func skipLine() {
    while position < bytes.count, byte() != UInt8(ascii: "\n") { position += 1 }
  }

  private mutating func skipBlock() {
    var depth = 0
    while position < bytes.count {
      if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
        depth += 1
        advance(2)
      } else if byte() == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
        depth -= 1
        advance(2)
        if depth == 0 { return }
      } else {
        advance()
      }
    }
  }

  /// Returns how many `#` stand before a quote here, or 0 where no raw string begins.
  private func hashesBeforeQuote() -> Int {
    var count = 0
    while byte(count) == UInt8(ascii: "#") { count += 1 }
    return byte(count) == UInt8(ascii: "\"") ? count : 0
  }

  private func follows(_ text: String, at offset: Int = 0) -> Bool {
    var index = offset
    for expected in text.utf8 {
      guard byte(index) == expected else { return false }
      index += 1
    }
    return true
  }

  private mutating func scanString(hashes: Int) {
    let start = line
    let fence = String(repeating: "#", count: hashes)
    advance(hashes)
    let isMultiline = follows("\"\"\"")
    let quote = isMultiline ? "\"\"\"" : "\""
    let place = tokens.count
    advance(quote.utf8.count)
    var content: [UInt8] = []
    while position < bytes.count {
      if follows(quote + fence) {
        advance(quote.utf8.count + hashes)
        break
      }
      if !isMultiline, byte() == UInt8(ascii: "\n") { break }
      if follows("\\" + fence) {
        if byte(1 + hashes) == UInt8(ascii: "(") {
          advance(2 + hashes)
          scanCode(insideInterpolation: true)
          advance()
        } else {
          content += bytes[position..<min(position + 2 + hashes, bytes.count)]
          advance(2 + hashes)
        }
        continue
      }
      content.append(byte())
      advance()
    }
    tokens.insert(
      Token(kind: .string, text: String(decoding: content, as: UTF8.self), line: start), at: place)
  }
}
