import WinaDiagnostics

/// Reads a document and everything it extends.
struct SpecLoader {
  /// Everything noticed.
  var diagnostics = DiagnosticSet()

  private let limits: YAMLLimits
  private let read: ExperimentSpec.Loader
  private var files = 0

  init(limits: YAMLLimits, read: @escaping ExperimentSpec.Loader) {
    self.limits = limits
    self.read = read
  }

  /// Returns the document laid over its bases, without the key `extends`.
  mutating func document(_ source: SourceFile) -> YAMLNode? { document(source, chain: [source]) }

  private mutating func document(_ source: SourceFile, chain: [SourceFile]) -> YAMLNode? {
    let (node, found) = YAMLParser.parse(source, limits: limits)
    diagnostics.insert(contentsOf: found)
    guard let node else { return nil }
    guard var mapping = node.mapping else {
      diagnostics.insert(
        .wrongType(expected: "a mapping with the keys of a spec", for: nil, found: node))
      return nil
    }
    guard let extends = mapping.remove(ExperimentSpec.Key.extends.rawValue) else { return node }
    let own = YAMLNode(.mapping(mapping), at: node.range)
    var base: YAMLNode?
    for path in paths(extends.value) {
      guard let next = extended(path, by: source, chain) else { continue }
      base = base.map { next.laid(over: $0) } ?? next
    }
    return base.map { own.laid(over: $0) } ?? own
  }

  private mutating func paths(_ node: YAMLNode) -> [Located<String>] {
    (node.sequence ?? [node]).compactMap { element in
      if let path = element.string, !path.isEmpty { return Located(path, at: element.range) }
      diagnostics.insert(
        .wrongType(expected: "a path or a list of paths", for: "extends", found: element))
      return nil
    }
  }

  private mutating func extended(
    _ path: Located<String>, by source: SourceFile, _ chain: [SourceFile]
  ) -> YAMLNode? {
    files += 1
    if files > limits.maximumFiles {
      diagnostics.insert(.tooManyFiles(path, limit: limits.maximumFiles))
      return nil
    }
    let file: SourceFile
    do {
      file = try read(path.value, source)
    } catch {
      diagnostics.insert(.extendsUnreadable(path, "\(error)"))
      return nil
    }
    if let start = chain.firstIndex(where: { $0.path == file.path }) {
      diagnostics.insert(.extendsCycle(path, chain: chain[start...] + [file]))
      return nil
    }
    return document(file, chain: chain + [file])
  }
}
