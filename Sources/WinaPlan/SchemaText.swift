import WinaPipeline

/// The words that JSON Schemas are made of.
enum SchemaText {
  /// The pattern of the names of stages and vars.
  static let namePattern = "^[A-Za-z_][A-Za-z0-9_-]*$"

  /// Text of at least one character.
  static let nonEmpty = JSONValue.object(["type": .string("string"), "minLength": .int(1)])

  static func types(_ names: String...) -> JSONValue { .array(names.map { .string($0) }) }

  static func typed(_ type: String, _ description: String, orNull: Bool = false) -> JSONValue {
    .object([
      "type": orNull ? types(type, "null") : .string(type), "description": .string(description),
    ])
  }

  static func reference(_ definition: String) -> JSONValue {
    .object(["$ref": .string("#/$defs/\(definition)")])
  }

  /// A rule for the keys of a mapping: names, but for a reserved one.
  static func names(except reserved: String) -> JSONValue {
    .object([
      "pattern": .string(namePattern), "not": .object(["const": .string(reserved)]),
    ])
  }

  static func object(
    _ description: String?, properties: [String: JSONValue], closed: Bool
  ) -> [String: JSONValue] {
    var schema: [String: JSONValue] = [
      "type": .string("object"), "properties": .object(properties),
      "additionalProperties": .bool(!closed),
    ]
    if let description { schema["description"] = .string(description) }
    return schema
  }

  /// Returns JSON with two spaces of indentation and sorted keys.
  static func indented(_ value: JSONValue, by depth: Int = 0) -> String {
    let inner = String(repeating: "  ", count: depth + 1)
    let outer = String(repeating: "  ", count: depth)
    switch value {
    case .object(let members) where !members.isEmpty:
      let lines = members.sorted { $0.key < $1.key }.map { name, member in
        "\(inner)\(JSONValue.string(name).canonicalText): \(indented(member, by: depth + 1))"
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
    case .array(let elements) where !elements.allSatisfy({ $0.isScalar }):
      let lines = elements.map { inner + indented($0, by: depth + 1) }
      return "[\n" + lines.joined(separator: ",\n") + "\n\(outer)]"
    case .array(let elements):
      return "[" + elements.map { indented($0) }.joined(separator: ", ") + "]"
    case .object, .null, .bool, .int, .double, .string: return value.canonicalText
    }
  }
}

extension JSONValue {
  fileprivate var isScalar: Bool {
    switch self {
    case .object, .array: false
    case .null, .bool, .int, .double, .string: true
    }
  }
}
