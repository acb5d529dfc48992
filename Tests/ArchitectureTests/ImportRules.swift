/// Rules about which module and which system header a file may use.
enum ImportRules {
  private static let declarationKinds: Set<String> = [
    "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
  ]

  /// Returns the modules that a Swift file imports, with where.
  static func imports(of source: SourceText) -> [(module: String, token: Token)] {
    guard source.isSwift else { return [] }
    var result: [(module: String, token: Token)] = []
    for (index, token) in source.tokens.enumerated() where token.isWord("import") {
      if index > 0, source.tokens[index - 1].isSymbol("`") { continue }
      let rest = source.tokens[(index + 1)...]
      guard let name = rest.first(where: { !declarationKinds.contains($0.text) }),
        name.kind == .word
      else { continue }
      result.append((name.text, name))
    }
    return result
  }

  /// Returns the imports that the table of dependencies does not allow.
  static func undeclared(_ source: SourceText, allowed: Set<String>) -> [Violation] {
    imports(of: source).compactMap { module, token in
      if allowed.contains(module) || Modules.toolchain.contains(module) { return nil }
      return source.violation(token, "\(source.target) may not import \(module)")
    }
  }

  /// Returns imports that hide which names a file uses or reach into another module's internals.
  static func testable(_ source: SourceText) -> [Violation] {
    source.tokens.indices.compactMap { index in
      guard index > 0, source.tokens[index].isWord("testable"),
        source.tokens[index - 1].isSymbol("@")
      else { return nil }
      return source.violation(
        source.tokens[index], "tests see what others see: make the declaration `package`")
    }
  }

  /// Returns the system headers that are not included by their module's shim alone.
  static func headers(_ source: SourceText) -> [Violation] {
    guard !source.isSwift, !Modules.systemLibraries.contains(source.target) else { return [] }
    let headers: Set<String> = ["cblas", "openblas_config", "zstd", "yaml", "openssl"]
    return source.tokens.indices.compactMap { index in
      guard source.tokens[index].isWord("include"), index + 2 < source.tokens.count,
        source.tokens[index + 1].isSymbol("<"), headers.contains(source.tokens[index + 2].text)
      else { return nil }
      return source.violation(
        source.tokens[index], "only a shim may include <\(source.tokens[index + 2].text)…>")
    }
  }

  /// Returns system libraries that more than one file imports, or a file of a wrong module.
  static func wrappers(_ sources: [SourceText]) -> [Violation] {
    var first: [String: String] = [:]
    var result: [Violation] = []
    for source in sources.sorted(by: { $0.path < $1.path }) {
      for (module, token) in imports(of: source) where Modules.systemLibraries.contains(module) {
        if let other = first[module], other != source.path {
          result.append(source.violation(token, "\(other) already wraps \(module)"))
        } else {
          first[module] = source.path
        }
      }
    }
    return result
  }

  /// Returns third-party packages that more than one target imports.
  static func thirdParty(_ sources: [SourceText]) -> [Violation] {
    let own = Set(Modules.dependencies.keys).union(["WinaTestSupport"])
    var owner: [String: String] = [:]
    var result: [Violation] = []
    for source in sources.sorted(by: { $0.path < $1.path }) {
      for (module, token) in imports(of: source) {
        let isShared = Modules.toolchain.contains(module) || Modules.sharedPackages.contains(module)
        if isShared || own.contains(module) { continue }
        if let other = owner[module], other != source.target {
          result.append(source.violation(token, "\(other) already wraps \(module)"))
        } else {
          owner[module] = source.target
        }
      }
    }
    return result
  }
}
