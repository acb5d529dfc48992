import Foundation

/// A JSON document as a value, with one canonical text per value.
///
/// The canonical text has sorted keys, no spaces, the shortest decimal that reads back as the same
/// number, `-0` as `0`, and no `null` members. It is what keys and manifests are digests of.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// The canonical text.
  public var canonicalText: String {
    var text = ""
    write(to: &text)
    return text
  }

  /// Returns the member with the given name, or `nil` for other kinds of value.
  public subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members[name]
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += String(value)
    case .double(let value): text += JSONValue.number(value)
    case .string(let value): JSONValue.quote(value, to: &text)
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        element.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      var isFirst = true
      for (name, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
        if !isFirst { text += "," }
        isFirst = false
        JSONValue.quote(name, to: &text)
        text += ":"
        value.write(to: &text)
      }
      text += "}"
    }
  }

  private static func number(_ value: Double) -> String {
    precondition(value.isFinite, "a number that is not finite has no canonical text")
    if let integer = Int(exactly: value) { return String(integer) }
    return "\(value)"
  }

  private static func quote(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension JSONValue {
  /// Makes the value that a `Codable` value encodes to.
  public init(encoding value: some Encodable) throws {
    self = try JSONValue(parsing: Array(JSONEncoder().encode(value)))
  }

  /// Parses JSON text.
  ///
  /// - Throws: ``ArtifactError`` for text that is not JSON or is nested too deeply.
  public init(parsing bytes: [UInt8]) throws {
    guard let value = JSONReader.parse(bytes) else { throw ArtifactError("the text is not JSON") }
    self = value
  }

  /// Decodes the value as a `Decodable` type.
  public func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(canonicalText.utf8))
  }
}

extension JSONValue: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .int(value)
    } else if let value = try? container.decode(Double.self) {
      self = .double(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .int(let value): try container.encode(value)
    case .double(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}
