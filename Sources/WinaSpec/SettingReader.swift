import WinaDiagnostics

/// Reads `--set PATH=VALUE` and applies it to a document.
struct SettingReader {
  /// Everything noticed.
  var diagnostics = DiagnosticSet()

  private let limits: YAMLLimits

  init(limits: YAMLLimits) { self.limits = limits }

  /// Reads settings; faulty ones are reported and left out.
  mutating func settings(_ texts: [String]) -> [Setting] { texts.compactMap { setting($0) } }

  private mutating func setting(_ text: String) -> Setting? {
    let file = SourceFile(path: "--set", text: text)
    guard let equals = file.bytes.firstIndex(of: UInt8(ascii: "=")) else {
      diagnostics.insert(.settingSyntax(file))
      return nil
    }
    let range = SourceRange(file: file, 0..<equals)
    let path = SpecPath(Located(range.text, at: range))
    guard path.isWellFormed else {
      diagnostics.insert(.settingSyntax(file))
      return nil
    }
    let (value, found) = YAMLParser.parse(file, from: equals + 1, limits: limits)
    diagnostics.insert(contentsOf: found)
    return value.map { Setting(path: path, value: $0) }
  }

  /// Returns a document with settings applied, later ones over earlier.
  mutating func apply(_ settings: [Setting], to document: YAMLNode) -> YAMLNode {
    var document = document
    for setting in settings {
      let path = setting.path
      guard let full = SpecTarget(document).fullPath(of: path, &diagnostics) else { continue }
      if path.root == .variable {
        var vars = document[ExperimentSpec.Key.vars.rawValue]?.mapping ?? YAMLMapping()
        vars.set(path.head, to: setting.value)
        let range = document[ExperimentSpec.Key.vars.rawValue]?.range ?? document.range
        document = document.setting(full.dropLast(), to: YAMLNode(.mapping(vars), at: range))
      } else {
        document = document.setting(full, to: setting.value)
      }
    }
    return document
  }
}

/// What paths can lead to in a document.
struct SpecTarget {
  private let document: YAMLNode

  init(_ document: YAMLNode) { self.document = document }

  /// Returns the path from the top of the document, or reports why there is none.
  func fullPath(
    of path: SpecPath, _ diagnostics: inout DiagnosticSet
  ) -> ArraySlice<Located<String>>? {
    let section: ExperimentSpec.Key
    var full = path.parts
    switch path.root {
    case .model: return full[...]
    case .data: section = .data
    case .variable, .stage:
      let isVariable = path.root == .variable
      section = isVariable ? .vars : .stages
      let known = document[section.rawValue]?.mapping?.keys ?? []
      if !known.contains(path.head.value) {
        diagnostics.insert(
          .unknownPath(path.head, what: isVariable ? "var" : "stage", known: known))
        return nil
      }
      full.insert(Located(section.rawValue, at: path.head.range), at: 0)
    }
    if let (key, value) = document.obstacle(on: full[...]) {
      if key.value != section.rawValue {
        diagnostics.insert(.pathThroughValue(key, value: value))
      }
      return nil
    }
    return full[...]
  }
}
