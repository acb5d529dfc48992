/// A source file of the package, split into tokens.
struct SourceText: Sendable {
  /// The path below the package's root.
  let path: String
  let text: String
  let tokens: [Token]

  init(path: String, text: String) {
    self.path = path
    self.text = text
    tokens = Lexer.tokens(of: text)
  }

  /// The folder below `Sources` or `Tests` that holds the file.
  var target: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }

  var isSwift: Bool { path.hasSuffix(".swift") }
  var isLibrary: Bool { path.hasPrefix("Sources/") && !Modules.programs.contains(target) }
  var fileName: String { String(path.split(separator: "/").last ?? "") }

  /// Returns a violation at a token.
  func violation(_ token: Token, _ message: String) -> Violation {
    Violation(path: path, line: token.line, message: message)
  }
}

/// A place that breaks a rule.
struct Violation: Hashable, Sendable, CustomStringConvertible {
  var path: String
  var line: Int
  var message: String

  var description: String { "\(path):\(line): \(message)" }
}
