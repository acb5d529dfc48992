import WinaDiagnostics

extension YAMLNode {
  /// Returns the node with the value at a path below it replaced; null removes it.
  ///
  /// Mappings that are missing on the way are made. What is no mapping and stands in the way is
  /// replaced by one; ``obstacle(on:)`` finds such values.
  func setting(_ path: ArraySlice<Located<String>>, to value: YAMLNode) -> YAMLNode {
    guard let key = path.first else { return value }
    var mapping = mapping ?? YAMLMapping()
    if path.count == 1, value.isNull {
      mapping.remove(key.value)
    } else {
      let nothing = YAMLNode(.mapping(YAMLMapping()), at: value.range)
      let inner = mapping[key.value] ?? nothing
      mapping.set(key, to: inner.setting(path.dropFirst(), to: value))
    }
    return YAMLNode(.mapping(mapping), at: range, via: via)
  }

  /// Returns the first value on a path that is neither a mapping nor missing, with its key.
  func obstacle(on path: ArraySlice<Located<String>>) -> (key: Located<String>, value: YAMLNode)? {
    guard path.count > 1, let key = path.first, let next = self[key.value], !next.isNull else {
      return nil
    }
    if next.mapping == nil { return (key, next) }
    return next.obstacle(on: path.dropFirst())
  }

  /// Returns a base with this node laid over it: mappings merge, null removes, all else replaces.
  func laid(over base: YAMLNode) -> YAMLNode {
    guard let own = mapping, let below = base.mapping else { return self }
    var entries: [YAMLMapping.Entry] = []
    let overriding = Dictionary(own.entries.map { ($0.key.value, $0) }) { $1 }
    for entry in below.entries {
      guard let over = overriding[entry.key.value] else {
        entries.append(entry)
        continue
      }
      if over.value.isNull { continue }
      entries.append(.init(key: over.key, value: over.value.laid(over: entry.value)))
    }
    let inherited = Set(below.keys)
    entries += own.entries.filter { !inherited.contains($0.key.value) }
    return YAMLNode(.mapping(YAMLMapping(distinct: entries)), at: range, via: via)
  }
}
