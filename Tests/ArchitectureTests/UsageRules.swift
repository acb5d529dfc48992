/// Rules about names that code may not use where it stands.
enum UsageRules {
  /// How a forbidden name looks.
  enum Shape {
    /// The word anywhere but as a member (`x.word`) or an argument label.
    case name
    /// The word followed by `(`, not as a member, and not where the file declares it itself.
    case call
    /// The word as a member.
    case member
    /// The word in any position.
    case anywhere
  }

  /// Returns the places where a word is used in a shape.
  static func uses(_ words: [String: Shape], in source: SourceText) -> [Token] {
    let tokens = source.tokens
    let ownFunctions = Set(
      tokens.indices.dropLast().filter { tokens[$0].isWord("func") }.map { tokens[$0 + 1].text })
    return tokens.indices.compactMap { index in
      guard tokens[index].kind == .word, let shape = words[tokens[index].text] else { return nil }
      let before = index > 0 ? tokens[index - 1] : nil
      let isCalled = index + 1 < tokens.count && tokens[index + 1].isSymbol("(")
      let isLabel = index + 1 < tokens.count && tokens[index + 1].isSymbol(":")
      let isMember =
        before?.isSymbol(".") == true
        && !(index > 1 && libraryNames.contains(tokens[index - 2].text))
      let isDeclared = before.map { ["func", "let", "var", "case"].contains($0.text) } ?? false
      let matches =
        switch shape {
        case .name: !isMember && !isDeclared && !isLabel
        case .call:
          isCalled && !isMember && !isDeclared && !ownFunctions.contains(tokens[index].text)
        case .member: before?.isSymbol(".") == true
        case .anywhere: true
        }
      return matches ? tokens[index] : nil
    }
  }

  /// Qualifiers that do not make a name a member of something of ours.
  private static let libraryNames: Set<String> = ["Swift", "Foundation", "Glibc", "Dispatch"]

  /// Printing, exiting and reading the process: for programs only.
  private static let processState: [String: Shape] = [
    "print": .call, "debugPrint": .call, "dump": .call, "NSLog": .call, "puts": .call,
    "fputs": .call, "printf": .call, "fprintf": .call, "vprintf": .call, "putchar": .call,
    "readLine": .call, "stdout": .name, "stderr": .name, "stdin": .name,
    "exit": .call, "_exit": .call, "abort": .call, "CommandLine": .name,
    "getenv": .call, "secure_getenv": .call, "setenv": .call, "unsetenv": .call,
    "environ": .name, "currentDirectoryPath": .member, "changeCurrentDirectoryPath": .member,
    "getcwd": .call, "chdir": .call, "currentDirectory": .member,
    "temporaryDirectory": .member, "NSTemporaryDirectory": .call, "NSHomeDirectory": .call,
    "homeDirectoryForCurrentUser": .member, "NSUserName": .call,
  ]

  static func processState(_ source: SourceText) -> [Violation] {
    var result = uses(processState, in: source).map {
      source.violation($0, "a library does not use '\($0.text)'")
    }
    let tokens = source.tokens
    let streams: Set<String> = ["standardOutput", "standardError", "standardInput"]
    for index in tokens.indices.dropFirst(2) where streams.contains(tokens[index].text) {
      let isImplicit = tokens[index - 2].kind == .symbol && !")]".contains(tokens[index - 2].text)
      guard tokens[index - 1].isSymbol("."), isImplicit || tokens[index - 2].isWord("FileHandle")
      else { continue }
      result.append(source.violation(tokens[index], "a library does not use the standard streams"))
    }
    for index in tokens.indices where tokens[index].isWord("ProcessInfo") {
      let rest = tokens[index...].prefix(5).map(\.text)
      if rest.contains("environment") || rest.contains("arguments") {
        result.append(source.violation(tokens[index], "a library does not read the process"))
      }
    }
    return result
  }

  /// Files, network and processes.
  private static let fileSystem: [String: Shape] = [
    "FileManager": .name, "FileHandle": .name, "URLSession": .name, "Process": .call,
    "InputStream": .name, "OutputStream": .name, "Bundle": .name, "contentsOfFile": .anywhere,
    "fopen": .call, "open": .call, "openat": .call,
    "opendir": .call, "mkdir": .call, "unlink": .call, "readlink": .call, "realpath": .call,
    "mmap": .call, "socket": .call, "posix_spawn": .call, "ProcessInfo": .name,
    "fileURLWithPath": .anywhere,
  ]

  static func fileSystem(_ source: SourceText) -> [Violation] {
    let tokens = source.tokens
    let readers = tokens.indices.dropFirst(2).filter { index in
      tokens[index].isWord("contentsOf") && tokens[index - 1].isSymbol("(")
        && ["Data", "String", "NSData"].contains(tokens[index - 2].text)
    }
    return (uses(fileSystem, in: source) + readers.map { tokens[$0] }).map {
      source.violation($0, "a plan is a function of its arguments; '\($0.text)' reads the machine")
    }
  }

  /// Clocks that nobody passed.
  private static let clocks: [String: Shape] = [
    "ContinuousClock": .name, "SuspendingClock": .name, "SystemClock": .name,
    "DispatchTime": .name, "DispatchWallTime": .name, "clock_gettime": .call,
    "gettimeofday": .call, "time": .call, "clock": .call, "systemUptime": .member,
    "CFAbsoluteTimeGetCurrent": .call, "timeIntervalSinceNow": .anywhere,
  ]

  static func clocks(_ source: SourceText) -> [Violation] {
    var result = uses(clocks, in: source).map {
      source.violation($0, "'\($0.text)' is a clock that nobody passed")
    }
    let tokens = source.tokens
    for index in tokens.indices.dropLast(2) where tokens[index].isWord("Date") {
      let isNow =
        (tokens[index + 1].isSymbol("(") && tokens[index + 2].isSymbol(")"))
        || (tokens[index + 1].isSymbol(".") && tokens[index + 2].isWord("now"))
      if isNow { result.append(source.violation(tokens[index], "the present comes from a clock")) }
    }
    return result
  }

  /// Generators that nobody passed.
  private static let generators: [String: Shape] = [
    "SystemRandomNumberGenerator": .name, "arc4random": .call, "arc4random_uniform": .call,
    "rand": .call, "srand": .call, "drand48": .call, "getrandom": .call, "getentropy": .call,
    "UUID": .call,
  ]
  private static let drawing: Set<String> = ["random", "shuffled", "shuffle", "randomElement"]

  static func randomness(_ source: SourceText) -> [Violation] {
    var result = uses(generators, in: source).map {
      source.violation($0, "'\($0.text)' is a generator that nobody passed")
    }
    let tokens = source.tokens
    for index in tokens.indices.dropLast(2) where drawing.contains(tokens[index].text) {
      guard index > 0, tokens[index - 1].isSymbol("."), tokens[index + 1].isSymbol("(") else {
        continue
      }
      let labels = argumentLabels(tokens, from: index + 1)
      let isStandard = labels.contains("in") || tokens[index + 2].isSymbol(")")
      if isStandard, !labels.contains("using") {
        result.append(source.violation(tokens[index], "'.\(tokens[index].text)(' without using:"))
      }
    }
    return result
  }

  /// Returns the labels of a call's own arguments, not of calls inside it.
  private static func argumentLabels(_ tokens: [Token], from start: Int) -> Set<String> {
    var labels: Set<String> = []
    var depth = 0
    for index in start..<tokens.count {
      if tokens[index].kind == .symbol, "([{".contains(tokens[index].text) { depth += 1 }
      if tokens[index].kind == .symbol, ")]}".contains(tokens[index].text) { depth -= 1 }
      if depth == 0 { break }
      if depth == 1, tokens[index].isSymbol(":") { labels.insert(tokens[index - 1].text) }
    }
    return labels
  }

  /// Unsafe pointers, by any of their names.
  static func unsafePointers(_ source: SourceText) -> [Violation] {
    let words: Set<String> = [
      "OpaquePointer", "Unmanaged", "unsafeBitCast", "unsafeDowncast", "baseAddress",
      "withContiguousStorageIfAvailable", "withContiguousMutableStorageIfAvailable",
      "unsafeUninitializedCapacity", "assumingMemoryBound", "bindMemory", "withMemoryRebound",
      "withVaList", "CVaListPointer",
    ]
    return source.tokens.compactMap { token in
      guard token.kind == .word else { return nil }
      let isPointer = token.text.hasPrefix("Unsafe") || token.text.hasPrefix("withUnsafe")
      guard isPointer || words.contains(token.text) else { return nil }
      return source.violation(token, "'\(token.text)' outside of the modules for unsafe pointers")
    }
  }
}
