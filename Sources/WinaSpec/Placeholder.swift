/// A decoder without a document: every value is zero, empty, absent or the first case.
///
/// It lets decoding go on after a fault, and finds out which keys a type asks for.
struct Placeholder: Decoder {
  /// The keys asked for at the top.
  private final class Keys {
    var names: Set<String> = []
  }

  /// Thrown where no placeholder can be made.
  private struct Unavailable: Error {}

  private static let maximumDepth = 24

  private let keys: Keys?
  private let depth: Int

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// Returns some value of a type, or `nil` if the type accepts no placeholder.
  static func value<Value: Decodable>(of type: Value.Type) -> Value? {
    do { return try value(of: type, depth: 0) } catch { return nil }
  }

  /// Returns the keys that a type asks for at the top, as far as it gets.
  static func keys(of type: (some Decodable).Type) -> Set<String> {
    let keys = Keys()
    do {
      _ = try type.init(from: Placeholder(keys: keys, depth: 0))
    } catch {
      return keys.names
    }
    return keys.names
  }

  private static func value<Value: Decodable>(of type: Value.Type, depth: Int) throws -> Value {
    if let scalar = type as? any ScalarDecodable.Type, let value = scalar.placeholder as? Value {
      return value
    }
    if let cases = type as? any CaseIterable.Type, let value = cases.firstCase as? Value {
      return value
    }
    if depth >= maximumDepth { throw Unavailable() }
    return try Value(from: Placeholder(keys: nil, depth: depth + 1))
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(Mapping<Key>(placeholder: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { List() }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    Single(placeholder: self)
  }

  private struct Single: SingleValueDecodingContainer {
    let placeholder: Placeholder
    var codingPath: [any CodingKey] { [] }
    func decodeNil() -> Bool { true }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
      try Placeholder.value(of: type, depth: placeholder.depth)
    }
  }

  private struct Mapping<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let placeholder: Placeholder
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool {
      note(key)
      return false
    }

    func decodeNil(forKey key: Key) throws -> Bool {
      note(key)
      return true
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
      note(key)
      return try Placeholder.value(of: type, depth: placeholder.depth)
    }

    func nestedContainer<NestedKey: CodingKey>(
      keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
      note(key)
      return try inner.container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      note(key)
      return List()
    }

    func superDecoder() throws -> any Decoder { placeholder }

    func superDecoder(forKey key: Key) throws -> any Decoder {
      note(key)
      return inner
    }

    private var inner: Placeholder { Placeholder(keys: nil, depth: placeholder.depth + 1) }

    private func note(_ key: Key) { placeholder.keys?.names.insert(key.stringValue) }
  }

  private struct List: UnkeyedDecodingContainer {
    var codingPath: [any CodingKey] { [] }
    var count: Int? { 0 }
    var isAtEnd: Bool { true }
    var currentIndex: Int { 0 }
    mutating func decodeNil() throws -> Bool { throw Unavailable() }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
      throw Unavailable()
    }
    mutating func nestedContainer<NestedKey: CodingKey>(
      keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> { throw Unavailable() }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
      throw Unavailable()
    }
    mutating func superDecoder() throws -> any Decoder { throw Unavailable() }
  }
}

extension CaseIterable {
  /// The first case, if there is one.
  fileprivate static var firstCase: Self? { allCases.first }
}
