import WinaDiagnostics
import WinaPipeline
import WinaSpec

/// Decodes parameters from the spec's YAML, remembering which keys the type knows.
final class NodeParamsSource: ParamsSource {
  private let node: YAMLNode
  private let owner: SourceRange?
  private(set) var knownKeys: Set<String> = []

  init(node: YAMLNode, owner: SourceRange?) {
    self.node = node
    self.owner = owner
  }

  func decode<Params: Decodable>(_ type: Params.Type) throws -> Params {
    let result = SpecDecoder().decode(type, from: node, at: owner, unknownKeys: .ignored)
    knownKeys = result.keys
    guard let value = result.value else { throw SpecError(result.diagnostics) }
    return value
  }
}

/// Decodes parameters from canonical JSON, for variants that a consumer asks for.
struct JSONParamsSource: ParamsSource {
  let value: JSONValue

  func decode<Params: Decodable>(_ type: Params.Type) throws -> Params {
    try value.decoded(as: type)
  }
}

extension YAMLNode {
  /// The node as JSON, for the values of a sweep; mappings lose their order.
  var json: JSONValue {
    switch content {
    case .scalar(let scalar):
      switch scalar.value {
      case .null: .null
      case .bool(let value): .bool(value)
      case .int(let value): .int(value)
      case .double(let value): value.isFinite ? .double(value) : .string(scalar.text)
      case .string(let value): .string(value)
      }
    case .sequence(let elements): .array(elements.map(\.json))
    case .mapping(let mapping):
      .object(
        Dictionary(
          mapping.entries.map { ($0.key.value, $0.value.json) }, uniquingKeysWith: { $1 }))
    }
  }

  /// Calls a function with every text and every key below and including this node.
  func forEachText(_ body: (String) -> Void) {
    switch content {
    case .scalar(let scalar): body(scalar.text)
    case .sequence(let elements): for element in elements { element.forEachText(body) }
    case .mapping(let mapping):
      for entry in mapping.entries {
        body(entry.key.value)
        entry.value.forEachText(body)
      }
    }
  }

  /// Returns where a text is written below or at this node, if it is.
  func range(ofText text: String) -> SourceRange? {
    switch content {
    case .scalar(let scalar): scalar.text == text ? range : nil
    case .sequence(let elements): elements.lazy.compactMap { $0.range(ofText: text) }.first
    case .mapping(let mapping):
      mapping.entries.lazy.compactMap { $0.value.range(ofText: text) }.first
    }
  }
}
