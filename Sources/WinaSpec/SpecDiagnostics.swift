import WinaDiagnostics

/// The wording of faults in the spec language.
extension Diagnostic {
  static func unknownKey(_ key: Located<String>, known: some Collection<String>) -> Diagnostic {
    Diagnostic(
      id: "spec.unknown-key", "unknown key '\(key.value)'", at: key.range,
      help: suggestion(for: key.value, among: known, "known keys"))
  }

  static func missingKey(_ key: String, in owner: SourceRange?) -> Diagnostic {
    Diagnostic(id: "spec.missing-key", "missing key '\(key)'", at: owner, help: "add '\(key): …'")
  }

  static func wrongType(
    expected: String, for name: String?, found node: YAMLNode, help: String? = nil
  ) -> Diagnostic {
    let target = name.map { " for '\($0)'" } ?? ""
    return Diagnostic(
      id: "spec.wrong-type", "expected \(expected)\(target), found \(described(node))",
      at: node.range, help: help)
  }

  static func unknownValue(
    _ node: YAMLNode, for name: String?, known: [String]
  ) -> Diagnostic {
    let text = node.inlineDescription
    let target = name.map { " for '\($0)'" } ?? ""
    return Diagnostic(
      id: "spec.unknown-value", "unknown value '\(text)'\(target)", at: node.range,
      help: suggestion(for: text, among: known, "known values"))
  }

  static func invalidValue(_ reason: String, for name: String?, at range: SourceRange?)
    -> Diagnostic
  {
    let target = name.map { " for '\($0)'" } ?? ""
    return Diagnostic(id: "spec.invalid-value", "invalid value\(target): \(reason)", at: range)
  }

  static func notFinite(_ node: YAMLNode, for name: String?) -> Diagnostic {
    let target = name.map { " for '\($0)'" } ?? ""
    return Diagnostic(
      id: "spec.not-finite", "\(node.inlineDescription) is no finite number\(target)",
      at: node.range, help: "give a finite number")
  }

  static func numberOutOfRange(_ node: YAMLNode, for name: String?, _ limits: String)
    -> Diagnostic
  {
    let target = name.map { " for '\($0)'" } ?? ""
    return Diagnostic(
      id: "spec.number-range", "\(node.inlineDescription) is out of range\(target)",
      at: node.range, help: "give a number from \(limits)")
  }

  static func invalidName(_ name: Located<String>, of what: String) -> Diagnostic {
    Diagnostic(
      id: "spec.invalid-name", "'\(name.value)' cannot be the name of a \(what)", at: name.range,
      help: "use letters, digits, '_' and '-', starting with a letter or '_'")
  }

  static func reservedName(_ name: Located<String>, of what: String) -> Diagnostic {
    Diagnostic(
      id: "spec.reserved-name", "a \(what) cannot be called '\(name.value)'", at: name.range,
      help: "choose another name; '\(name.value)' in a path means the key of the spec")
  }

  static func noStages(_ range: SourceRange?) -> Diagnostic {
    Diagnostic(
      id: "spec.no-stages", "the spec has no stages", at: range,
      help: "add at least one stage, such as 'capture: {}'")
  }

  static func variableKind(_ range: SourceRange?) -> Diagnostic {
    Diagnostic(
      id: "spec.kind-varies", "the kind of a stage cannot vary", at: range,
      help: "write one stage for each kind")
  }

  static func removesNothing(_ name: Located<String>) -> Diagnostic {
    Diagnostic(
      id: "spec.removes-nothing", severity: .warning,
      "null removes '\(name.value)', which no base defines", at: name.range,
      help: "write '\(name.value): {}' for a stage without parameters")
  }

  static func extendsUnreadable(_ path: Located<String>, _ reason: String) -> Diagnostic {
    Diagnostic(
      id: "spec.extends-unreadable", "cannot read '\(path.value)': \(reason)", at: path.range,
      help: "give a path relative to the file that says 'extends'")
  }

  static func extendsCycle(_ path: Located<String>, chain: [SourceFile]) -> Diagnostic {
    let names = chain.map(\.path).joined(separator: " → ")
    return Diagnostic(
      id: "spec.extends-cycle", "'\(path.value)' extends itself: \(names)", at: path.range,
      help: "remove one of the 'extends'")
  }

  static func tooManyFiles(_ path: Located<String>, limit: Int) -> Diagnostic {
    Diagnostic(
      id: "spec.extends-too-many", "more than \(limit) files are extended", at: path.range,
      help: "extend fewer files")
  }
}

/// The wording of faults in references and vars.
extension Diagnostic {
  static func unknownVariable(
    _ name: Located<String>, known: some Collection<String>
  ) -> Diagnostic {
    let advice = suggestion(for: name.value, among: known, "known vars")
    return Diagnostic(
      id: "spec.unknown-var", "unknown var '\(name.value)'", at: name.range,
      help: advice ?? "define it under 'vars', or write '$${' for the text '${'")
  }

  static func badReference(_ reason: String, at range: SourceRange) -> Diagnostic {
    Diagnostic(
      id: "spec.bad-reference", reason, at: range,
      help: "write '${name}', or '$${' for the text '${'")
  }

  static func referenceInKey(_ range: SourceRange?) -> Diagnostic {
    Diagnostic(
      id: "spec.var-in-key", "a key cannot hold a reference", at: range,
      help: "write the key out")
  }

  static func variableCycle(_ name: Located<String>, cycle: [String]) -> Diagnostic {
    Diagnostic(
      id: "spec.var-cycle",
      "var '\(name.value)' refers to itself: \(cycle.joined(separator: " → "))", at: name.range,
      help: "give one of them a value of its own")
  }

  static func variableNotText(
    _ name: Located<String>, definition: SourceRange
  ) -> Diagnostic {
    Diagnostic(
      id: "spec.var-not-text",
      "var '\(name.value)' is a list or a mapping and cannot stand inside text", at: name.range,
      help: "use it as a whole value", notes: [.init("it is defined here", at: definition)])
  }

  static func expandsTooFar(_ range: SourceRange?, limits: YAMLLimits) -> Diagnostic {
    Diagnostic(
      id: "spec.expands-too-far",
      "references expand to more than \(limits.maximumNodes) values or "
        + "\(limits.maximumDepth) levels", at: range, help: "use fewer references to references")
  }

  static func unusedVariable(_ name: Located<String>) -> Diagnostic {
    Diagnostic(
      id: "spec.unused-var", severity: .warning, "nothing uses var '\(name.value)'",
      at: name.range, help: "remove it, or refer to it as '${\(name.value)}'")
  }
}

/// The wording of faults in sweeps and settings.
extension Diagnostic {
  static func settingSyntax(_ setting: SourceFile) -> Diagnostic {
    Diagnostic(
      id: "spec.setting-syntax", "a setting is PATH=VALUE", at: setting.wholeRange,
      help: "write, for example, --set s=0.5 or --set clusters.k=8")
  }

  static func unknownPath(
    _ part: Located<String>, what: String, known: some Collection<String>
  ) -> Diagnostic {
    Diagnostic(
      id: "spec.unknown-path", "there is no \(what) '\(part.value)'", at: part.range,
      help: suggestion(for: part.value, among: known, "known \(what)s")
        ?? "a path is a var, stage.parameter, data.… or model")
  }

  static func pathThroughValue(_ part: Located<String>, value: YAMLNode) -> Diagnostic {
    Diagnostic(
      id: "spec.path-through-value",
      "the path goes through '\(part.value)', which is \(described(value))", at: part.range,
      help: "set '\(part.value)' as a whole",
      notes: [.init("'\(part.value)' has its value here", at: value.range)])
  }

  static func emptyAxis(_ path: Located<String>) -> Diagnostic {
    Diagnostic(
      id: "spec.empty-axis", "axis '\(path.value)' has no values", at: path.range,
      help: "give at least one value, or remove the axis")
  }

  static func repeatedAxis(_ path: Located<String>, first: SourceRange?) -> Diagnostic {
    Diagnostic(
      id: "spec.repeated-axis", "'\(path.value)' is swept twice", at: path.range,
      help: "remove one of the axes", notes: [.init("it is first swept here", at: first)])
  }

  static func repeatedAxisValue(_ value: YAMLNode, first: YAMLNode, axis: String) -> Diagnostic {
    Diagnostic(
      id: "spec.repeated-axis-value",
      "axis '\(axis)' has the value \(value.inlineDescription) twice", at: value.range,
      help: "remove one of them", notes: [.init("it is first given here", at: first.range)])
  }

  static func zipLengths(_ axis: SweepAxis, other: SweepAxis) -> Diagnostic {
    Diagnostic(
      id: "spec.zip-lengths",
      "axis '\(axis.path.value)' has \(axis.values.count) values, '\(other.path.value)' has "
        + "\(other.values.count)", at: axis.path.range,
      help: "lists under 'zip' must be equally long",
      notes: [.init("'\(other.path.value)' is here", at: other.path.range)])
  }

  static func tooManyCells(_ range: SourceRange?, limit: Int) -> Diagnostic {
    Diagnostic(
      id: "spec.too-many-cells", "the sweep has more than \(limit) cells", at: range,
      help: "sweep fewer values, or split the study over several specs")
  }
}

/// The wording of faults in the data settings.
extension Diagnostic {
  static func dataSource(_ found: [Located<String>], in owner: SourceRange) -> Diagnostic {
    let message =
      found.isEmpty
      ? "'data' names no source"
      : "'data' names several sources: " + found.map(\.value).joined(separator: ", ")
    return Diagnostic(
      id: "spec.data-source", message, at: found.dropFirst().first?.range ?? owner,
      help: "give exactly one of suite, tasks (with path), documents and samples",
      notes: found.prefix(found.count > 1 ? 1 : 0).map {
        .init("'\($0.value)' is given here", at: $0.range)
      })
  }

  static func withoutTasks(_ name: String, at key: SourceRange?) -> Diagnostic {
    guard name == "path" else {
      return Diagnostic(
        id: "spec.without-tasks", "'\(name)' says how tasks are read, and there are no tasks",
        at: key, help: "remove '\(name)', or name tasks")
    }
    return Diagnostic(
      id: "spec.path-without-tasks", "'path' says where tasks are, and there are no tasks",
      at: key, help: "remove 'path'; a suite or a document set has its path as value")
  }

  static func emptySource(_ name: String, at range: SourceRange) -> Diagnostic {
    Diagnostic(
      id: "spec.empty-source", "'\(name)' is empty", at: range, help: "name at least one")
  }

  static func unknownSplit(_ name: Located<String>, known: [String]) -> Diagnostic {
    Diagnostic(
      id: "spec.unknown-split", "unknown split '\(name.value)'", at: name.range,
      help: suggestion(for: name.value, among: known, "known splits"))
  }

  static func shareOutOfRange(_ share: Located<Double>, of split: String) -> Diagnostic {
    Diagnostic(
      id: "spec.split-share", "the share \(share.value) of '\(split)' is not in 0...1",
      at: share.range, help: "give the fraction of the samples")
  }

  static func shareSum(_ sum: Double, at range: SourceRange) -> Diagnostic {
    let rounded = (sum * 1e9).rounded() / 1e9
    return Diagnostic(
      id: "spec.split-sum", "the splits add up to \(rounded), not 1", at: range,
      help: "give every sample to exactly one split")
  }

  static func notPositive(_ name: String, _ value: Located<Int>) -> Diagnostic {
    Diagnostic(
      id: "spec.not-positive", "'\(name)' must be positive, found \(value.value)",
      at: value.range, help: "give a whole number of at least 1")
  }
}

/// Returns what a node is, in words: `text 'abc'`, `the number 5`, `a list`.
private func described(_ node: YAMLNode) -> String {
  switch node.content {
  case .sequence: return "a list"
  case .mapping: return "a mapping"
  case .scalar(let scalar):
    switch scalar.value {
    case .null: return scalar.text.isEmpty ? "nothing" : "null"
    case .bool(let value): return value ? "true" : "false"
    case .int, .double: return "the number \(scalar.value)"
    case .string(let text):
      return "text '\(text.count > 60 ? String(text.prefix(60)) + "…" : text)'"
    }
  }
}
