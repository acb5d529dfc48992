/// WikiText's pages and how the harness undoes their tokenization.
public enum WikiText {
  /// Divides a whole file into its articles, as the data set by document does: a page begins at a
  /// heading of the first level.
  public static func pages(_ text: String) -> [String] {
    var pages: [String] = []
    var lines: [Substring.UnicodeScalarView] = []
    func page() -> String {
      var view = String.UnicodeScalarView()
      for (index, line) in lines.enumerated() {
        if index > 0 { view.append("\n") }
        view.append(contentsOf: line)
      }
      return String(view)
    }
    for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
      if isTitle(String(line)) {
        let finished = page()
        if !PythonText.strip(finished).isEmpty { pages.append(finished) }
        lines = []
      }
      lines.append(line)
    }
    let last = page()
    return PythonText.strip(last).isEmpty ? pages : pages + [last]
  }

  private static func isTitle(_ line: String) -> Bool {
    let merged = PythonText.replacing(
      PythonText.replacing(line, "= = =", with: "==="), "= =", with: "==")
    let heading = PythonText.strip(merged)
    return heading.hasPrefix("= ") && heading.hasSuffix(" =")
  }

  /// Returns a page as running text, replacement by replacement in the harness's order.
  public static func detokenized(_ page: String) -> String {
    var text = replacing(page, [("s '", "s'")])
    text = quotedYears(text)
    text = replacing(
      text,
      [
        (" @-@ ", "-"), (" @,@ ", ","), (" @.@ ", "."), (" : ", ": "), (" ; ", "; "), (" . ", ". "),
        (" ! ", "! "), (" ? ", "? "), (" , ", ", "),
      ])
    for (open, close): (Unicode.Scalar, Unicode.Scalar) in [
      ("(", ")"), ("[", "]"), ("{", "}"), ("\"", "\""), ("'", "'"),
    ] {
      text = trimmedInside(text, open, close)
    }
    return replacing(
      text,
      [
        ("= = = =", "===="), ("= = =", "==="), ("= =", "=="), (" \u{B0} ", "\u{B0}"), (" \n", "\n"),
        ("\n ", "\n"), (" N ", " 1 "), (" 's", "'s"),
      ])
  }

  private static func replacing(_ text: String, _ pairs: [(String, String)]) -> String {
    pairs.reduce(text) { PythonText.replacing($0, $1.0, with: $1.1) }
  }

  /// `re.sub(r"/' [0-9]/", r"/'[0-9]/", text)`, whose replacement is literal.
  private static func quotedYears(_ text: String) -> String {
    (0...9).reduce(text) { PythonText.replacing($0, "/' \($1)/", with: "/'[0-9]/") }
  }

  /// Strips what stands between a mark and the next closing one.
  private static func trimmedInside(
    _ text: String, _ open: Unicode.Scalar, _ close: Unicode.Scalar
  ) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = String.UnicodeScalarView()
    var index = 0
    while index < scalars.count {
      guard scalars[index] == open,
        let end = scalars[(index + 1)...].firstIndex(of: close)
      else {
        result.append(scalars[index])
        index += 1
        if index < scalars.count, scalars[index - 1] == open {
          // No closing mark follows, so none follows later either.
          result.append(contentsOf: scalars[index...])
          index = scalars.count
        }
        continue
      }
      var inner = String.UnicodeScalarView()
      inner.append(contentsOf: scalars[(index + 1)..<end])
      result.append(open)
      result.append(contentsOf: PythonText.strip(String(inner)).unicodeScalars)
      result.append(close)
      index = end + 1
    }
    return String(result)
  }
}
