import Foundation

/// A JSON value of a model's configuration.
enum ConfigurationValue: Decodable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([ConfigurationValue])
  case object([String: ConfigurationValue])

  init(from decoder: any Swift.Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([ConfigurationValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: ConfigurationValue].self))
    }
  }

  /// The value as it is quoted in messages.
  var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "'\(value.prefix(60))'"
    case .array(let values): "a list of \(values.count)"
    case .object: "an object"
    }
  }
}

/// An object of a configuration file that knows where it stands.
struct ConfigurationSection {
  let path: String
  let prefix: String
  let values: [String: ConfigurationValue]

  /// Reads a JSON file whose root is an object.
  init(path: String) throws(ModelError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .unreadable("cannot read '\(path)'", hint: "a model's directory holds a config.json")
    }
    do {
      values = try JSONDecoder().decode([String: ConfigurationValue].self, from: data)
    } catch {
      throw .unreadable("\(path): not a JSON object: \(error.localizedDescription)")
    }
    self.path = path
    prefix = ""
  }

  private init(path: String, prefix: String, values: [String: ConfigurationValue]) {
    self.path = path
    self.prefix = prefix
    self.values = values
  }

  /// The value of a key, `nil` where it is absent or null.
  subscript(_ key: String) -> ConfigurationValue? {
    guard let value = values[key], value != .null else { return nil }
    return value
  }

  func section(_ key: String) throws(ModelError) -> ConfigurationSection? {
    guard let value = self[key] else { return nil }
    guard case .object(let values) = value else { throw wrong(key, value, "an object") }
    return ConfigurationSection(path: path, prefix: prefix + key + ".", values: values)
  }

  /// A positive size, or `fallback` where the key is absent.
  func size(_ key: String, default fallback: Int? = nil) throws(ModelError) -> Int {
    guard let value = self[key] else {
      guard let fallback else { throw missing(key) }
      return fallback
    }
    guard case .integer(let size) = value, size > 0, size < 1 << 31 else {
      throw wrong(key, value, "a positive integer")
    }
    return size
  }

  /// A finite number, or `fallback` where the key is absent.
  func number(_ key: String, default fallback: Double? = nil) throws(ModelError) -> Double {
    switch self[key] {
    case .integer(let value): return Double(value)
    case .number(let value) where value.isFinite: return value
    case nil:
      guard let fallback else { throw missing(key) }
      return fallback
    case let value?: throw wrong(key, value, "a number")
    }
  }

  func bool(_ key: String, default fallback: Bool) throws(ModelError) -> Bool {
    switch self[key] {
    case .bool(let value): return value
    case nil: return fallback
    case let value?: throw wrong(key, value, "true or false")
    }
  }

  func string(_ key: String) throws(ModelError) -> String? {
    switch self[key] {
    case .string(let value): return value
    case nil: return nil
    case let value?: throw wrong(key, value, "a text")
    }
  }

  /// Token ids: one integer, a list of them, or none.
  func tokens(_ key: String) throws(ModelError) -> [Int32] {
    let values: [ConfigurationValue] =
      switch self[key] {
      case nil: []
      case .array(let values): values
      case let value?: [value]
      }
    var tokens: [Int32] = []
    for value in values {
      guard case .integer(let token) = value, let token = Int32(exactly: token) else {
        throw wrong(key, value, "a token id")
      }
      if token >= 0 { tokens.append(token) }
    }
    return tokens
  }

  /// A number above 0.
  func positive(_ key: String) throws(ModelError) -> Double {
    let value = try number(key)
    guard value > 0 else {
      throw .invalid("\(path): '\(prefix)\(key)' is \(value), not above 0")
    }
    return value
  }

  /// Whether a key is present, be it null.
  func contains(_ key: String) -> Bool { values[key] != nil }

  /// Requires that a key, where it is present, has a value that changes nothing.
  func require(_ key: String, isOneOf neutral: [ConfigurationValue]) throws(ModelError) {
    guard let value = self[key], !neutral.contains(value) else { return }
    throw .unsupported(
      "\(path): '\(prefix)\(key)' is \(value.summary), which changes the computation in a way "
        + "that is not implemented",
      hint: "supported: " + (neutral.map(\.summary) + ["no such key"]).joined(separator: ", "))
  }

  /// Refuses keys that nobody reads, unless their value is null or false.
  func refuseUnknownKeys(_ known: Set<String>) throws(ModelError) {
    for key in values.keys.sorted() where !known.contains(key) {
      guard let value = self[key], value != .bool(false) else { continue }
      throw .unsupported(
        "\(path): '\(prefix)\(key)' is \(value.summary), and what it does to the computation is "
          + "not known",
        hint: "if it does nothing, remove it from the file")
    }
  }

  func missing(_ key: String) -> ModelError {
    .invalid("\(path): '\(prefix)\(key)' is missing")
  }

  func wrong(_ key: String, _ value: ConfigurationValue, _ expected: String) -> ModelError {
    .invalid("\(path): '\(prefix)\(key)' is \(value.summary), not \(expected)")
  }
}
