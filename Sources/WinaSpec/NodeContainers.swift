import WinaDiagnostics

/// The entries of a mapping.
struct MappingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let entries: [String: YAMLMapping.Entry]
  private let order: [String]
  private let session: DecodingSession
  private let context: NodeContext
  private let record: KeyRecord
  private let node: YAMLNode

  init(
    mapping: YAMLMapping, session: DecodingSession, context: NodeContext, record: KeyRecord,
    node: YAMLNode
  ) {
    entries = Dictionary(mapping.entries.map { ($0.key.value, $0) }) { $1 }
    order = mapping.keys
    self.session = session
    self.context = context
    self.record = record
    self.node = node
  }

  var codingPath: [any CodingKey] { context.path }

  var allKeys: [Key] {
    record.isOpen = true
    return order.compactMap { Key(stringValue: $0) }
  }

  func contains(_ key: Key) -> Bool { entry(key) != nil }

  func decodeNil(forKey key: Key) throws -> Bool { entry(key)?.value.isNull ?? true }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    guard let entry = entry(key) else { return try session.missing(type, key, context) }
    return try session.decode(type, entry.value, inside(entry, key))
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try decoder(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder {
    NodeDecoder(session: session, node: node, context: context, record: record)
  }

  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

  private func entry(_ key: Key) -> YAMLMapping.Entry? {
    record.keys.insert(key.stringValue)
    return entries[key.stringValue]
  }

  private func inside(_ entry: YAMLMapping.Entry, _ key: Key) -> NodeContext {
    context.inside(key, owner: entry.key.range ?? entry.value.range)
  }

  private func decoder(_ key: Key) throws -> NodeDecoder {
    guard let entry = entry(key) else {
      session.report(.missingKey(key.stringValue, in: context.owner))
      throw DecodingSession.Abandoned()
    }
    return NodeDecoder(
      session: session, node: entry.value, context: inside(entry, key),
      record: session.record(for: entry.value))
  }
}

/// The elements of a list.
struct SequenceContainer: UnkeyedDecodingContainer {
  let elements: [YAMLNode]
  let session: DecodingSession
  let context: NodeContext
  private(set) var currentIndex = 0

  init(elements: [YAMLNode], session: DecodingSession, context: NodeContext) {
    self.elements = elements
    self.session = session
    self.context = context
  }

  var codingPath: [any CodingKey] { context.path }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex >= elements.count }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, elements[currentIndex].isNull else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let (node, inner) = try next()
    return try session.decode(type, node, inner)
  }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try nextDecoder().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try nextDecoder().unkeyedContainer()
  }

  mutating func superDecoder() throws -> any Decoder { try nextDecoder() }

  private mutating func nextDecoder() throws -> NodeDecoder {
    let (node, inner) = try next()
    return NodeDecoder(
      session: session, node: node, context: inner, record: session.record(for: node))
  }

  private mutating func next() throws -> (YAMLNode, NodeContext) {
    guard !isAtEnd else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: codingPath, debugDescription: "the list ends after \(count ?? 0) values"))
    }
    let node = elements[currentIndex]
    let inner = context.inside(IndexKey(currentIndex), owner: node.range)
    currentIndex += 1
    return (node, inner)
  }
}

/// The place of an element in a list, as a coding key.
private struct IndexKey: CodingKey {
  let index: Int
  var intValue: Int? { index }
  var stringValue: String { String(index) }
  init(_ index: Int) { self.index = index }
  init?(intValue: Int) { index = intValue }
  init?(stringValue: String) {
    guard let index = Int(stringValue) else { return nil }
    self.index = index
  }
}
