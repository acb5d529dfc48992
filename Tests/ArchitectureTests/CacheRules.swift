/// Rules about who writes files and who knows the layout of the cache.
enum CacheRules {
  /// The folders of the cache, which only the store may name.
  static let folders: Set<String> = [
    "objects", "actions", "staging", "leases", "trash", "pins", "roots",
  ]

  /// The modules that may write files at all, each with what it writes.
  static let writers: [String: String] = [
    "WinaStore": "the cache and remotes",
    "WinaExecution": "the journal and the scratch directories of tasks",
    "WinaTensor": "safetensors files at a path that it is given",
    "wina": "files that the user names",
    "WinaBenchmarks": "temporary files to measure against",
  ]

  private static let writing: [String: UsageRules.Shape] = [
    "createDirectory": .member, "createFile": .member, "removeItem": .member, "moveItem": .member,
    "copyItem": .member, "replaceItem": .member, "setAttributes": .member,
    "createSymbolicLink": .member, "linkItem": .member, "forWritingAtPath": .anywhere,
    "forWritingTo": .anywhere, "forUpdating": .anywhere, "forUpdatingAtPath": .anywhere,
    "toFile": .anywhere, "open": .call, "openat": .call, "fopen": .call, "creat": .call,
    "mkdir": .call, "mkdtemp": .call, "mkstemp": .call, "rename": .call, "renameat": .call,
    "unlink": .call, "rmdir": .call, "symlink": .call, "ftruncate": .call, "chmod": .call,
    "fchmod": .call, "pwrite": .call, "fwrite": .call,
  ]

  /// Returns the places where a module that writes nothing writes.
  static func unexpectedWriters(_ source: SourceText) -> [Violation] {
    if writers[source.target] != nil { return [] }
    var found = UsageRules.uses(writing, in: source)
    let tokens = source.tokens
    // `data.write(to: url)`: the label tells it from writing to a stream of our own.
    for index in tokens.indices where tokens[index].isWord("write") {
      let call = tokens[(index + 1)...].prefix(4).map(\.text)
      let isMember = index > 0 && tokens[index - 1].isSymbol(".")
      if isMember, call.starts(with: ["(", "to", ":"]), call.last != "&" {
        found.append(tokens[index])
      }
    }
    return found.map {
      source.violation($0, "\(source.target) writes no files, but here is '\($0.text)'")
    }
  }

  /// Returns the string literals by which a module other than the store names a part of the cache.
  static func layoutNames(_ source: SourceText) -> [Violation] {
    if source.target == "WinaStore" { return [] }
    return source.tokens.compactMap { token in
      guard token.kind == .string else { return nil }
      let parts = token.text.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count > 1, parts.contains(where: { folders.contains(String($0)) }) else {
        return nil
      }
      return source.violation(token, "only WinaStore knows the layout of the cache")
    }
  }
}
