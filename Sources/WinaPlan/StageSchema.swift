import WinaPipeline

/// The JSON Schema of one kind of stage.
struct StageSchema {
  private let stage: AnyStage

  init(_ stage: AnyStage) { self.stage = stage }

  /// The schema.
  var value: JSONValue {
    var properties: [String: JSONValue] = [
      "kind": .object(["const": .string(stage.kind), "description": .string("The kind of stage.")])
    ]
    for port in stage.namedPorts { properties[port.name] = schema(of: port) }
    for parameter in stage.parameters { properties[parameter.name] = StageSchema.schema(parameter) }
    var value = SchemaText.object(stage.summary, properties: properties, closed: true)
    value["type"] = SchemaText.types("object", "null")
    return .object(value)
  }

  private func schema(of port: Port) -> JSONValue {
    let name = SchemaText.reference("text")
    let stage = JSONValue.object([
      "type": .string("string"), "pattern": .string(SchemaText.namePattern),
    ])
    var choices = [stage, name]
    switch port.arity {
    case .one: break
    case .optional: choices.append(.object(["type": .string("null")]))
    case .many:
      choices.append(
        .object([
          "type": .string("array"), "items": .object(["anyOf": .array([stage, name])]),
        ]))
    }
    return .object([
      "description": .string("The stage that produces \(port.format)."),
      "anyOf": .array(choices),
    ])
  }

  /// The schema of a parameter: its values, a reference, and nothing where it may be left out.
  static func schema(_ parameter: Parameter) -> JSONValue {
    var choices = alternatives(of: parameter.kind)
    if !parameter.isRequired { choices.append(.object(["type": .string("null")])) }
    var schema: [String: JSONValue] = ["description": .string(parameter.help)]
    if parameter.kind != .any { schema["anyOf"] = .array(choices) }
    if let value = parameter.defaultValue, value != .null { schema["default"] = value }
    return .object(schema)
  }

  /// The schema of an element, which must be there.
  private static func schema(_ kind: Parameter.Kind) -> JSONValue {
    kind == .any ? .bool(true) : .object(["anyOf": .array(alternatives(of: kind))])
  }

  private static func alternatives(of kind: Parameter.Kind) -> [JSONValue] {
    let reference = SchemaText.reference("reference")
    switch kind {
    case .bool: return [.object(["type": .string("boolean")]), reference]
    case .integer(let range): return [integer(range), reference]
    case .number(let from, let below): return [number(from, below), reference]
    case .string: return [.object(["type": .string("string")])]
    case .choice(let words):
      return [
        .object(["enum": .array(words.map { .string($0) })]), SchemaText.reference("text"),
      ]
    case .list(let element):
      return [.object(["type": .string("array"), "items": schema(element)]), reference]
    case .map(let element):
      return [
        .object(["type": .string("object"), "additionalProperties": schema(element)]), reference,
      ]
    case .record(let members):
      return [.object(record(members)), reference]
    case .stage:
      let name = JSONValue.object(["type": .string("string")])
      return [name, .object(["type": .string("array"), "items": name])]
    case .any: return []
    }
  }

  private static func integer(_ range: ClosedRange<Int>) -> JSONValue {
    var schema: [String: JSONValue] = ["type": .string("integer")]
    if range.lowerBound != .min { schema["minimum"] = .int(range.lowerBound) }
    if range.upperBound != .max { schema["maximum"] = .int(range.upperBound) }
    return .object(schema)
  }

  private static func number(_ from: Double, _ below: Double) -> JSONValue {
    var schema: [String: JSONValue] = ["type": .string("number")]
    if from > -1e300 { schema["minimum"] = .double(from) }
    if below < 1e300 { schema["exclusiveMaximum"] = .double(below) }
    return .object(schema)
  }

  private static func record(_ members: [Parameter]) -> [String: JSONValue] {
    let properties = members.map { ($0.name, schema($0)) }
    return SchemaText.object(
      nil, properties: Dictionary(properties, uniquingKeysWith: { $1 }), closed: true)
  }
}
