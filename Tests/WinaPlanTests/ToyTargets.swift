import WinaPipeline

/// Scores arms on the shards of a split, each beside the dense arm.
enum ToyEvaluate: ToyStage {
  typealias Format = ScoresFormat
  static let kind = "evaluate"
  static let dataUse = DataUse.scored
  static let isTarget = true
  static let usesNumerics = true
  static let internalPorts: Set = ["profile", "dense"]
  static let parameters = [
    Parameter(
      "arms", .map(.record([Parameter("profile", .stage, "The profile.")])), required: true,
      "What is scored."),
    Parameter("split", .choice(Split.allCases.map(\.rawValue)), "What it is scored on."),
  ]

  struct Arm: Codable, Sendable { var profile: String? }

  struct Params: Codable, Sendable {
    var arms: [String: Arm]
    var split: Split
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      arms = try container.decode([String: Arm].self, forKey: .arms)
      split = try container.decodeIfPresent(Split.self, forKey: .split) ?? .test
    }
  }

  struct TaskParams: Codable, Sendable {}

  struct Inputs: StageInputs {
    var tokens: Ref<ToyArtifact<TokensFormat>>
    var model: LeafRef<ModelFiles>
    var profile: Ref<ToyArtifact<ProfileFormat>>?
    var dense: Ref<ToyArtifact<ScoresFormat>>?
    init(_ ports: inout PortReader) throws(ArtifactError) {
      tokens = try ports.read("tokens")
      model = try ports.read("model")
      profile = try ports.read("profile")
      dense = try ports.read("dense")
    }
  }

  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let tokens = ArtifactRequest(wiring.stage.input("tokens") ?? "", .sameShard)
    let common: [String: PortRequest] = ["tokens": .artifacts([tokens]), "model": .model]
    let fanOut = FanOut.perShard(asTarget: params.split)
    var templates = [
      TaskTemplate(item: "dense", params: TaskParams(), inputs: common, fanOut: fanOut)
    ]
    for (name, arm) in params.arms.sorted(by: { $0.key < $1.key }) {
      guard let profile = arm.profile else { continue }
      let found = try wiring.require(
        profile, kinds: [ToyProfile.kind], at: ["arms", name, "profile"])
      var inputs = common
      inputs["profile"] = .artifacts([ArtifactRequest(found.name, .whole)])
      inputs["dense"] = .artifacts([
        ArtifactRequest(wiring.stage.name, item: "dense", .sameShard)
      ])
      templates.append(
        TaskTemplate(item: name, params: TaskParams(), inputs: inputs, fanOut: fanOut))
    }
    return templates
  }
}

/// Compares the arms of all cells, with as many repetitions of a stage's seed as asked for.
enum ToyCompare: ToyStage {
  typealias Format = ReportFormat
  static let kind = "compare"
  static let dataUse = DataUse.derived
  static let isTarget = true
  static let parameters = [
    Parameter("bootstrap", .integer(100...1_000_000), default: .int(2000), "Resamples."),
    Parameter(
      "controls",
      .record([
        Parameter("stage", .stage, required: true, "The stage whose seed varies."),
        Parameter("repeat", .integer(1...1000), required: true, "How often."),
      ]), "The null."),
  ]

  struct Controls: Codable, Sendable {
    var stage: String
    var count: Int
    enum CodingKeys: String, CodingKey {
      case stage
      case count = "repeat"
    }
  }

  struct Params: Codable, Sendable {
    var bootstrap: Int
    var controls: Controls?
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      bootstrap = try container.decodeIfPresent(Int.self, forKey: .bootstrap) ?? 2000
      controls = try container.decodeIfPresent(Controls.self, forKey: .controls)
    }
  }

  struct TaskParams: Codable, Sendable {
    var bootstrap: Int
    var cells: [[String: JSONValue]]
  }

  struct Inputs: StageInputs {
    var results: [Ref<ToyArtifact<ScoresFormat>>]
    init(_ ports: inout PortReader) throws(ArtifactError) {
      results = try ports.read("results")
    }
  }

  static func spansCells(_ params: Params) -> Bool { true }

  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let evaluate = try wiring.require(
      wiring.stage.input("results") ?? "", kinds: [ToyEvaluate.kind], at: ["results"])
    var seeds: [[String: JSONValue]] = [[:]]
    if let controls = params.controls {
      let varied = try wiring.require(
        controls.stage, kinds: [ToyCluster.kind], at: ["controls", "stage"])
      seeds += (1...controls.count).map { ["\(varied.name).seed": .int($0)] }
    }
    guard case .object(let arms)? = evaluate.params["arms"] else { return [] }
    let items = Set(arms.keys).union(["dense"]).sorted()
    let requests = wiring.cells.flatMap { cell in
      seeds.flatMap { overrides in
        items.map {
          ArtifactRequest(
            evaluate.name, item: $0, .split(.test), cell: cell.index, overrides: overrides)
        }
      }
    }
    return [
      TaskTemplate(
        params: TaskParams(bootstrap: params.bootstrap, cells: wiring.cells.map(\.assignment)),
        inputs: ["results": .artifacts(requests)], fanOut: .once)
    ]
  }
}

/// Runs a program over files.
enum ToyCommand: ToyStage {
  typealias Format = ReportFormat
  static let kind = "command"
  static let dataUse = DataUse.derived
  static let parameters = [
    Parameter("run", .string, required: true, "The command line."),
    Parameter("code", .list(.string), default: .array([]), "Files it consists of."),
  ]

  struct Params: Codable, Sendable {
    var run: String
    var code: [String]
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      run = try container.decode(String.self, forKey: .run)
      code = try container.decodeIfPresent([String].self, forKey: .code) ?? []
    }
  }

  struct TaskParams: Codable, Sendable { var run: String }

  struct Inputs: StageInputs {
    var code: [LeafRef<PlainFiles>]
    init(_ ports: inout PortReader) throws(ArtifactError) { code = try ports.read("code") }
  }

  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    [
      TaskTemplate(
        params: TaskParams(run: params.run), inputs: ["code": .files(params.code)],
        fanOut: .once)
    ]
  }
}
