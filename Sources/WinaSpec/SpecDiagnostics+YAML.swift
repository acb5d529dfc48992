import WinaDiagnostics

/// The wording of faults in YAML itself.
extension Diagnostic {
  static func fileTooLarge(_ file: SourceFile, limit: Int) -> Diagnostic {
    Diagnostic(
      id: "yaml.file-too-large",
      "the file has \(file.bytes.count) bytes, more than the \(limit) allowed",
      at: SourceRange(file: file, 0..<0), help: "move long lists out of the spec into data files")
  }

  static func notUTF8(_ range: SourceRange) -> Diagnostic {
    let byte = range.file.bytes[range.offsets.lowerBound]
    let digits = String(byte, radix: 16, uppercase: true)
    return Diagnostic(
      id: "yaml.not-utf8", "byte 0x\(digits) is not UTF-8", at: range,
      help: "save the file in the encoding UTF-8")
  }

  static func tooDeep(_ range: SourceRange, limit: Int) -> Diagnostic {
    Diagnostic(
      id: "yaml.too-deep", "values are nested more than \(limit) deep", at: range,
      help: "flatten the structure")
  }

  static func tooManyValues(_ range: SourceRange, limit: Int) -> Diagnostic {
    Diagnostic(
      id: "yaml.too-many-values",
      "the document expands to more than \(limit) values", at: range,
      help: "use fewer aliases of aliases")
  }

  static func severalDocuments(_ range: SourceRange) -> Diagnostic {
    Diagnostic(
      id: "yaml.several-documents", "a second document starts here", at: range,
      help: "put each experiment in a file of its own")
  }

  static func duplicateKey(
    _ key: String, at range: SourceRange, first: SourceRange
  ) -> Diagnostic {
    Diagnostic(
      id: "yaml.duplicate-key", "key '\(key)' is given twice", at: range,
      help: "remove one of them",
      notes: [.init("'\(key)' is first given here", at: first)])
  }

  static func keyNotText(_ range: SourceRange) -> Diagnostic {
    Diagnostic(
      id: "yaml.key-not-text", "a list or a mapping cannot be a key", at: range,
      help: "quote the key if it is text")
  }

  static func unknownAnchor(
    _ name: String, at range: SourceRange, known: [String]
  ) -> Diagnostic {
    Diagnostic(
      id: "yaml.unknown-anchor", "there is no anchor '&\(name)' above this alias", at: range,
      help: suggestion(for: name, among: known, "known anchors"))
  }

  static func recursiveAnchor(
    _ name: String, at range: SourceRange, opened: SourceRange
  ) -> Diagnostic {
    Diagnostic(
      id: "yaml.recursive-anchor", "'*\(name)' refers to the value that contains it", at: range,
      notes: [.init("'&\(name)' starts here", at: opened)])
  }

  static func unknownTag(_ tag: String, at range: SourceRange) -> Diagnostic {
    let core = "tag:yaml.org,2002:"
    let shown = tag.hasPrefix(core) ? "!!" + tag.dropFirst(core.count) : tag
    return Diagnostic(
      id: "yaml.unknown-tag", "tag '\(shown)' does not apply here", at: range,
      help: "remove the tag")
  }

  static func tagMismatch(_ type: String, _ text: String, at range: SourceRange) -> Diagnostic {
    Diagnostic(
      id: "yaml.tag-mismatch", "'\(text)' is not a value of type '!!\(type)'", at: range,
      help: "remove the tag or change the value")
  }

  static func mergeNotMapping(_ range: SourceRange) -> Diagnostic {
    Diagnostic(
      id: "yaml.merge-not-mapping", "'<<' merges mappings, and this is none", at: range,
      help: "give an alias of a mapping, or a list of such aliases")
  }

  static func integerOutOfRange(_ text: String, at range: SourceRange) -> Diagnostic {
    Diagnostic(
      id: "yaml.integer-range", "whole number '\(text)' does not fit in 64 bits", at: range,
      help: "quote it if it is text")
  }

  static func syntax(
    _ problem: String, at range: SourceRange, context: (text: String, range: SourceRange)?
  ) -> Diagnostic {
    var place = range
    var notes: [Note] = []
    if let context, context.range != range {
      let isUnclosed =
        context.text.contains("flow") || context.text.contains("quoted")
        || context.text.contains("block scalar")
      if isReference(range) {
        notes = []
      } else if isUnclosed {
        place = context.range
        notes = range.text.isEmpty ? [] : [.init("this is where it was noticed", at: range)]
      } else {
        notes = [.init(context.text, at: context.range)]
      }
    }
    let isMoved = place != range
    let unclosed = isMoved ? unclosed(place.text, problem) : nil
    let context = context.flatMap { notes.isEmpty || isMoved ? "\($0.text), " : nil } ?? ""
    return Diagnostic(
      id: "yaml.syntax", unclosed ?? "not YAML: \(context)\(problem)", at: place,
      help: syntaxHelp(at: range, problem), notes: notes)
  }

  /// Returns what is wrong with something that `opening` begins, if the end of it is missing.
  private static func unclosed(_ opening: String, _ problem: String) -> String? {
    switch opening {
    case "{" where problem.contains("expected ',' or '}'"),
      "[" where problem.contains("expected ',' or ']'"):
      "this '\(opening)' is not closed, or a ',' is missing"
    case "\"", "'":
      problem.contains("unexpected end") || problem.contains("document indicator")
        ? "this quote is not closed" : nil
    default: nil
    }
  }

  /// Returns advice for the mistakes that libyaml's words do not explain.
  private static func syntaxHelp(at range: SourceRange, _ problem: String) -> String? {
    if isReference(range) {
      return #"quote a reference inside {…} or […]: "${name}""#
    }
    guard problem.contains("cannot start any token") else {
      if problem.contains("mapping values are not allowed") {
        return "quote text that contains ': '"
      }
      if problem.contains("control characters") { return "remove the invisible character" }
      return nil
    }
    if range.text == "\t" { return "indent with spaces instead of tabs" }
    return "quote text that starts with '\(range.text)'"
  }

  /// Returns whether a place is the `{` of `${`.
  private static func isReference(_ range: SourceRange) -> Bool {
    let offset = range.offsets.lowerBound
    return offset > 0 && range.text == "{"
      && range.file.bytes[offset - 1] == UInt8(ascii: "$")
  }

  /// Returns "did you mean …? known …", whatever of it applies.
  static func suggestion(
    for word: String, among known: some Collection<String>, _ title: String
  ) -> String? {
    if known.isEmpty || known.count > 512 { return nil }
    let shown = known.sorted()
    let nearest = SpellingSuggestion.nearest(to: word, among: shown)
    let guess = nearest.map { "did you mean '\($0)'? " } ?? ""
    let list = shown.prefix(24).joined(separator: ", ")
    return "\(guess)\(title): \(list)\(shown.count > 24 ? ", …" : "")"
  }
}
