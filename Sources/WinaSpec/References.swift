import WinaDiagnostics

/// What refers to which vars, in which order vars can be resolved, and how far everything expands.
struct References: Sendable {
  /// Bounds on what a value expands to, over all cells.
  private struct Measure {
    var nodes = 0
    var height = 0
    var text = 0
    var collection: SourceRange?

    mutating func include(_ other: Measure) {
      nodes = max(nodes, other.nodes)
      height = max(height, other.height)
      text = max(text, other.text)
      collection = collection ?? other.collection
    }
  }

  /// The vars, each after those it refers to.
  private(set) var order: [String] = []

  /// The vars that the definitions of a var refer to.
  private var uses: [String: [String]] = [:]

  /// Whether some var expands beyond the limits, so that nothing must be resolved.
  private(set) var isTooLarge = false

  private var measures: [String: Measure] = [:]
  private let limits: YAMLLimits

  /// Examines vars, each with the values it may have: its own, or those of its axis.
  ///
  /// - Complexity: O(n) in the size of the definitions; nothing is expanded.
  init(
    of variables: [(name: Located<String>, definitions: [YAMLNode])], limits: YAMLLimits,
    _ diagnostics: inout DiagnosticSet
  ) {
    self.limits = limits
    let known = Set(variables.map(\.name.value))
    for (name, definitions) in variables {
      var names: [String] = []
      for definition in definitions {
        names += Self.check(definition, known: known, &diagnostics)
      }
      uses[name.value] = names.filter(known.contains)
    }
    sort(variables.map(\.name), &diagnostics)
    let definitions = Dictionary(variables.map { ($0.name.value, $0) }) { $1 }
    for name in order {
      guard let variable = definitions[name] else { continue }
      var measure = Measure()
      for definition in variable.definitions {
        measure.include(checkSize(of: definition, &diagnostics))
      }
      measures[name] = measure
    }
  }

  /// Checks a value that is no var's: names, places of references, and how far it expands.
  mutating func check(_ node: YAMLNode, _ diagnostics: inout DiagnosticSet) {
    _ = Self.check(node, known: Set(uses.keys), &diagnostics)
    _ = checkSize(of: node, &diagnostics)
  }

  /// Returns the vars that some values depend on, directly or through other vars.
  func closure(of nodes: [YAMLNode]) -> Set<String> {
    var found: Set<String> = []
    var pending = nodes.flatMap { Self.names(in: $0) }
    while let name = pending.popLast() {
      if found.insert(name).inserted { pending += uses[name] ?? [] }
    }
    return found
  }

  /// Returns whether every reference in a value can be replaced.
  func resolves(_ node: YAMLNode) -> Bool { closure(of: [node]).isSubset(of: order) }

  /// Returns the names that a value refers to.
  private static func names(in node: YAMLNode) -> [String] {
    switch node.content {
    case .scalar: Template(node)?.references.map(\.value) ?? []
    case .sequence(let elements): elements.flatMap { names(in: $0) }
    case .mapping(let mapping): mapping.entries.flatMap { names(in: $0.value) }
    }
  }

  /// Reports faulty references in a value and returns the names it refers to.
  private static func check(
    _ node: YAMLNode, known: Set<String>, _ diagnostics: inout DiagnosticSet
  ) -> [String] {
    switch node.content {
    case .scalar:
      guard let template = Template(node) else { return [] }
      diagnostics.insert(contentsOf: template.faults)
      for name in template.references
      where Template.isName(name.value) && !known.contains(name.value) {
        diagnostics.insert(.unknownVariable(name, known: known))
      }
      return template.references.map(\.value)
    case .sequence(let elements):
      return elements.flatMap { check($0, known: known, &diagnostics) }
    case .mapping(let mapping):
      return mapping.entries.flatMap { entry in
        if entry.key.value.contains("${") { diagnostics.insert(.referenceInKey(entry.key.range)) }
        return check(entry.value, known: known, &diagnostics)
      }
    }
  }

  /// Puts every var after those it refers to, and reports cycles.
  private mutating func sort(_ names: [Located<String>], _ diagnostics: inout DiagnosticSet) {
    var waiting = uses.mapValues { Set($0).count }
    var users: [String: [String]] = [:]
    for (name, used) in uses {
      for other in Set(used) { users[other, default: []].append(name) }
    }
    order = names.map(\.value).filter { waiting[$0] == 0 }
    var next = 0
    while next < order.count {
      for user in (users[order[next]] ?? []).sorted() {
        waiting[user, default: 0] -= 1
        if waiting[user] == 0 { order.append(user) }
      }
      next += 1
    }
    reportCycles(names, &diagnostics)
  }

  /// Reports every cycle among the vars that could not be put in order.
  private func reportCycles(_ names: [Located<String>], _ diagnostics: inout DiagnosticSet) {
    let resolved = Set(order)
    if resolved.count == names.count { return }
    let places = Dictionary(names.enumerated().map { ($1.value, $0) }) { $1 }
    var visited = resolved
    for name in names where !visited.contains(name.value) {
      var trail: [String] = []
      var current = name.value
      while visited.insert(current).inserted {
        trail.append(current)
        current = uses[current]?.first { !resolved.contains($0) } ?? current
      }
      guard let start = trail.firstIndex(of: current) else { continue }
      let cycle = trail[start...]
      let turn = cycle.indices.min { places[cycle[$0], default: 0] < places[cycle[$1], default: 0] }
      let first = turn ?? start
      let shown = Array(cycle[first...]) + Array(cycle[..<first]) + [cycle[first]]
      diagnostics.insert(.variableCycle(names[places[cycle[first], default: 0]], cycle: shown))
    }
  }

  /// Measures a value and reports it if it expands beyond the limits.
  private mutating func checkSize(of node: YAMLNode, _ diagnostics: inout DiagnosticSet) -> Measure
  {
    let measure = measure(node, &diagnostics)
    if measure.nodes > limits.maximumNodes || measure.height > limits.maximumDepth
      || measure.text > limits.maximumBytes
    {
      diagnostics.insert(.expandsTooFar(node.range, limits: limits))
      isTooLarge = true
      return Measure(nodes: 1, height: 0, text: 0, collection: measure.collection)
    }
    return measure
  }

  private func measure(_ node: YAMLNode, _ diagnostics: inout DiagnosticSet) -> Measure {
    switch node.content {
    case .scalar(let scalar):
      guard let template = Template(node) else {
        let length = scalar.text.utf8.count
        return Measure(nodes: YAMLLimits.weight(ofText: length), height: 0, text: length)
      }
      if let name = template.whole { return measures[name.value] ?? Measure() }
      var text = scalar.text.utf8.count
      for name in template.references {
        guard let measure = measures[name.value] else { continue }
        if let place = measure.collection {
          diagnostics.insert(.variableNotText(name, definition: place))
        }
        text += measure.text
      }
      return Measure(nodes: YAMLLimits.weight(ofText: text), height: 0, text: text)
    case .sequence(let elements):
      return collection(elements, at: node.range, &diagnostics)
    case .mapping(let mapping):
      return collection(mapping.entries.map(\.value), at: node.range, &diagnostics)
    }
  }

  private func collection(
    _ values: [YAMLNode], at range: SourceRange, _ diagnostics: inout DiagnosticSet
  ) -> Measure {
    var total = Measure(nodes: 1, height: 0, text: 0, collection: range)
    for value in values {
      let measure = measure(value, &diagnostics)
      total.nodes = min(total.nodes + measure.nodes, limits.maximumNodes + 1)
      total.height = max(total.height, measure.height + 1)
      total.text = max(total.text, measure.text)
    }
    return total
  }
}
