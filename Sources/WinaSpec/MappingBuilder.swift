import WinaDiagnostics

/// Gathers the keys and values of one mapping, duplicates and merge keys included.
struct MappingBuilder {
  private enum Part {
    case entry(YAMLMapping.Entry)
    case merge([YAMLMapping])
  }

  private enum Key {
    case text(Located<String>)
    case merge
    /// A key that was reported and whose value is dropped.
    case faulty
  }

  private var parts: [Part] = []
  private var pending: Key?
  private var places: [String: SourceRange] = [:]

  /// Where the last value ends.
  private(set) var end: Int?

  /// Takes the next key or value.
  mutating func accept(_ node: YAMLNode, _ diagnostics: inout DiagnosticSet) {
    if pending == nil {
      pending = key(node, &diagnostics)
    } else {
      value(node, &diagnostics)
    }
    let last = node.range.offsets.upperBound
    end = max(end ?? last, last)
  }

  private mutating func key(_ node: YAMLNode, _ diagnostics: inout DiagnosticSet) -> Key {
    guard let scalar = node.scalar else {
      diagnostics.insert(.keyNotText(node.range))
      return .faulty
    }
    if let first = places[scalar.text] {
      diagnostics.insert(.duplicateKey(scalar.text, at: node.range, first: first))
      return .faulty
    }
    places[scalar.text] = node.range
    if scalar.text == "<<", scalar.style == .plain { return .merge }
    return .text(Located(scalar.text, at: node.range))
  }

  private mutating func value(_ node: YAMLNode, _ diagnostics: inout DiagnosticSet) {
    defer { pending = nil }
    switch pending {
    case .text(let key): parts.append(.entry(YAMLMapping.Entry(key: key, value: node)))
    case .merge:
      let sources = node.sequence ?? [node]
      let mappings = sources.compactMap(\.mapping)
      if mappings.count == sources.count {
        parts.append(.merge(mappings))
      } else {
        diagnostics.insert(.mergeNotMapping(node.range))
      }
    case .faulty, nil: break
    }
  }

  /// Returns the mapping: keys written out win over merged ones, earlier merged ones over later.
  func mapping() -> YAMLMapping {
    var taken = Set(places.keys)
    var entries: [YAMLMapping.Entry] = []
    for part in parts {
      switch part {
      case .entry(let entry): entries.append(entry)
      case .merge(let mappings):
        for entry in mappings.flatMap(\.entries) where taken.insert(entry.key.value).inserted {
          entries.append(entry)
        }
      }
    }
    return YAMLMapping(entries)
  }
}
