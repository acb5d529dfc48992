public import WinaPipeline
import WinaSpec

/// The JSON Schema of the whole spec language, for editors.
///
/// It is generated from the stage types, and accepts every spec that the parser accepts. Where a
/// key may come from elsewhere (`extends`, `sweep`, `--set`), it does not insist on it; that is for
/// `wina validate`.
public struct SpecSchema: Sendable {
  private let registry: StageRegistry

  /// Makes the schema of specs that may use the given stages.
  public init(_ registry: StageRegistry) { self.registry = registry }

  /// The schema as indented JSON without a final newline.
  public var text: String { SchemaText.indented(value) }

  /// The schema as a value.
  package var value: JSONValue {
    var root = SchemaText.object(
      "An experiment spec.", properties: topLevel, closed: true)
    root["$schema"] = .string("https://json-schema.org/draft/2020-12/schema")
    root["title"] = .string("wina experiment")
    root["$defs"] = .object(definitions)
    root["if"] = .object(["required": .array([.string("extends")])])
    root["else"] = .object(["required": .array([.string("experiment"), .string("stages")])])
    return .object(root)
  }

  private var topLevel: [String: JSONValue] {
    var properties: [String: JSONValue] = [:]
    for key in ExperimentSpec.Key.allCases { properties[key.rawValue] = section(key) }
    return properties
  }

  private func section(_ key: ExperimentSpec.Key) -> JSONValue {
    switch key {
    case .experiment: SchemaText.typed("string", "The name of the experiment.")
    case .question: SchemaText.typed("string", "What the experiment asks.", orNull: true)
    case .model:
      SchemaText.typed(
        "string", "A bundled model, or the path of a Hugging Face directory.", orNull: true)
    case .data: DataSchema.value
    case .vars: vars
    case .stages: stages
    case .sweep: sweep
    case .leaky:
      SchemaText.typed(
        "boolean", "Whether test data may reach a fit, which stamps every result LEAKY.",
        orNull: true)
    case .extends:
      .object([
        "description": .string("The file or files that this one is laid over."),
        "anyOf": .array([
          SchemaText.nonEmpty,
          .object(["type": .string("array"), "items": SchemaText.nonEmpty]),
        ]),
      ])
    }
  }

  private var vars: JSONValue {
    .object([
      "description": .string("Values that `${name}` stands for."),
      "type": SchemaText.types("object", "null"),
      "propertyNames": SchemaText.names(except: "model"),
    ])
  }

  private var sweep: JSONValue {
    let axes = JSONValue.object([
      "type": SchemaText.types("object", "null"),
      "additionalProperties": .object(["type": .string("array"), "minItems": .int(1)]),
    ])
    var sweep = SchemaText.object(
      "What varies: a var, `stage.parameter`, `data.…` or `model`, each with a list of values.",
      properties: ["grid": axes, "zip": axes], closed: true)
    sweep["type"] = SchemaText.types("object", "null")
    return .object(sweep)
  }

  private var stages: JSONValue {
    let byName = registry.kinds.map { kind in
      (
        kind,
        JSONValue.object([
          "if": .object(["type": .string("object"), "required": .array([.string("kind")])]),
          "then": SchemaText.reference("stage"),
          "else": SchemaText.reference("stage.\(kind)"),
        ])
      )
    }
    return .object([
      "description": .string("The work, by name; `kind` defaults to the name."),
      "type": SchemaText.types("object", "null"),
      "propertyNames": SchemaText.names(except: "data"),
      "properties": .object(Dictionary(byName, uniquingKeysWith: { $1 })),
      "additionalProperties": SchemaText.reference("stage"),
    ])
  }

  private var definitions: [String: JSONValue] {
    var definitions: [String: JSONValue] = [
      "reference": .object([
        "description": .string("The value of a var."), "type": .string("string"),
        "pattern": .string("^\\$\\{[A-Za-z_][A-Za-z0-9_-]*\\}$"),
      ]),
      "text": .object([
        "description": .string("Text that holds the value of a var."), "type": .string("string"),
        "pattern": .string("\\$\\{[A-Za-z_][A-Za-z0-9_-]*\\}"),
      ]),
      "stage": anyStage,
    ]
    for stage in registry.stages {
      definitions["stage.\(stage.kind)"] = StageSchema(stage).value
    }
    return definitions
  }

  /// A stage whose kind is written, or that a base of `extends` declares.
  private var anyStage: JSONValue {
    .object([
      "type": SchemaText.types("object", "null"),
      "properties": .object([
        "kind": .object(["enum": .array(registry.kinds.map { .string($0) })])
      ]),
      "allOf": .array(
        registry.kinds.map { kind in
          .object([
            "if": .object([
              "type": .string("object"), "required": .array([.string("kind")]),
              "properties": .object(["kind": .object(["const": .string(kind)])]),
            ]),
            "then": SchemaText.reference("stage.\(kind)"),
          ])
        }),
    ])
  }
}
