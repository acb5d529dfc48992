import Testing
import WinaPipeline

private struct Count: Artifact {
  static let format = "count/v1"
  var value: Int
  init(value: Int) { self.value = value }
  init(decoding payload: ArtifactPayload) throws {
    guard case .int(let value) = payload.metadata["value"] else { throw ArtifactError("no value") }
    self.value = value
  }
  func encoded() -> ArtifactPayload {
    ArtifactPayload(metadata: .object(["value": .int(value)]))
  }
}

private enum DoubleStage: Stage {
  static let kind = "double"
  static let version = 4
  static let summary = "Doubles."
  static let dataUse = DataUse.derived
  static let parameters = [Parameter("by", .integer(1...9), default: .int(2), "The factor.")]
  static let internalPorts: Set = ["hidden"]

  struct Params: Codable, Sendable {
    var by: Int
    var note: String?
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      by = try container.decodeIfPresent(Int.self, forKey: .by) ?? 2
      note = try container.decodeIfPresent(String.self, forKey: .note)
    }
  }

  struct Inputs: StageInputs {
    var number: Ref<Count>
    var hidden: Ref<Count>?
    var model: [LeafRef<ModelFiles>]
    init(_ ports: inout PortReader) throws(ArtifactError) {
      number = try ports.read("number")
      hidden = try ports.read("hidden")
      model = try ports.read("model")
    }
  }

  static func validate(_ params: Params) -> [ParameterProblem] {
    params.by == 0 ? [ParameterProblem(["by"], "'by' is 0")] : []
  }

  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<Params>] {
    guard params.by < 9 else { throw PlanProblem("double.much", ["by"], "too much") }
    return [TaskTemplate(params: params, inputs: ["model": .model], fanOut: .once)]
  }

  static func run(_ params: Params, _ inputs: Inputs, _ context: any StageContext) throws -> Count {
    Count(value: try context.load(inputs.number).value * params.by)
  }
}

private struct Source: ParamsSource {
  var value: JSONValue
  func decode<Params: Decodable>(_ type: Params.Type) throws -> Params {
    try value.decoded(as: type)
  }
}

/// A context in which every artifact is the number 21.
private struct Context: StageContext {
  var threads: Int { 1 }
  var host: String { "here" }
  func seconds() -> Double { 0 }
  func load<Value: Artifact>(_ reference: Ref<Value>) throws -> Value {
    try Value(decoding: Count(value: 21).encoded())
  }
  func records(_ reference: LeafRef<SampleRecords>) throws -> [SampleRecord] { [] }
  func shared<Value: Sendable>(_ key: String, _ make: () throws -> Value) throws -> Value {
    try make()
  }
  func progress(_ done: Int, of total: Int) {}
  func checkCancellation() throws {}
  func scratchDirectory() throws -> String { throw ArtifactError("there is no scratch") }
  func export(_ digest: ContentDigest, format: String, to path: String) throws {}
  func readFile(_ path: String) throws -> [UInt8]? { nil }
  func runProcess(_ invocation: ProcessInvocation) throws -> ProcessOutcome {
    ProcessOutcome(status: 1, log: "")
  }
}

@Suite("Erased stages") struct RegistryTests {
  private let registry = StageRegistry([DoubleStage.self])
  private let wiring = Wiring(
    stage: WiredStage(name: "a", kind: "double", params: .null, inputs: [:]), stages: [:],
    cells: [], isDocuments: true, data: DataSettings())

  @Test("a stage keeps what its type says") func keeps() throws {
    let stage = try #require(registry["double"])
    #expect(registry.kinds == ["double"])
    #expect(registry["triple"] == nil)
    #expect(stage.version == 4)
    #expect(stage.outputFormat == "count/v1")
    #expect(stage.ports.map(\.name) == ["number", "hidden", "model"])
    #expect(stage.namedPorts.map(\.name) == ["number"])
  }

  @Test("params are canonical: defaults explicit, absent ones left out") func areCanonical() throws
  {
    let stage = try #require(registry["double"])
    let prepared = try stage.prepare(Source(value: .object([:])))
    #expect(prepared.params.canonicalText == #"{"by":2}"#)
    #expect(prepared.problems.isEmpty)
    let templates = try prepared.templates(wiring)
    #expect(templates.map(\.params.canonicalText) == [#"{"by":2}"#])
    #expect(templates.first?.inputs == ["model": .model])
    #expect(try stage.prepare(Source(value: .object(["by": .int(0)]))).problems.count == 1)
    #expect(throws: (any Error).self) {
      try stage.prepare(Source(value: .object(["by": .string("two")])))
    }
    let much = try stage.prepare(Source(value: .object(["by": .int(9)])))
    let problem = #expect(throws: PlanProblem.self) { try much.templates(wiring) }
    #expect(problem?.id == "double.much")
  }

  @Test("a task runs from canonical params and bindings") func runs() throws {
    let stage = try #require(registry["double"])
    let payload = try stage.run(
      params: .object(["by": .int(2)]),
      bindings: ["number": [.artifact(SHA256.digest(of: "21"))]], context: Context())
    #expect(payload.metadata["value"] == .int(42))
    #expect(throws: ArtifactError.self) {
      try stage.run(params: .object(["by": .int(2)]), bindings: [:], context: Context())
    }
  }
}
