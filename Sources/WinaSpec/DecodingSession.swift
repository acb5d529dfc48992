import WinaDiagnostics

/// Where in the decoded value a node stands.
struct NodeContext {
  /// The keys from the outermost value.
  let path: [any CodingKey]

  /// Where a missing key is reported: the key that holds the node.
  let owner: SourceRange

  /// The nearest key above the node.
  var name: String? { path.last { $0.intValue == nil }?.stringValue }

  /// Returns the context of an entry or element.
  func inside(_ key: any CodingKey, owner: SourceRange) -> NodeContext {
    NodeContext(path: path + [key], owner: owner)
  }
}

/// The keys that a type asked one mapping for.
final class KeyRecord {
  /// The mapping.
  let node: YAMLNode

  /// The keys asked for.
  var keys: Set<String> = []

  /// Whether the type asked for a keyed container at all.
  var isKeyed = false

  /// Whether the type takes any key.
  var isOpen = false

  /// Whether other keys are errors.
  var isChecked = true

  init(node: YAMLNode) { self.node = node }
}

/// What one decoding has found out so far.
final class DecodingSession {
  /// Thrown to leave a type whose fault was reported and for which there is no placeholder.
  struct Abandoned: Error {}

  /// Everything that is wrong.
  private(set) var diagnostics = DiagnosticSet()

  /// What the caller passes on to the types.
  let userInfo: [CodingUserInfoKey: Any]

  private let root: YAMLNode
  private let owner: SourceRange?
  private var records: [KeyRecord] = []
  private var faults = 0

  init(root: YAMLNode, owner: SourceRange?, userInfo: [CodingUserInfoKey: Any]) {
    self.root = root
    self.owner = owner
    self.userInfo = userInfo
  }

  /// Returns a new record for a node, to be checked at the end.
  func record(for node: YAMLNode) -> KeyRecord {
    let record = KeyRecord(node: node)
    records.append(record)
    return record
  }

  /// Reports every key that nobody asked for.
  func reportUnknownKeys() {
    for record in records where record.isKeyed && !record.isOpen && record.isChecked {
      diagnostics.insert(
        contentsOf: SpecDecoder.unknownKeys(in: record.node, known: record.keys))
    }
  }

  /// Reports a fault, with notes on the references through which its node came.
  func report(_ diagnostic: Diagnostic, about node: YAMLNode? = nil) {
    var diagnostic = diagnostic
    diagnostic.notes += node?.via.map { .used(at: $0) } ?? []
    if diagnostic.severity == .error { faults += 1 }
    diagnostics.insert(diagnostic)
  }

  /// Decodes a node; after a fault returns a placeholder if there is one.
  func decode<Value: Decodable>(
    _ type: Value.Type, _ node: YAMLNode, _ context: NodeContext, record: KeyRecord? = nil
  ) throws -> Value {
    if type == YAMLNode.self, let value = node as? Value { return value }
    if let scalar = type as? any ScalarDecodable.Type,
      let value = read(scalar, node, context) as? Value
    {
      return value
    }
    let record = record ?? self.record(for: node)
    let before = faults
    do {
      return try Value(
        from: NodeDecoder(session: self, node: node, context: context, record: record))
    } catch {
      if faults == before { report(error, type, node, context) }
      record.keys.formUnion(Placeholder.keys(of: type))
      return try placeholder(type)
    }
  }

  /// Reports a missing key and returns a placeholder.
  func missing<Value: Decodable>(
    _ type: Value.Type, _ key: any CodingKey, _ context: NodeContext
  ) throws -> Value {
    report(.missingKey(key.stringValue, in: context.owner))
    return try placeholder(type)
  }

  private func placeholder<Value: Decodable>(_ type: Value.Type) throws -> Value {
    guard let value = Placeholder.value(of: type) else { throw Abandoned() }
    return value
  }

  private func read<Scalar: ScalarDecodable>(
    _ type: Scalar.Type, _ node: YAMLNode, _ context: NodeContext
  ) -> Scalar {
    switch Scalar.read(node, name: context.name) {
    case .success(let value): return value
    case .failure(let diagnostic):
      report(diagnostic, about: node)
      return Scalar.placeholder
    }
  }

  private func report(
    _ error: any Error, _ type: any Decodable.Type, _ node: YAMLNode, _ context: NodeContext
  ) {
    switch error {
    case let diagnostic as Diagnostic:
      report(SpecDecoder.locate(diagnostic, in: node, at: context.owner))
    case let error as SpecError:
      for diagnostic in error.diagnostics {
        report(SpecDecoder.locate(diagnostic, in: node, at: context.owner))
      }
    case let error as DecodingError: report(error, type, node, context)
    default: report(.invalidValue("\(error)", for: context.name, at: node.range), about: node)
    }
  }

  private func report(
    _ error: DecodingError, _ type: any Decodable.Type, _ node: YAMLNode, _ context: NodeContext
  ) {
    let details: DecodingError.Context
    switch error {
    case .keyNotFound(let key, _):
      report(.missingKey(key.stringValue, in: context.owner))
      return
    case .dataCorrupted(let found): details = found
    case .typeMismatch(_, let found), .valueNotFound(_, let found): details = found
    @unknown default:
      report(.invalidValue("\(error)", for: context.name, at: node.range), about: node)
      return
    }
    let path = details.codingPath
    if path.count == context.path.count, node.scalar != nil, type is any RawRepresentable.Type {
      report(.unknownValue(node, for: context.name, known: rawValues(of: type)), about: node)
      return
    }
    let name = path.last { $0.intValue == nil }?.stringValue ?? context.name
    let fault = Diagnostic.invalidValue(details.debugDescription, for: name, at: nil)
    var located = fault
    located.path = path.map { $0.intValue.map(String.init) ?? $0.stringValue }
    report(SpecDecoder.locate(located, in: root, at: owner))
  }

  private func rawValues(of type: any Decodable.Type) -> [String] {
    (type as? any CaseIterable.Type).map { $0.rawTexts } ?? []
  }
}

extension CaseIterable {
  /// The raw values of the cases, as text.
  fileprivate static var rawTexts: [String] {
    allCases.compactMap { ($0 as? any RawRepresentable).map { "\($0.rawValue)" } }
  }
}

extension Diagnostic.Note {
  /// Points at a reference through which a value came.
  static func used(at range: SourceRange) -> Diagnostic.Note {
    Diagnostic.Note("the value is used here", at: range)
  }
}
