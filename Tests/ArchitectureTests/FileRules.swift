/// Rules about files as a whole.
enum FileRules {
  static let longest = 600

  static func length(_ source: SourceText) -> [Violation] {
    var lines = 0
    for byte in source.text.utf8 where byte == UInt8(ascii: "\n") { lines += 1 }
    if !source.text.hasSuffix("\n"), !source.text.isEmpty { lines += 1 }
    guard lines > longest else { return [] }
    return [
      Violation(
        path: source.path, line: longest + 1,
        message: "\(lines) lines; split the file (at most \(longest), better 400)")
    ]
  }

  /// Returns the stage files whose type the catalog does not list.
  static func uncatalogued(stages: [String], catalog: SourceText) -> [Violation] {
    stages.compactMap { file in
      let type = file.replacing(".swift", with: "")
      guard !catalog.tokens.contains(where: { $0.isWord(type) }) else { return nil }
      return Violation(path: catalog.path, line: 1, message: "the catalog does not list \(type)")
    }
  }

  static let modeline = "# yaml-language-server: $schema="

  static func modeline(path: String, text: String) -> [Violation] {
    guard !text.hasPrefix(modeline) else { return [] }
    return [
      Violation(path: path, line: 1, message: "the first line is not '\(modeline)…' for editors")
    ]
  }
}
