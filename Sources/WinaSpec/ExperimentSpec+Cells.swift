public import WinaDiagnostics

extension ExperimentSpec {
  /// Returns the cells of the sweep: the first `grid` axis varies slowest, `zip` axes fastest.
  ///
  /// - Complexity: O(cells · axes), and resolving the vars of each cell if an axis holds references.
  public func cells() -> [SweepCell] {
    var combinations: [[YAMLNode]] = [[]]
    for axis in axes where axis.mode == .grid {
      combinations = combinations.flatMap { values in axis.values.map { values + [$0] } }
    }
    let zipped = axes.filter { $0.mode == .zip }
    if let count = zipped.first?.values.count {
      combinations = combinations.flatMap { values in
        (0..<count).map { index in values + zipped.map { $0.values[index] } }
      }
    }
    let isLiteral = axes.allSatisfy { $0.values.allSatisfy { !$0.holdsReference } }
    return combinations.map { values in
      let pairs = zip(axes.map(\.path.value), values)
      if isLiteral {
        return SweepCell(pairs.map { SweepCell.Assignment(path: $0, value: $1) })
      }
      let assigned = Dictionary(pairs.map { ($0, $1) }) { $1 }
      let resolver = CellResolver(
        vars: vars, order: references.order, assigned: assigned, isRaw: true)
      return SweepCell(
        pairs.map { path, value in
          SweepCell.Assignment(path: path, value: resolver[path] ?? resolver.resolve(value))
        })
    }
  }

  /// Returns all stages as they are in a cell: references, axes and `--set` applied.
  ///
  /// - Complexity: O(n) in the size of vars and stages.
  public func stages(in cell: SweepCell) -> [StageSpec] {
    let resolver = resolver(for: cell)
    return stages.map { resolved($0, cell, resolver) }
  }

  /// Returns one stage as it is in a cell, or `nil` if there is none of that name.
  public func stage(_ name: String, in cell: SweepCell) -> StageSpec? {
    stages.first { $0.name.value == name }.map { resolved($0, cell, resolver(for: cell)) }
  }

  /// Returns the model in a cell, or `nil` if the spec has none.
  public func model(in cell: SweepCell) -> Located<String>? {
    modelNode(in: cell).flatMap { node in node.string.map { Located($0, at: node.range) } }
  }

  /// Returns the data settings in a cell, or `nil` if the spec has none.
  public func data(in cell: SweepCell) -> DataSpec? { readData(in: cell)?.data }

  /// Returns a value with its references replaced.
  public func resolve(_ node: YAMLNode, in cell: SweepCell) -> YAMLNode {
    resolver(for: cell).resolve(node)
  }

  /// Returns the axes on which a stage's own inputs and parameters depend, vars followed.
  ///
  /// What a stage depends on through its inputs is for the caller to add.
  public func axesUsed(by stage: StageSpec) -> Set<String> {
    let raw = stages.first { $0.name.value == stage.name.value } ?? stage
    return axesUsed(by: raw.node) { $0.root == .stage && $0.head.value == stage.name.value }
  }

  /// Returns the axes on which the model depends.
  public func axesUsedByModel() -> Set<String> { axesUsed(by: model) { $0.root == .model } }

  /// Returns the axes on which the data settings depend.
  public func axesUsedByData() -> Set<String> { axesUsed(by: data) { $0.root == .data } }

  /// Returns a path as seen from the working directory.
  ///
  /// A relative path is relative to the folder of the file that holds it.
  public static func path(of written: Located<String>) -> String {
    let path = written.value
    guard let directory = written.range?.file.directory, directory != ".", !path.hasPrefix("/")
    else { return path }
    return directory == "/" ? "/" + path : directory + "/" + path
  }

  /// Returns the model in a cell, whatever it is.
  func modelNode(in cell: SweepCell) -> YAMLNode? {
    cell[Key.model.rawValue] ?? model.map { resolve($0, in: cell) }
  }

  /// Reads the data settings of a cell.
  func readData(in cell: SweepCell) -> (data: DataSpec?, diagnostics: [Diagnostic])? {
    let isSwept = axisPaths.contains { $0.root == .data && cell[$0.whole.value] != nil }
    guard data != nil || isSwept else { return nil }
    let written = data ?? YAMLNode(.mapping(YAMLMapping()), at: dataPlace)
    let resolver = resolver(for: cell)
    let node = changed(resolver.resolve(written), cell, resolver) { $0.root == .data }
    return DataSpec.read(node, at: dataPlace)
  }

  private func resolver(for cell: SweepCell) -> CellResolver {
    let assigned = Dictionary(cell.assignments.map { ($0.path, $0.value) }) { $1 }
    return CellResolver(vars: vars, order: references.order, assigned: assigned)
  }

  private func resolved(
    _ stage: StageSpec, _ cell: SweepCell, _ resolver: CellResolver
  ) -> StageSpec {
    let node = changed(resolver.resolve(stage.node), cell, resolver) {
      $0.root == .stage && $0.head.value == stage.name.value
    }
    return StageSpec(name: stage.name, kind: stage.kind, node: node)
  }

  /// Returns a node with the axes of a cell, and settings below them, applied to it.
  private func changed(
    _ node: YAMLNode, _ cell: SweepCell, _ resolver: CellResolver,
    _ applies: (SpecPath) -> Bool
  ) -> YAMLNode {
    var node = node
    for path in axisPaths {
      guard applies(path), let value = cell[path.whole.value] else { continue }
      node = node.setting(path.tail, to: value)
    }
    for setting in settings where applies(setting.path) {
      node = node.setting(setting.path.tail, to: resolver.resolve(setting.value))
    }
    return node
  }

  private func axesUsed(by node: YAMLNode?, _ applies: (SpecPath) -> Bool) -> Set<String> {
    let own = zip(axes, axisPaths).filter { applies($1) }.map(\.0)
    var nodes = own.flatMap(\.values)
    if let node { nodes.append(node) }
    nodes += settings.filter { applies($0.path) }.map(\.value)
    let names = references.closure(of: nodes)
    return Set(own.map(\.path.value))
      .union(axes.map(\.path.value).filter { names.contains($0) })
  }
}

extension YAMLNode {
  /// Whether any text in the value holds `${`.
  var holdsReference: Bool {
    switch content {
    case .scalar: string?.contains("${") ?? false
    case .sequence(let elements): elements.contains { $0.holdsReference }
    case .mapping(let mapping): mapping.entries.contains { $0.value.holdsReference }
    }
  }
}
