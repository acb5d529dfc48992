import WinaPipeline

/// Decodes a type from JSON and remembers the keys that it asks for at the top.
final class KeyRecorder: ParamsSource {
  private let members: [String: JSONValue]
  private(set) var keys: Set<String> = []

  init(_ members: [String: JSONValue]) { self.members = members }

  func decode<Params: Decodable>(_ type: Params.Type) throws -> Params {
    try Params(from: Top(recorder: self))
  }

  private struct Top: Decoder {
    let recorder: KeyRecorder
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
      KeyedDecodingContainer(Keyed<Key>(recorder: recorder))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw KeyRecorder.unsupported }
    func singleValueContainer() throws -> any SingleValueDecodingContainer {
      throw KeyRecorder.unsupported
    }
  }

  private static var unsupported: ArtifactError { ArtifactError("parameters are a mapping") }

  private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: KeyRecorder
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { recorder.members.keys.compactMap(Key.init(stringValue:)) }

    func contains(_ key: Key) -> Bool {
      recorder.keys.insert(key.stringValue)
      return recorder.members[key.stringValue] != nil
    }

    func decodeNil(forKey key: Key) -> Bool { recorder.members[key.stringValue] == .null }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
      guard contains(key), let value = recorder.members[key.stringValue] else {
        throw ArtifactError("there is no '\(key.stringValue)'")
      }
      return try JSONValue.array([value]).decoded(as: [Value].self)[0]
    }

    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { throw KeyRecorder.unsupported }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      throw KeyRecorder.unsupported
    }
    func superDecoder() throws -> any Decoder { throw KeyRecorder.unsupported }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw KeyRecorder.unsupported }
  }
}
