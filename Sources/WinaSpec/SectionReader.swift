import WinaDiagnostics

/// Reads the parts of a merged document, apart from the sweep.
struct SectionReader {
  /// Everything noticed.
  var diagnostics = DiagnosticSet()

  /// The keys with values of their own.
  private struct Header: Decodable {
    let experiment: Located<String>
    let question: Located<String>?
    let leaky: Bool?
    let stages: YAMLNode
  }

  private let document: YAMLNode
  private let source: SourceFile
  private let limits: YAMLLimits
  private let start: SourceRange

  init(document: YAMLNode, source: SourceFile, limits: YAMLLimits) {
    self.document = document
    self.source = source
    self.limits = limits
    start = document.range.part(0..<0)
  }

  /// Returns the spec, which is of use only if there is no error.
  ///
  /// - Parameters:
  ///   - axes: The axes of the sweep.
  ///   - settings: All settings, already applied to the document.
  ///   - isSweepSound: Whether the cells may be enumerated.
  mutating func spec(
    axes: [SweepAxis], settings: [Setting], isSweepSound: Bool
  ) -> ExperimentSpec {
    let known = ExperimentSpec.Key.allCases.map(\.rawValue)
    let header = SpecDecoder().decode(
      Header.self, from: document, at: start, unknownKeys: .ignored)
    diagnostics.insert(contentsOf: header.diagnostics)
    diagnostics.insert(contentsOf: SpecDecoder.unknownKeys(in: document, known: known))
    let vars = vars()
    let stages = stages()
    let references = References(
      of: vars.map { entry in
        let axis = axes.first { $0.path.value == entry.key.value }
        return (name: entry.key, definitions: axis?.values ?? [entry.value])
      }, limits: limits, &diagnostics)
    let spec = ExperimentSpec(
      source: source, experiment: header.value?.experiment ?? Located("", at: start),
      question: header.value?.question, leaky: header.value?.leaky ?? false,
      model: section(.model), data: section(.data), vars: vars, stages: stages, axes: axes,
      axisPaths: axes.map { SpecPath($0.path) },
      settings: settings.filter { setting in
        axes.contains { SpecPath($0.path).contains(setting.path) }
      },
      dataPlace: document.mapping?.entry("data")?.key.range ?? start, references: references)
    if checkReferences(spec, settings) {
      let cells = isSweepSound ? spec.cells() : [SweepCell()]
      if isSweepSound || !isSwept(.model) { checkModel(spec, cells) }
      if isSweepSound || !isSwept(.data) { checkData(spec, cells) }
    }
    return spec
  }

  private func section(_ key: ExperimentSpec.Key) -> YAMLNode? {
    guard let node = document[key.rawValue], !node.isNull else { return nil }
    return node
  }

  private mutating func vars() -> [YAMLMapping.Entry] {
    guard let node = section(.vars) else { return [] }
    guard let mapping = node.mapping else {
      diagnostics.insert(.wrongType(expected: "a mapping", for: "vars", found: node))
      return []
    }
    for entry in mapping.entries { checkName(entry.key, of: "var", reserved: .model) }
    return mapping.entries
  }

  private mutating func checkName(
    _ name: Located<String>, of what: String, reserved: ExperimentSpec.Key
  ) {
    if !Template.isName(name.value) {
      diagnostics.insert(.invalidName(name, of: what))
    } else if name.value == reserved.rawValue {
      diagnostics.insert(.reservedName(name, of: what))
    }
  }

  private mutating func stages() -> [StageSpec] {
    guard let entry = document.mapping?.entry(ExperimentSpec.Key.stages.rawValue) else { return [] }
    guard let mapping = entry.value.mapping ?? (entry.value.isNull ? YAMLMapping() : nil) else {
      diagnostics.insert(.wrongType(expected: "a mapping", for: "stages", found: entry.value))
      return []
    }
    let stages = mapping.entries.compactMap { stage($0) }
    if mapping.entries.isEmpty { diagnostics.insert(.noStages(entry.key.range)) }
    return stages
  }

  private mutating func stage(_ entry: YAMLMapping.Entry) -> StageSpec? {
    checkName(entry.key, of: "stage", reserved: .data)
    var node = entry.value
    if let scalar = node.scalar, scalar.value == .null {
      if !scalar.text.isEmpty {
        diagnostics.insert(.removesNothing(entry.key))
        return nil
      }
      node = YAMLNode(.mapping(YAMLMapping()), at: node.range)
    }
    guard var mapping = node.mapping else {
      diagnostics.insert(.wrongType(expected: "a mapping", for: entry.key.value, found: node))
      return nil
    }
    var kind = entry.key
    if let written = mapping.remove("kind") {
      guard let text = written.value.string else {
        diagnostics.insert(.wrongType(expected: "text", for: "kind", found: written.value))
        return nil
      }
      if text.contains("${") { diagnostics.insert(.variableKind(written.value.range)) }
      kind = Located(text, at: written.value.range)
    }
    return StageSpec(
      name: entry.key, kind: kind, node: YAMLNode(.mapping(mapping), at: node.range))
  }

  /// Checks names and sizes; returns whether resolving the references stays within the limits.
  private mutating func checkReferences(_ spec: ExperimentSpec, _ settings: [Setting]) -> Bool {
    let pathAxes = zip(spec.axes, spec.axisPaths).filter { $1.root != .variable }.map(\.0)
    var users = spec.stages.map(\.node) + pathAxes.flatMap(\.values)
    users += [spec.model, spec.data].compactMap(\.self) + settings.map(\.value)
    var references = spec.references
    for node in users { references.check(node, &diagnostics) }
    if !diagnostics.hasErrors {
      let used = references.closure(of: users)
      for entry in spec.vars where !used.contains(entry.key.value) {
        diagnostics.insert(.unusedVariable(entry.key))
      }
    }
    return !references.isTooLarge
  }

  /// Whether some axis, sound or not, varies the model or something in the data settings.
  private func isSwept(_ root: SpecPath.Root) -> Bool {
    let sweep = document[ExperimentSpec.Key.sweep.rawValue]
    let paths = SweepAxis.Mode.allCases.flatMap { sweep?[$0.rawValue]?.mapping?.entries ?? [] }
    return paths.contains { SpecPath($0.key).root == root }
  }

  private mutating func checkModel(_ spec: ExperimentSpec, _ cells: [SweepCell]) {
    let axes = spec.axesUsedByModel()
    for cell in cells.map({ $0.projected(onto: axes) }).uniqued() {
      guard let node = spec.modelNode(in: cell), spec.references.resolves(node) else { continue }
      if let text = node.string, !text.isEmpty { continue }
      diagnostics.insert(.wrongType(expected: "a name or a path", for: "model", found: node))
    }
  }

  private mutating func checkData(_ spec: ExperimentSpec, _ cells: [SweepCell]) {
    if let data = spec.data, !spec.references.resolves(data) { return }
    let axes = spec.axesUsedByData()
    for cell in cells.map({ $0.projected(onto: axes) }).uniqued() {
      if let found = spec.readData(in: cell) {
        diagnostics.insert(contentsOf: found.diagnostics)
      }
    }
  }
}

extension Sequence where Element: Hashable {
  /// The elements without repetitions, in order.
  func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
