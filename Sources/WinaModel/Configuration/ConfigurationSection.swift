import Foundation

/// An object of a configuration file that knows where it stands.
struct ConfigurationSection {
  let path: String
  let prefix: String
  let values: [String: ConfigurationValue]

  /// Reads a JSON file of at most `maximumSize` bytes whose root is an object.
  init(path: String, maximumSize: Int = 4 << 20) throws(ModelError) {
    let json: ModelJSON
    do {
      json = try ModelJSONParser.parse(try Self.contents(path, maximumSize), file: path)
    } catch let error as TokenizerError {
      throw .unreadable(error.message, hint: error.hint)
    } catch let error as ModelError {
      throw error
    } catch {
      throw .unreadable("\(path): \(error)")
    }
    guard case .object(let values) = try ConfigurationValue(json, at: "", in: path) else {
      throw .unreadable("\(path): not a JSON object, but \(json.summary)")
    }
    self.init(path: path, prefix: "", values: values)
  }

  private static func contents(
    _ path: String, _ maximumSize: Int
  ) throws(ModelError) -> [UInt8] {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let attributes = try? FileManager.default.attributesOfItem(atPath: target)
    guard let attributes, attributes[.type] as? FileAttributeType == .typeRegular else {
      throw .unreadable(
        "cannot read '\(path)'", hint: "a model's directory holds a file of this name")
    }
    let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
    guard size <= maximumSize else {
      throw .unreadable("\(path): \(size) bytes are above the limit of \(maximumSize)")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .unreadable("cannot read '\(path)'", hint: "may this user read it?")
    }
    return [UInt8](data)
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

  /// A positive size of at most `limit`, or `fallback` where the key is absent.
  func size(
    _ key: String, default fallback: Int? = nil, limit: Int = Int(Int32.max)
  ) throws(ModelError) -> Int {
    guard let value = self[key] else {
      guard let fallback else { throw missing(key) }
      return fallback
    }
    guard case .integer(let size) = value, size > 0 else {
      throw wrong(key, value, "a positive integer")
    }
    guard size <= limit else { throw wrong(key, value, "at most \(limit)") }
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

  /// A number above `least`, or `fallback` where the key is absent.
  func number(
    _ key: String, above least: Double, default fallback: Double? = nil
  ) throws(ModelError) -> Double {
    let value = try number(key, default: fallback)
    guard value > least else {
      throw .invalid("\(path): '\(prefix)\(key)' is \(value), not above \(least)")
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

  /// Refuses keys that nobody reads, unless their value is null, false or empty.
  func refuseUnknownKeys(_ known: Set<String>) throws(ModelError) {
    let nothing: [ConfigurationValue] = [.bool(false), .array([]), .object([:])]
    for key in values.keys.sorted() where !known.contains(key) {
      guard let value = self[key], !nothing.contains(value) else { continue }
      throw .unsupported(
        "\(path): '\(prefix)\(key.prefix(200))' is \(value.summary), and what it does to the computation is "
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
