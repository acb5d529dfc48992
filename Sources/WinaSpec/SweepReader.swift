import WinaDiagnostics

/// Reads the `sweep` part of a document.
struct SweepReader {
  /// Everything noticed.
  var diagnostics = DiagnosticSet()

  private let document: YAMLNode
  private let settings: [Setting]
  private let limits: YAMLLimits

  init(document: YAMLNode, settings: [Setting], limits: YAMLLimits) {
    self.document = document
    self.settings = settings
    self.limits = limits
  }

  /// Returns the axes that no setting replaces, `grid` before `zip`.
  mutating func axes() -> [SweepAxis] {
    guard let sweep = document[ExperimentSpec.Key.sweep.rawValue], !sweep.isNull else { return [] }
    guard sweep.mapping != nil else {
      diagnostics.insert(
        .wrongType(expected: "a mapping with 'grid' or 'zip'", for: "sweep", found: sweep))
      return []
    }
    let modes = SweepAxis.Mode.allCases
    diagnostics.insert(
      contentsOf: SpecDecoder.unknownKeys(in: sweep, known: modes.map(\.rawValue)))
    var written: [SweepAxis] = []
    for mode in modes { written += axes(sweep[mode.rawValue], mode) }
    var first: [String: SweepAxis] = [:]
    var kept: [SweepAxis] = []
    for axis in written {
      if let other = first[axis.path.value] {
        diagnostics.insert(.repeatedAxis(axis.path, first: other.path.range))
        continue
      }
      first[axis.path.value] = axis
      let path = SpecPath(axis.path)
      if !settings.contains(where: { $0.path.contains(path) }) { kept.append(axis) }
    }
    checkCombinations(of: kept, at: sweep.range)
    return kept
  }

  private mutating func axes(_ node: YAMLNode?, _ mode: SweepAxis.Mode) -> [SweepAxis] {
    guard let node, !node.isNull else { return [] }
    guard let mapping = node.mapping else {
      diagnostics.insert(
        .wrongType(expected: "a mapping from paths to lists", for: mode.rawValue, found: node))
      return []
    }
    return mapping.entries.compactMap { axis($0, mode) }
  }

  private mutating func axis(_ entry: YAMLMapping.Entry, _ mode: SweepAxis.Mode) -> SweepAxis? {
    let path = SpecPath(entry.key)
    guard SpecTarget(document).fullPath(of: path, &diagnostics) != nil else { return nil }
    if path.root == .stage, path.tail.map(\.value) == ["kind"] {
      diagnostics.insert(.variableKind(entry.key.range))
      return nil
    }
    guard let values = entry.value.sequence else {
      diagnostics.insert(
        .wrongType(expected: "a list of values", for: entry.key.value, found: entry.value))
      return nil
    }
    if values.isEmpty {
      diagnostics.insert(.emptyAxis(entry.key))
      return nil
    }
    if mode == .grid {
      var first: [String: YAMLNode] = [:]
      for value in values {
        if let other = first.updateValue(value, forKey: value.inlineDescription) {
          diagnostics.insert(.repeatedAxisValue(value, first: other, axis: entry.key.value))
        }
      }
    }
    return SweepAxis(path: entry.key, values: values, mode: mode)
  }

  private mutating func checkCombinations(of axes: [SweepAxis], at range: SourceRange) {
    let zipped = axes.filter { $0.mode == .zip }
    if let first = zipped.first {
      for axis in zipped.dropFirst() where axis.values.count != first.values.count {
        diagnostics.insert(.zipLengths(axis, other: first))
      }
    }
    var count = zipped.first?.values.count ?? 1
    for axis in axes where axis.mode == .grid && count <= limits.maximumCells {
      count *= axis.values.count
    }
    if count > limits.maximumCells || count * axes.count > limits.maximumNodes {
      diagnostics.insert(.tooManyCells(range, limit: limits.maximumCells))
    }
  }
}
