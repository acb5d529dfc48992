import Foundation

/// What a `Split` or `Replace` component looks for.
enum TextPattern: Sendable {
  case literal([Unicode.Scalar])
  case scanner(SplitScanner)
  case expression(NSRegularExpression)

  /// Reads `{"String": text}` or `{"Regex": pattern}`; older files write the text alone.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    if case .string = node.value {
      self = .literal(try node.scalars())
      return
    }
    try node.expectOnly(["String", "Regex"])
    if let literal = try node.optional("String") {
      self = .literal(try literal.scalars())
      return
    }
    let regex = try node.required("Regex")
    let pattern = try regex.string()
    if let scanner = SplitScanner(pattern: pattern) {
      self = .scanner(scanner)
      return
    }
    do {
      self = .expression(
        try NSRegularExpression(
          pattern: Self.translated(pattern), options: [.useUnixLineSeparators, .anchorsMatchLines]))
    } catch {
      throw regex.invalid("is not a regular expression that can be read: '\(pattern)'")
    }
  }

  /// The pattern with the escapes replaced that mean other things to the reference's engine.
  private static func translated(_ pattern: String) -> String {
    let word = #"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u00B2\u00B3\u00B9\u00BC-\u00BE"#
    var result = ""
    var isEscaped = false
    for scalar in pattern.unicodeScalars {
      switch (isEscaped, scalar) {
      case (true, "w"): result += "[\(word)]"
      case (true, "W"): result += "[^\(word)]"
      case (true, "h"): result += "[0-9A-Fa-f]"
      case (true, "H"): result += "[^0-9A-Fa-f]"
      case (true, _):
        result += "\\"
        result.unicodeScalars.append(scalar)
      case (false, "\\"): break
      case (false, _): result.unicodeScalars.append(scalar)
      }
      isEscaped = !isEscaped && scalar == "\\"
    }
    return isEscaped ? result + "\\" : result
  }

  /// The places where the pattern matches within `range`, in order and without overlap.
  func matches(in scalars: [Unicode.Scalar], range: Range<Int>) -> [Range<Int>] {
    switch self {
    case .literal(let needle): literalMatches(needle, scalars, range)
    case .scanner(let scanner): scannerMatches(scanner, scalars, range)
    case .expression(let expression): expressionMatches(expression, scalars, range)
    }
  }

  /// The text with every match replaced.
  func replacing(in scalars: [Unicode.Scalar], with replacement: [Unicode.Scalar])
    -> [Unicode.Scalar]
  {
    let found = matches(in: scalars, range: 0..<scalars.count)
    if found.isEmpty { return scalars }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.count)
    var position = 0
    for match in found {
      result.append(contentsOf: scalars[position..<match.lowerBound])
      result.append(contentsOf: replacement)
      position = match.upperBound
    }
    result.append(contentsOf: scalars[position...])
    return result
  }

  private func literalMatches(
    _ needle: [Unicode.Scalar], _ scalars: [Unicode.Scalar], _ range: Range<Int>
  ) -> [Range<Int>] {
    guard let first = needle.first else { return [] }
    var found: [Range<Int>] = []
    var index = range.lowerBound
    while index + needle.count <= range.upperBound {
      if scalars[index] == first,
        needle.count == 1 || scalars[index..<(index + needle.count)].elementsEqual(needle)
      {
        found.append(index..<(index + needle.count))
        index += needle.count
      } else {
        index += 1
      }
    }
    return found
  }

  private func scannerMatches(
    _ scanner: SplitScanner, _ scalars: [Unicode.Scalar], _ range: Range<Int>
  ) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let end = scanner.pieceEnd(from: start, in: scalars, end: range.upperBound)
      found.append(start..<end)
      start = end
    }
    return found
  }

  private func expressionMatches(
    _ expression: NSRegularExpression, _ scalars: [Unicode.Scalar], _ range: Range<Int>
  ) -> [Range<Int>] {
    let text = String(scalars: scalars[range])
    let whole = NSRange(location: 0, length: text.utf16.count)
    var scalar = range.lowerBound
    var unit = 0
    func advance(to target: Int) -> Int {
      while unit < target {
        unit += UTF16.width(scalars[scalar])
        scalar += 1
      }
      return scalar
    }
    return expression.matches(in: text, range: whole).map { match in
      let start = advance(to: match.range.location)
      return start..<advance(to: match.range.location + match.range.length)
    }
  }
}
