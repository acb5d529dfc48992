/// Renders diagnostics with their source line and a caret.
///
/// ```
/// spec.yaml:14:15: error: unknown method 'wna'
/// 14 |       method: wna
///    |               ^~~
///    = help: did you mean 'wina'?
/// spec.yaml:9:3: note: stage 'calibrate' is declared here
/// 9 |   calibrate: {}
///   |   ^~~~~~~~~
/// ```
/// Tabs are copied into the caret line and wide characters take two carets, so that the caret stands
/// below its text in any terminal; control characters are shown as symbols and never sent.
public struct DiagnosticRenderer: Sendable {
  /// Whether to emphasise with ANSI colours.
  public var usesColor: Bool

  /// The number of characters of a source line that are shown at most.
  public var maximumLineLength: Int

  /// Makes a renderer.
  public init(usesColor: Bool = false, maximumLineLength: Int = 160) {
    self.usesColor = usesColor
    self.maximumLineLength = max(maximumLineLength, 20)
  }

  /// Returns the text of several diagnostics, each ending in a newline.
  public func render(_ diagnostics: some Sequence<Diagnostic>) -> String {
    diagnostics.map { render($0) }.joined()
  }

  /// Returns the text of one diagnostic, ending in a newline.
  public func render(_ diagnostic: Diagnostic) -> String {
    var lines = heading(diagnostic.severity, diagnostic.message, diagnostic.range)
    var indent = " "
    if let range = diagnostic.range, let snippet = SourceSnippet(range, maximumLineLength) {
      lines += snippet.lines.enumerated().map { $0 == 1 ? paint(.strong, $1) : $1 }
      indent = snippet.indent
    }
    if let help = diagnostic.help { lines.append("\(indent) = help: \(visible(help))") }
    for note in diagnostic.notes {
      lines += heading(.note, note.message, note.range)
      if let range = note.range, let snippet = SourceSnippet(range, maximumLineLength) {
        lines += snippet.lines
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func heading(
    _ severity: Diagnostic.Severity, _ message: String, _ range: SourceRange?
  ) -> [String] {
    let style: Style =
      switch severity {
      case .error: .error
      case .warning: .warning
      case .note: .note
      }
    let place = range.map { visible($0.description) + ": " } ?? ""
    return ["\(place)\(paint(style, severity.rawValue + ":")) \(visible(message))"]
  }

  private enum Style: String {
    case error = "1;31"
    case warning = "1;35"
    case note = "1;36"
    case strong = "1;32"
  }

  private func paint(_ style: Style, _ text: String) -> String {
    usesColor ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  private func visible(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { result.append(TerminalWidth.visible(scalar)) }
    return String(result)
  }
}
