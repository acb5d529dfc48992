/// A JSON value of a model's configuration or of a checkpoint's index.
enum ConfigurationValue: Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([ConfigurationValue])
  case object([String: ConfigurationValue])

  /// Takes over a parsed value, whose objects name no key twice.
  ///
  /// - Parameters:
  ///   - json: The value.
  ///   - key: Where the value stands, for messages.
  ///   - path: The file, for messages.
  init(_ json: ModelJSON, at key: String, in path: String) throws(ModelError) {
    switch json {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .string(let value): self = .string(value)
    case .array(let elements):
      var values: [ConfigurationValue] = []
      for element in elements { values.append(try Self(element, at: key, in: path)) }
      self = .array(values)
    case .object(let members):
      var values: [String: ConfigurationValue] = [:]
      for member in members {
        let name = key.isEmpty ? member.key : "\(key).\(member.key)"
        let value = try Self(member.value, at: name, in: path)
        guard values.updateValue(value, forKey: member.key) == nil else {
          throw .invalid(
            "\(path): '\(name.prefix(200))' is there twice", hint: "keep one of the two")
        }
      }
      self = .object(values)
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
