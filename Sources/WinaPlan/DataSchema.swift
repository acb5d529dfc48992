import WinaPipeline
import WinaSpec

/// The JSON Schema of a spec's `data` section.
enum DataSchema {
  /// The schema.
  static var value: JSONValue {
    var schema = SchemaText.object(
      "Where the samples come from, and what they are for.", properties: properties, closed: true)
    schema["type"] = SchemaText.types("object", "null")
    let sources = ["suite", "tasks", "documents", "samples"]
    var rules: [JSONValue] = []
    for (index, first) in sources.enumerated() {
      for second in sources[(index + 1)...] {
        rules.append(.object(["not": present([first, second])]))
      }
    }
    for source in sources where source != "tasks" {
      for key in ["path", "definitions", "strip_description"] {
        rules.append(.object(["not": present([source, key])]))
      }
    }
    schema["allOf"] = .array(rules)
    return .object(schema)
  }

  private static var properties: [String: JSONValue] {
    [
      "suite": SchemaText.typed("string", "A bundled suite, or the path of one.", orNull: true),
      "tasks": optional(
        "Benchmark tasks by name.",
        .object(["type": .string("array"), "items": text, "minItems": .int(1)])),
      "path": SchemaText.typed("string", "The folder of the tasks.", orNull: true),
      "documents": optional(
        "Text files by label.",
        .object([
          "type": .string("object"), "minProperties": .int(1), "additionalProperties": text,
        ])),
      "samples": .object([
        "description": .string("Samples files of lm-evaluation-harness, or one."),
        "anyOf": .array([
          text, .object(["type": .string("array"), "items": text, "minItems": .int(1)]),
          .object(["type": .string("null")]),
        ]),
      ]),
      "definitions": SchemaText.typed(
        "string", "A file that defines tasks by templates.", orNull: true),
      "strip_description": optional(
        "Whether MMLU's prompts are read without the line that names the subject.",
        .object(["type": .string("boolean")])),
      "limit": optional("Samples per task or label that are used at most.", atLeastOne),
      "splits": optional("The share of the data that each split gets.", .object(splits)),
      "split_seed": optional(
        "The seed of the hash that assigns samples to splits.",
        .object(["type": .string("integer")])),
      "route_tokens": optional(
        "Leading tokens of a document that clustering and routing see.", atLeastOne),
    ]
  }

  private static let text = JSONValue.object(["type": .string("string")])
  private static let atLeastOne = JSONValue.object([
    "type": .string("integer"), "minimum": .int(1),
  ])

  private static var splits: [String: JSONValue] {
    let share = JSONValue.object([
      "anyOf": .array([
        .object(["type": .string("number"), "minimum": .int(0), "maximum": .int(1)]),
        SchemaText.reference("reference"), .object(["type": .string("null")]),
      ])
    ])
    let shares = DataSpec.Split.allCases.map { ($0.rawValue, share) }
    return SchemaText.object(
      nil, properties: Dictionary(shares, uniquingKeysWith: { $1 }), closed: true)
  }

  private static func optional(_ description: String, _ schema: JSONValue) -> JSONValue {
    .object([
      "description": .string(description),
      "anyOf": .array([
        schema, SchemaText.reference("reference"), .object(["type": .string("null")]),
      ]),
    ])
  }

  /// Holds for sections that have all of some keys, and not only to remove those of a base.
  private static func present(_ keys: [String]) -> JSONValue {
    let isSet = JSONValue.object(["not": .object(["type": .string("null")])])
    return .object([
      "type": .string("object"), "required": .array(keys.map { .string($0) }),
      "properties": .object(Dictionary(keys.map { ($0, isSet) }, uniquingKeysWith: { $1 })),
    ])
  }
}
