/// The string rules of Python that the harness's templates and metrics are defined by.
///
/// Swift counts and strips by grapheme clusters; Python by Unicode code points. Scores must agree
/// with the harness on text where the two differ (combining marks, emoji, `\r\n`).
enum PythonText {
  /// Whether `str.isspace` holds for the code point.
  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    (0x1C...0x1F).contains(scalar.value) || scalar.properties.isWhitespace
  }

  /// `str.strip()`.
  static func strip(_ text: String) -> String { stripEnd(stripStart(text)) }

  /// `str.lstrip()`.
  static func stripStart(_ text: String) -> String {
    String(text.unicodeScalars.drop(while: isSpace))
  }

  /// `str.rstrip()`.
  static func stripEnd(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard let last = scalars.lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(scalars[...last])
  }

  /// `len(str)`: the number of code points.
  static func length(_ text: String) -> Int { text.unicodeScalars.count }

  /// `len(str.split())`: the number of runs of code points that are not space.
  static func wordCount(_ text: String) -> Int {
    var count = 0
    var inWord = false
    for scalar in text.unicodeScalars {
      let space = isSpace(scalar)
      if !space && !inWord { count += 1 }
      inWord = !space
    }
    return count
  }

  /// `str.capitalize()`: the first code point in title case, the rest in lower case.
  static func capitalized(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return "" }
    return first.properties.titlecaseMapping
      + String(text.unicodeScalars.dropFirst()).lowercased()
  }

  /// `str.replace(old, new)`, left to right, on code points.
  static func replacing(_ text: String, _ old: String, with new: String) -> String {
    let pattern = Array(old.unicodeScalars)
    let scalars = Array(text.unicodeScalars)
    var result = String.UnicodeScalarView()
    var index = 0
    while index < scalars.count {
      if scalars[index...].starts(with: pattern) {
        result.append(contentsOf: new.unicodeScalars)
        index += pattern.count
      } else {
        result.append(scalars[index])
        index += 1
      }
    }
    return String(result)
  }

  /// `re.sub(r"\[.*?\]", "", text)`: the shortest bracketed runs that hold no line feed.
  static func removingBrackets(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = String.UnicodeScalarView()
    var index = 0
    while index < scalars.count {
      if scalars[index] == "[",
        let stop = scalars[index...].firstIndex(where: { $0 == "]" || $0 == "\n" }),
        scalars[stop] == "]"
      {
        index = stop + 1
      } else {
        result.append(scalars[index])
        index += 1
      }
    }
    return String(result)
  }
}

extension PythonText {
  /// `repr(float)`: the shortest decimal that reads back, with an exponent below 1e-4 and from 1e16.
  static func representation(of value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    let size = abs(value)
    if size >= 9_007_199_254_740_992, size < 1e16, let integer = Int(exactly: value) {
      return "\(integer).0"
    }
    return "\(value)"
  }

  /// `len(re.split(r"\s+", text))`: one more than the runs of spaces, also those at the ends.
  static func splitCount(_ text: String) -> Int {
    var count = 1
    var inSpace = false
    for scalar in text.unicodeScalars {
      let space = isSpace(scalar)
      if space && !inSpace { count += 1 }
      inSpace = space
    }
    return count
  }
}
