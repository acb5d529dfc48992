import WinaPipeline

/// A stage for random graphs: one task or one for each shard, over any number of others.
enum SumStage: ToyStage {
  enum Format: ToyFormat { static let name = "sum" }
  static let kind = "sum"
  static let dataUse = DataUse.perSample
  static let parameters = [
    Parameter("add", .integer(Int.min...Int.max), default: .int(0), "What is added."),
    Parameter(
      "salt", .integer(Int.min...Int.max), default: .int(0), "Makes a stage unlike others."),
    Parameter("sharded", .bool, default: .bool(false), "Whether there is one for each shard."),
  ]

  struct Params: Codable, Sendable {
    var add: Int
    var salt: Int
    var sharded: Bool
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      add = try container.decodeIfPresent(Int.self, forKey: .add) ?? 0
      salt = try container.decodeIfPresent(Int.self, forKey: .salt) ?? 0
      sharded = try container.decodeIfPresent(Bool.self, forKey: .sharded) ?? false
    }
  }

  struct TaskParams: Codable, Sendable {
    var add: Int
    var salt: Int
  }

  struct Inputs: StageInputs {
    var records: [LeafRef<SampleRecords>]
    var terms: [Ref<ToyArtifact<Format>>]
    init(_ ports: inout PortReader) throws(ArtifactError) {
      records = try ports.read("records")
      terms = try ports.read("terms")
    }
  }

  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let terms = (wiring.stage.inputs["terms"] ?? []).map { name in
      let isSharded = wiring.stages[name]?.params["sharded"] == .bool(true)
      let scope: ArtifactRequest.Scope =
        !isSharded ? .whole : params.sharded ? .sameShard : .split(.calibration)
      return ArtifactRequest(name, scope)
    }
    var inputs: [String: PortRequest] = ["terms": .artifacts(terms)]
    if params.sharded { inputs["records"] = .records }
    return [
      TaskTemplate(
        params: TaskParams(add: params.add, salt: params.salt), inputs: inputs,
        fanOut: params.sharded ? .perShard(asTarget: .calibration) : .once)
    ]
  }
}
