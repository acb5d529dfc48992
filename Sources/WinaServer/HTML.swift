/// Markup; every text that was put into it has been escaped.
///
/// ```swift
/// let cell: HTML = "<td>\(path)</td>"     // a String is text: `<` becomes `&lt;`
/// let row: HTML = "<tr>\(cell)</tr>"      // HTML stays as it is
/// ```
///
/// Only the literal parts are markup, so text cannot become markup by mistake.
struct HTML: Sendable, Hashable, ExpressibleByStringInterpolation {
  /// The markup.
  private(set) var text: String

  init(stringLiteral value: String) { text = value }

  init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  /// Joins pieces.
  init(_ pieces: some Sequence<HTML>) { text = pieces.map(\.text).joined() }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

    mutating func appendLiteral(_ literal: String) { text += literal }

    mutating func appendInterpolation(_ markup: HTML) { text += markup.text }

    mutating func appendInterpolation(_ number: Int) { text += String(number) }

    /// Appends text, also where it stands in a quoted attribute.
    ///
    /// What a browser would obey without showing it becomes U+FFFD: characters of control, and those
    /// that turn the direction of writing.
    mutating func appendInterpolation(_ string: String) {
      for scalar in string.unicodeScalars {
        switch scalar {
        case "&": text += "&amp;"
        case "<": text += "&lt;"
        case ">": text += "&gt;"
        case "\"": text += "&quot;"
        case "'": text += "&#39;"
        case "\n", "\t": text.unicodeScalars.append(scalar)
        case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{202A}"..."\u{202E}",
          "\u{2066}"..."\u{2069}":
          text += "\u{FFFD}"
        default: text.unicodeScalars.append(scalar)
        }
      }
    }
  }
}
