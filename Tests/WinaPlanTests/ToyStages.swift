import WinaPipeline

/// An artifact that nothing looks into.
struct ToyArtifact<Format: ToyFormat>: Artifact {
  static var format: String { "toy.\(Format.name)/v1" }
  init() {}
  init(decoding payload: ArtifactPayload) {}
  func encoded() -> ArtifactPayload { ArtifactPayload(metadata: .null) }
}

protocol ToyFormat: Sendable { static var name: String { get } }
enum TokensFormat: ToyFormat { static let name = "tokens" }
enum CaptureFormat: ToyFormat { static let name = "capture" }
enum ClustersFormat: ToyFormat { static let name = "clusters" }
enum HistogramFormat: ToyFormat { static let name = "histogram" }
enum ProfileFormat: ToyFormat { static let name = "profile" }
enum ScoresFormat: ToyFormat { static let name = "scores" }
enum ReportFormat: ToyFormat { static let name = "report" }

/// A stage of the tests: it is planned and never run.
protocol ToyStage: Stage where Output == ToyArtifact<Format> {
  associatedtype Format: ToyFormat
}

extension ToyStage {
  static var version: Int { 1 }
  static var summary: String { "A stage of the tests." }

  static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> ToyArtifact<Format> { ToyArtifact() }
}

/// Cuts the records of a shard.
enum ToyTokenize: ToyStage {
  typealias Format = TokensFormat
  static let kind = "tokenize"
  static let dataUse = DataUse.perSample
  static let parameters = [Parameter("max_tokens", .integer(1...4096), "How many tokens to keep.")]

  struct Params: Codable, Sendable {
    var maxTokens: Int
    enum CodingKeys: String, CodingKey { case maxTokens = "max_tokens" }
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      maxTokens = try container.decodeIfPresent(Int.self, forKey: .maxTokens) ?? 256
    }
  }

  struct Inputs: StageInputs {
    var tokenizer: LeafRef<TokenizerFiles>
    var records: LeafRef<SampleRecords>
    init(_ ports: inout PortReader) throws(ArtifactError) {
      tokenizer = try ports.read("tokenizer")
      records = try ports.read("records")
    }
  }

  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<Params>] {
    [
      TaskTemplate(
        params: params, inputs: ["tokenizer": .tokenizer, "records": .records],
        fanOut: .perShard(asTarget: .test))
    ]
  }

  static func warnings(_ params: Params, _ wiring: Wiring) -> [PlanProblem] {
    guard params.maxTokens < 2 else { return [] }
    return [
      PlanProblem(
        "toy.short", ["max_tokens"], "one token predicts nothing",
        help: "use max_tokens: 2 or more",
        related: .init(stage: "capture", path: [], message: "the tokens are looked at here"))
    ]
  }
}

/// Looks at the tokens of a shard with the model, perhaps centred by a histogram's means.
enum ToyCapture: ToyStage {
  typealias Format = CaptureFormat
  static let kind = "capture"
  static let dataUse = DataUse.perSample
  static let usesNumerics = true
  static let internalPorts: Set = ["means", "groups"]
  static let parameters = [
    Parameter(
      "scores", .list(.choice(["wina", "teal"])), default: .array([.string("wina")]), "Scores.")
  ]

  struct Params: Codable, Sendable {
    var scores: [String]
    var isCentred: Bool?
    enum CodingKeys: String, CodingKey {
      case scores
      case isCentred = "centred"
    }
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      scores = try container.decodeIfPresent([String].self, forKey: .scores) ?? ["wina"]
      isCentred = try container.decodeIfPresent(Bool.self, forKey: .isCentred)
    }
  }

  struct Inputs: StageInputs {
    var tokens: Ref<ToyArtifact<TokensFormat>>
    var model: LeafRef<ModelFiles>
    var means: Ref<ToyArtifact<HistogramFormat>>?
    var groups: Ref<ToyArtifact<ClustersFormat>>?
    init(_ ports: inout PortReader) throws(ArtifactError) {
      tokens = try ports.read("tokens")
      model = try ports.read("model")
      means = try ports.read("means")
      groups = try ports.read("groups")
    }
  }

  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<Params>] {
    [
      TaskTemplate(
        params: params,
        inputs: [
          "model": .model,
          "tokens": .artifacts([ArtifactRequest(wiring.stage.input("tokens") ?? "", .sameShard)]),
        ], fanOut: .perShard(asTarget: .calibration))
    ]
  }
}

/// Groups the captures of a split.
enum ToyCluster: ToyStage {
  typealias Format = ClustersFormat
  static let kind = "cluster"
  static let dataUse = DataUse.fitted
  static let parameters = [
    Parameter("k", .integer(1...100), required: true, "The number of groups."),
    Parameter("algorithm", .choice(Algorithm.allCases.map(\.rawValue)), "How."),
    Parameter("seed", .integer(0...Int.max), default: .int(1), "The seed."),
    Parameter("split", .choice(Split.allCases.map(\.rawValue)), "What is grouped."),
  ]

  enum Algorithm: String, Codable, CaseIterable, Sendable { case kmeans, random }

  struct Params: Codable, Sendable {
    var k: Int
    var algorithm: Algorithm
    var seed: Int
    var split: Split
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      k = try container.decode(Int.self, forKey: .k)
      algorithm = try container.decodeIfPresent(Algorithm.self, forKey: .algorithm) ?? .kmeans
      seed = try container.decodeIfPresent(Int.self, forKey: .seed) ?? 1
      split = try container.decodeIfPresent(Split.self, forKey: .split) ?? .calibration
    }
  }

  struct Inputs: StageInputs {
    var capture: [Ref<ToyArtifact<CaptureFormat>>]
    var like: Ref<ToyArtifact<ClustersFormat>>?
    init(_ ports: inout PortReader) throws(ArtifactError) {
      capture = try ports.read("capture")
      like = try ports.read("like")
    }
  }

  static func validate(_ params: Params) -> [ParameterProblem] {
    guard params.k < 1 else { return [] }
    return [ParameterProblem(["k"], "'k' is \(params.k)", help: "use 1 or more")]
  }

  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<Params>] {
    var inputs: [String: PortRequest] = [
      "capture": .artifacts([
        ArtifactRequest(wiring.stage.input("capture") ?? "", .split(params.split))
      ])
    ]
    if let like = wiring.stage.input("like") {
      inputs["like"] = .artifacts([ArtifactRequest(like, .whole)])
    }
    return [TaskTemplate(params: params, inputs: inputs, fanOut: .once)]
  }
}

/// Adds up captures, pooled or grouped; on request those of captures centred by itself.
enum ToyHistogram: ToyStage {
  typealias Format = HistogramFormat
  static let kind = "histogram"
  static let dataUse = DataUse.fitted
  static let parameters: [Parameter] = []

  struct Params: Codable, Sendable {
    var centred: Bool?
  }

  struct TaskParams: Codable, Sendable {}

  struct Inputs: StageInputs {
    var capture: [Ref<ToyArtifact<CaptureFormat>>]
    var groups: Ref<ToyArtifact<ClustersFormat>>?
    init(_ ports: inout PortReader) throws(ArtifactError) {
      capture = try ports.read("capture")
      groups = try ports.read("groups")
    }
  }

  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let groups = wiring.stage.input("groups").map {
      PortRequest.artifacts([ArtifactRequest($0, .whole)])
    }
    var request = ArtifactRequest(wiring.stage.input("capture") ?? "", .split(.calibration))
    if params.centred == true {
      request.variant = Variant(
        label: "centred:\(wiring.stage.name)", params: ["centred": .bool(true)],
        inputs: ["means": .artifacts([ArtifactRequest(wiring.stage.name, .whole)])])
      if let groups { request.variant.inputs["groups"] = groups }
    }
    var inputs: [String: PortRequest] = ["capture": .artifacts([request])]
    if let groups { inputs["groups"] = groups }
    return [TaskTemplate(params: TaskParams(), inputs: inputs, fanOut: .once)]
  }
}

/// Chooses thresholds.
enum ToyProfile: ToyStage {
  typealias Format = ProfileFormat
  static let kind = "profile"
  static let dataUse = DataUse.fitted
  static let parameters = [
    Parameter("sparsity", .number(from: 0, below: 1), required: true, "The share of zeros."),
    Parameter("score", .choice(["wina", "teal"]), default: .string("wina"), "The score."),
    Parameter("centred", .bool, default: .bool(false), "Whether to centre first."),
  ]

  struct Params: Codable, Sendable {
    var sparsity: Double
    var score: String
    var centred: Bool
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      sparsity = try container.decode(Double.self, forKey: .sparsity)
      score = try container.decodeIfPresent(String.self, forKey: .score) ?? "wina"
      centred = try container.decodeIfPresent(Bool.self, forKey: .centred) ?? false
    }
  }

  struct Inputs: StageInputs {
    var histogram: Ref<ToyArtifact<HistogramFormat>>
    init(_ ports: inout PortReader) throws(ArtifactError) {
      histogram = try ports.read("histogram")
    }
  }

  static func validate(_ params: Params) -> [ParameterProblem] {
    guard !(0..<1).contains(params.sparsity) else { return [] }
    return [
      ParameterProblem(
        ["sparsity"], "'sparsity' is \(params.sparsity), not in 0..<1", help: "write a fraction")
    ]
  }

  static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<Params>] {
    let histogram = try wiring.require(
      wiring.stage.input("histogram") ?? "", kinds: [ToyHistogram.kind], at: ["histogram"])
    if let capture = histogram.input("capture").flatMap({ wiring.stages[$0] }),
      case .array(let scores)? = capture.params["scores"], !scores.contains(.string(params.score))
    {
      throw PlanProblem(
        "plan.score-not-captured", ["score"],
        "capture '\(capture.name)' does not keep score '\(params.score)'",
        help: "add '\(params.score)' to its scores",
        related: .init(
          stage: capture.name, path: ["scores"], message: "the scores are named here"))
    }
    var request = ArtifactRequest(histogram.name, .whole)
    if params.centred {
      request.variant = Variant(label: "centred", params: ["centred": .bool(true)])
    }
    return [
      TaskTemplate(params: params, inputs: ["histogram": .artifacts([request])], fanOut: .once)
    ]
  }
}
