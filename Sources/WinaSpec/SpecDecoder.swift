public import WinaDiagnostics

/// Turns nodes into values of `Decodable` types and says all that is wrong with them in one go.
///
/// After a fault decoding goes on with a placeholder (zero, empty text, the first case, `nil`), so that
/// one run reports every wrong type, missing key, unknown key and unknown value of the node. An
/// `init(from:)` may therefore see placeholders; what it throws after a fault in the same value is
/// taken for a consequence and not reported.
///
/// - Whole numbers decode as fractions, fractions never as whole numbers, numbers never as text.
/// - An enumeration with text as raw value should be `CaseIterable`: its known values are then listed.
/// - A thrown `Diagnostic` or `DecodingError` becomes a diagnostic at the node it is about.
/// - ``YAMLNode``, `Located` and `OrderedMap` may be asked for anywhere.
/// - A key counts as known if the type asks for it; a type that asks for `allKeys` knows every key.
public struct SpecDecoder {
  /// What becomes of keys of the outermost mapping that the type does not ask for.
  public enum UnknownKeys: Hashable, Sendable {
    /// They are errors.
    case error
    /// They belong to another type that is decoded from the same mapping.
    case ignored
  }

  /// What decoding came to.
  public struct Result<Value> {
    /// The value, or `nil` if there is an error.
    public let value: Value?

    /// Everything that is wrong, in order of place.
    public let diagnostics: [Diagnostic]

    /// The keys of the outermost mapping that the type knows.
    public let keys: Set<String>
  }

  private let userInfo: [CodingUserInfoKey: Any]

  /// Makes a decoder that passes `userInfo` on to the types.
  public init(userInfo: [CodingUserInfoKey: Any] = [:]) {
    self.userInfo = userInfo
  }

  /// Decodes a value of `type`.
  ///
  /// - Parameters:
  ///   - type: The type.
  ///   - node: The value as written, references resolved.
  ///   - owner: Where a missing key is reported, such as the stage's name; the node if `nil`.
  ///   - unknownKeys: What becomes of keys that the type does not ask for.
  /// - Complexity: O(n) in the size of the node.
  public func decode<Value: Decodable>(
    _ type: Value.Type, from node: YAMLNode, at owner: SourceRange? = nil,
    unknownKeys: UnknownKeys = .error
  ) -> Result<Value> {
    let session = DecodingSession(root: node, owner: owner, userInfo: userInfo)
    let record = session.record(for: node)
    record.isChecked = unknownKeys == .error
    let value: Value?
    do {
      value = try session.decode(
        type, node, NodeContext(path: [], owner: owner ?? node.range), record: record)
    } catch {
      value = nil
    }
    session.reportUnknownKeys()
    let diagnostics = session.diagnostics
    return Result(
      value: diagnostics.hasErrors ? nil : value, diagnostics: diagnostics.sorted,
      keys: record.keys)
  }

  /// Returns an error for every key of a mapping that is not among the known ones.
  public static func unknownKeys(
    in node: YAMLNode, known: some Collection<String>
  ) -> [Diagnostic] {
    let known = Set(known)
    return (node.mapping?.entries ?? [])
      .filter { !known.contains($0.key.value) }
      .map { .unknownKey($0.key, known: known) }
  }

  /// Returns the keys that a type asks for, found by decoding placeholders.
  public static func keys(of type: (some Decodable).Type) -> Set<String> {
    Placeholder.keys(of: type)
  }

  /// Returns a diagnostic with the place to which its `path` leads from `node`.
  ///
  /// A path that ends early, at a key that is not written, leads to the nearest key above it. A
  /// diagnostic that has a place keeps it.
  ///
  /// - Parameters:
  ///   - diagnostic: What is wrong with the decoded value.
  ///   - node: The node it was decoded from.
  ///   - owner: The place to use if not even the first key is written; the node if `nil`.
  public static func locate(
    _ diagnostic: Diagnostic, in node: YAMLNode, at owner: SourceRange? = nil
  ) -> Diagnostic {
    if diagnostic.range != nil { return diagnostic }
    var located = diagnostic
    var current = node
    var place = diagnostic.path.isEmpty ? node.range : owner ?? node.range
    for (index, key) in diagnostic.path.enumerated() {
      if let entry = current.mapping?.entry(key) {
        current = entry.value
        place = index == diagnostic.path.count - 1 ? current.range : entry.key.range ?? place
      } else if let elements = current.sequence, let index = Int(key),
        elements.indices.contains(index)
      {
        current = elements[index]
        place = current.range
      } else {
        break
      }
    }
    located.range = place
    located.notes += current.via.map { .used(at: $0) }
    return located
  }
}
