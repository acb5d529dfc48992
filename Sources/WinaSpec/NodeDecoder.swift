import WinaDiagnostics

/// The decoder of one node.
struct NodeDecoder: Decoder, SourceRangeDecoder {
  let session: DecodingSession
  let node: YAMLNode
  let context: NodeContext
  let record: KeyRecord

  var codingPath: [any CodingKey] { context.path }
  var userInfo: [CodingUserInfoKey: Any] { session.userInfo }
  var sourceRange: SourceRange? { node.range }
  var text: String? {
    if case .string(let text)? = node.scalar?.value { text } else { nil }
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    record.isKeyed = true
    let isLeftOut = node.isNull && node.scalar?.text.isEmpty == true
    guard let mapping = isLeftOut ? YAMLMapping() : node.mapping else {
      session.report(
        .wrongType(expected: "a mapping", for: context.name, found: node), about: node)
      throw DecodingSession.Abandoned()
    }
    return KeyedDecodingContainer(
      MappingContainer<Key>(
        mapping: mapping, session: session, context: context, record: record, node: node))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let elements = node.sequence else {
      session.report(.wrongType(expected: "a list", for: context.name, found: node), about: node)
      throw DecodingSession.Abandoned()
    }
    return SequenceContainer(elements: elements, session: session, context: context)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    ScalarContainer(decoder: self)
  }
}

/// A node asked for as one value.
private struct ScalarContainer: SingleValueDecodingContainer {
  let decoder: NodeDecoder

  var codingPath: [any CodingKey] { decoder.codingPath }

  func decodeNil() -> Bool { decoder.node.isNull }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try decoder.session.decode(type, decoder.node, decoder.context, record: decoder.record)
  }
}

extension YAMLNode: Decodable {
  /// Takes the node as it is; only ``SpecDecoder`` offers one.
  public init(from decoder: any Decoder) throws {
    if let decoder = decoder as? NodeDecoder {
      self = decoder.node
    } else if decoder is Placeholder {
      let nothing = YAMLScalar(text: "", style: .plain, value: .null)
      self.init(.scalar(nothing), at: SourceFile(path: "", bytes: []).wholeRange)
    } else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not decoding a spec"))
    }
  }
}
