/// A mapping from text to values that keeps the order in which the user wrote the keys.
///
/// - Invariant: keys are distinct.
public struct OrderedMap<Value> {
  /// One key with its value.
  public typealias Entry = (key: String, value: Value)

  /// The entries in order.
  public private(set) var entries: [Entry] = []

  private var positions: [String: Int] = [:]

  /// Makes an empty mapping.
  public init() {}

  /// Makes a mapping; of equal keys the last value stays, at the first one's place.
  public init(_ entries: some Sequence<Entry>) {
    for (key, value) in entries { self[key] = value }
  }

  /// The keys in order.
  public var keys: [String] { entries.map(\.key) }

  /// The values in the order of their keys.
  public var values: [Value] { entries.map(\.value) }

  /// Accesses the value of a key; a new key goes to the end, `nil` removes the key.
  public subscript(key: String) -> Value? {
    get { positions[key].map { entries[$0].value } }
    set {
      switch (positions[key], newValue) {
      case (let index?, let value?): entries[index].value = value
      case (nil, let value?):
        positions[key] = entries.count
        entries.append((key, value))
      case (let index?, nil):
        entries.remove(at: index)
        positions = [:]
        for (index, entry) in entries.enumerated() { positions[entry.key] = index }
      case (nil, nil): break
      }
    }
  }
}

extension OrderedMap: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { entries.count }
  public subscript(index: Int) -> Entry { entries[index] }
}

extension OrderedMap: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, Value)...) {
    self.init(elements.map { (key: $0.0, value: $0.1) })
  }
}

extension OrderedMap: Sendable where Value: Sendable {}

extension OrderedMap: Equatable where Value: Equatable {
  public static func == (left: OrderedMap, right: OrderedMap) -> Bool {
    left.keys == right.keys && left.values == right.values
  }
}

extension OrderedMap: Hashable where Value: Hashable {
  public func hash(into hasher: inout Hasher) {
    hasher.combine(keys)
    hasher.combine(values)
  }
}

extension OrderedMap: Decodable where Value: Decodable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: TextKey.self)
    for key in container.allKeys {
      self[key.stringValue] = try container.decode(Value.self, forKey: key)
    }
  }
}

extension OrderedMap: Encodable where Value: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: TextKey.self)
    for (key, value) in entries { try container.encode(value, forKey: TextKey(key)) }
  }
}

/// A coding key that is any text.
private struct TextKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(_ text: String) { stringValue = text }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
