/// The targets of a Package.swift and what they depend on, read from its text.
///
/// Knows the calls that this package's manifest makes: `library(…)`, `tests(…)` and SwiftPM's own
/// `.target`, `.executableTarget`, `.testTarget` and `.systemLibrary`.
struct PackageManifest {
  /// The dependencies of each target that is not a test.
  var targets: [String: Set<String>] = [:]
  /// The dependencies of each test target.
  var tests: [String: Set<String>] = [:]
  /// The packages whose version is not pinned with `exact:`.
  var unpinned: [String] = []

  private static let calls: Set<String> = [
    "library", "tests", "target", "executableTarget", "testTarget", "systemLibrary",
  ]

  init(_ manifest: SourceText) {
    let tokens = manifest.tokens
    let products = PackageManifest.products(tokens)
    for (index, token) in tokens.enumerated() where token.kind == .word {
      guard index > 0, index + 1 < tokens.count, tokens[index + 1].isSymbol("("),
        !tokens[index - 1].isWord("func")
      else { continue }
      let arguments = Array(PackageManifest.balanced(tokens, from: index + 1))
      if token.text == "package" {
        readPackage(arguments)
      } else if PackageManifest.calls.contains(token.text) {
        readTarget(token.text, arguments, products)
      }
    }
  }

  /// Returns the tokens between a bracket and the one that closes it.
  private static func balanced(_ tokens: [Token], from start: Int) -> ArraySlice<Token> {
    var depth = 0
    for index in start..<tokens.count where tokens[index].kind == .symbol {
      if "([{".contains(tokens[index].text) { depth += 1 }
      if ")]}".contains(tokens[index].text) { depth -= 1 }
      if depth == 0 { return tokens[(start + 1)..<index] }
    }
    return []
  }

  /// Returns the product that each `let x = Target.Dependency.product(name: "X", …)` names.
  private static func products(_ tokens: [Token]) -> [String: String] {
    var products: [String: String] = [:]
    for index in tokens.indices where tokens[index].isWord("let") && index + 3 < tokens.count {
      let statement = tokens[(index + 2)...].prefix(12)
      guard statement.contains(where: { $0.isWord("product") }),
        let name = statement.first(where: { $0.kind == .string })
      else { continue }
      products[tokens[index + 1].text] = name.text
    }
    return products
  }

  private mutating func readPackage(_ arguments: [Token]) {
    guard arguments.contains(where: { $0.isWord("url") }),
      let name = arguments.first(where: { $0.kind == .string })
    else { return }
    if !arguments.contains(where: { $0.isWord("exact") }) { unpinned.append(name.text) }
  }

  private mutating func readTarget(
    _ call: String, _ arguments: [Token], _ products: [String: String]
  ) {
    guard let name = arguments.first, call == "library" || call == "tests" || name.isWord("name")
    else { return }
    let labelled = call != "library" && call != "tests"
    let start = labelled ? 2 : 0
    guard start < arguments.count, arguments[start].kind == .string else { return }
    var dependencies: Set<String> = call == "tests" ? ["WinaTestSupport"] : []
    let list = arguments.indices.first { index in
      arguments[index].isSymbol("[")
        && (labelled ? index >= 2 && arguments[index - 2].isWord("dependencies") : index == 2)
    }
    if let list {
      for token in PackageManifest.balanced(arguments, from: list) {
        if token.kind == .string { dependencies.insert(token.text) }
        if token.kind == .word { dependencies.insert(products[token.text] ?? token.text) }
      }
    }
    if call == "tests" || call == "testTarget" {
      tests[arguments[start].text] = dependencies
    } else {
      targets[arguments[start].text] = dependencies
    }
  }
}
