/// How many columns text takes in a terminal, and text made safe to show there.
enum TextWidth {
  /// Returns the columns that the text takes.
  static func of(_ text: String) -> Int {
    text.reduce(0) { $0 + columns(of: $1) }
  }

  /// Returns the text on one line, with a stand-in for characters that a terminal would obey.
  static func visible(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0A, 0x0D: result.append(" ")
      case 0x00..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069:
        result.append("\u{FFFD}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// Returns the text with spaces up to a number of columns.
  static func padded(_ text: String, to width: Int, trailing: Bool) -> String {
    let space = String(repeating: " ", count: max(0, width - of(text)))
    return trailing ? space + text : text + space
  }

  /// Returns the words of the text in lines of at most `width` columns.
  ///
  /// Lines after the first begin with `indent`; a word longer than a line has one of its own.
  static func wrapped(_ text: String, to width: Int, indent: String = "") -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if line.isEmpty || line == indent {
        line += word
      } else if of(line) + 1 + of(String(word)) <= width {
        line += " " + word
      } else {
        lines.append(line)
        line = indent + word
      }
    }
    if !line.isEmpty { lines.append(line) }
    return lines
  }

  private static func columns(of character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    if scalar.value < 0x1100 { return 1 }
    if scalar.properties.isEmojiPresentation { return 2 }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}
