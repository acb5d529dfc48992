import Testing
import WinaPipeline
import WinaPlan
import WinaSpec
import WinaTestSupport

@Suite("Schema of the language") struct SpecSchemaTests {
  private let schema: JSONValue

  init() throws {
    schema = try JSONValue(parsing: Array(SpecSchema(PlanScenario.registry).text.utf8))
  }

  private func definition(_ name: String) throws -> JSONValue {
    try #require(schema["$defs"]?[name])
  }

  private func keys(_ value: JSONValue?) -> Set<String> {
    guard case .object(let members)? = value else { return [] }
    return Set(members.keys)
  }

  @Test("it has every key of a spec and no other") func hasEveryKey() {
    #expect(schema["$schema"] == .string("https://json-schema.org/draft/2020-12/schema"))
    #expect(schema["additionalProperties"] == .bool(false))
    #expect(keys(schema["properties"]) == Set(ExperimentSpec.Key.allCases.map(\.rawValue)))
    let data = schema["properties"]?["data"]
    #expect(
      keys(data?["properties"]) == [
        "suite", "tasks", "path", "documents", "samples", "definitions", "strip_description",
        "limit", "splits", "split_seed", "route_tokens",
      ])
  }

  @Test("each kind has its parameters and its named ports", arguments: PlanScenario.registry.kinds)
  func hasItsParameters(_ kind: String) throws {
    let stage = try #require(PlanScenario.registry[kind])
    let own = try definition("stage.\(kind)")
    #expect(own["additionalProperties"] == .bool(false))
    #expect(
      keys(own["properties"])
        == Set(["kind"] + stage.parameters.map(\.name) + stage.namedPorts.map(\.name)))
    for parameter in stage.parameters {
      let written = own["properties"]?[parameter.name]
      #expect(written?["description"] == .string(parameter.help))
      #expect(written?["default"] == parameter.defaultValue)
    }
    #expect(own["properties"]?["kind"]?["const"] == .string(kind))
    #expect(schema["properties"]?["stages"]?["properties"]?[kind] != nil)
  }

  @Test("internal ports are not part of the language") func internalPorts() throws {
    let capture = try definition("stage.capture")
    #expect(capture["properties"]?["means"] == nil)
    #expect(capture["properties"]?["model"] == nil)
    #expect(capture["properties"]?["tokens"] != nil)
  }

  @Test("a value may be the value of a var") func mayBeAVar() throws {
    let text = try definition("stage.profile")["properties"]?["sparsity"]?.canonicalText
    #expect(text?.contains(##"{"$ref":"#/$defs/reference"}"##) == true)
    #expect(text?.contains(#"{"exclusiveMaximum":1,"minimum":0,"type":"number"}"#) == true)
  }

  @Test("every reference leads somewhere") func leadsSomewhere() {
    var missing: [String] = []
    func visit(_ value: JSONValue) {
      switch value {
      case .object(let members):
        if case .string(let reference)? = members["$ref"],
          schema["$defs"]?[String(reference.dropFirst("#/$defs/".count))] == nil
        {
          missing.append(reference)
        }
        for member in members.values { visit(member) }
      case .array(let elements): for element in elements { visit(element) }
      case .null, .bool, .int, .double, .string: break
      }
    }
    visit(schema)
    #expect(missing.isEmpty)
  }

  @Test("the text of the toy language stays as it is") func staysAsItIs() throws {
    let registry = StageRegistry([ToyTokenize.self, ToyCluster.self, ToyProfile.self])
    try expectGolden(SpecSchema(registry).text + "\n", "plan/schema.json")
  }
}
