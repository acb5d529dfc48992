import WinaDiagnostics

/// A text with references: `${name}`, and `$${` for the text `${`.
struct Template {
  /// A stretch of the text.
  enum Part {
    case text(String)
    case reference(Located<String>)
  }

  /// The stretches in order.
  private(set) var parts: [Part] = []

  /// What is wrong with the references.
  private(set) var faults: [Diagnostic] = []

  /// The reference, if the text is nothing else.
  var whole: Located<String>? {
    if parts.count == 1, case .reference(let name) = parts[0] { name } else { nil }
  }

  /// The references in order.
  var references: [Located<String>] {
    parts.compactMap { if case .reference(let name) = $0 { name } else { nil } }
  }

  /// Splits a scalar; `nil` if its text holds no `${`, as most do.
  init?(_ node: YAMLNode) {
    guard let string = node.string, string.utf8.contains(UInt8(ascii: "$")) else { return nil }
    let text = Array(string.utf8)
    let openings = Self.openings(in: text)
    if openings.isEmpty { return nil }
    let places = Self.places(of: openings, in: node.range)
    var literal: [UInt8] = []
    var next = 0
    for (index, opening) in openings.enumerated() where opening >= next {
      literal += text[next..<opening]
      next = opening + 2
      if literal.last == UInt8(ascii: "$") {
        literal.append(UInt8(ascii: "{"))
        continue
      }
      guard let close = text[next...].firstIndex(of: UInt8(ascii: "}")) else {
        faults.append(.badReference("a reference has no '}'", at: places(index, 2)))
        literal += text[opening...]
        next = text.count
        break
      }
      let name = String(decoding: text[next..<close], as: UTF8.self)
      let place = places(index, close + 1 - opening)
      if !Self.isName(name) {
        faults.append(.badReference("'${\(name)}' is no reference", at: place))
      }
      append(&literal)
      parts.append(.reference(Located(name, at: place)))
      next = close + 1
    }
    literal += text[next...]
    append(&literal)
  }

  /// Returns whether a text can name a var or a stage.
  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, isLetter(first) else { return false }
    return text.utf8.allSatisfy {
      isLetter($0) || ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: "-")
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return (lower >= 0x61 && lower <= 0x7A) || byte == UInt8(ascii: "_")
  }

  private mutating func append(_ literal: inout [UInt8]) {
    if !literal.isEmpty { parts.append(.text(String(decoding: literal, as: UTF8.self))) }
    literal = []
  }

  private static func openings(in text: [UInt8]) -> [Int] {
    guard text.count > 2 else { return [] }
    return text.indices.dropLast().filter {
      text[$0] == UInt8(ascii: "$") && text[$0 + 1] == UInt8(ascii: "{")
    }
  }

  /// Returns a function from the number of an opening and a length to its place in the source.
  ///
  /// Where escapes make source and text differ, the place is the whole scalar.
  private static func places(
    of openings: [Int], in range: SourceRange
  ) -> (Int, Int) -> SourceRange {
    let written = Self.openings(in: Array(range.text.utf8))
    guard written.count == openings.count else { return { _, _ in range } }
    return { index, length in range.part(written[index]..<written[index] + length) }
  }
}
