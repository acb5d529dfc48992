public import WinaDiagnostics

/// Reads YAML text into a tree.
public enum YAMLParser {
  /// Reads the one document of a file.
  ///
  /// Faults of meaning (duplicate keys, unknown anchors or tags, …) are all reported; reading stops at
  /// the first fault of syntax or breach of a limit. An empty file is null.
  ///
  /// - Parameters:
  ///   - source: The file.
  ///   - limits: Bounds on its size and on what aliases expand to.
  /// - Returns: The document, or `nil` if there is an error, and what there is to say about it.
  /// - Complexity: O(n) in the size of the file, whatever its aliases expand to.
  public static func parse(
    _ source: SourceFile, limits: YAMLLimits = YAMLLimits()
  ) -> (node: YAMLNode?, diagnostics: [Diagnostic]) {
    parse(source, from: source.contentStart, limits: limits)
  }

  /// Reads the document that starts at byte `start` of a file.
  static func parse(
    _ source: SourceFile, from start: Int, limits: YAMLLimits
  ) -> (node: YAMLNode?, diagnostics: [Diagnostic]) {
    let bytes = source.bytes[start...]
    if bytes.count > limits.maximumBytes {
      return (nil, [.fileTooLarge(source, limit: limits.maximumBytes)])
    }
    if let offset = firstFaultyByte(bytes) {
      return (nil, [.notUTF8(SourceRange(file: source, offset..<offset + 1))])
    }
    var composer = YAMLComposer(source: source, text: bytes, limits: limits)
    do {
      try LibYAML.walk(bytes) { composer.accept($0) }
    } catch {
      composer.report(error)
    }
    let diagnostics = composer.diagnostics.sorted
    if composer.diagnostics.hasErrors { return (nil, diagnostics) }
    let empty = YAMLNode(
      .scalar(YAMLScalar(text: "", style: .plain, value: .null)),
      at: SourceRange(file: source, start..<start))
    return (composer.root ?? empty, diagnostics)
  }

  /// Returns the offset of the first byte that is not UTF-8.
  private static func firstFaultyByte(_ bytes: ArraySlice<UInt8>) -> Int? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    var decoder = UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var offset = bytes.startIndex
    while true {
      switch decoder.parseScalar(from: &iterator) {
      case .valid(let scalar): offset += scalar.count
      case .error: return offset
      case .emptyInput: return nil
      }
    }
  }
}
