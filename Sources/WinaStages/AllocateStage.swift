import WinaDiagnostics
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaTensor

/// Decides how a target sparsity is divided over projections and layers, for every target at once.
///
/// The samples are those of the lowest keyed hash of their digests, a reservoir that adding a sample
/// seldom changes; their layer inputs come from a dense pass within the task. As many others are held
/// out to measure what was found.
///
/// Version 1. Raise the version when the same histograms and samples may give another division.
public enum AllocateStage: Stage {
  public static let kind = "allocate"
  public static let version = 1
  public static let summary = "Divides sparsity over projections and layers."
  public static let dataUse = DataUse.fitted
  public static let usesNumerics = true
  public static let internalPorts: Set<String> = ["clusters", "transform"]

  /// What an error across layers is measured by.
  public enum CurveError: String, Codable, Sendable, CaseIterable {
    /// The relative error of the block's output.
    case block
    /// The divergence of the model's predictions from the dense ones.
    case kl
  }

  /// What a spec may set.
  public struct Params: Codable, Sendable {
    var method: AllocationMethod
    var score: ScoreMethod
    var samples: Int
    var maxTokens: Int
    var seed: UInt64
    var split: Split
    var step: Double?
    var end: Double?
    var error: String?
    var centre: Double?
    var slope: Double?
    var denseLast: Int?

    enum CodingKeys: String, CodingKey {
      case method, score, samples, seed, split, step, error, centre, slope
      case maxTokens = "max_tokens"
      case end = "to"
      case denseLast = "dense_last"
    }

    public init(from decoder: any Swift.Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      method = try container.decodeIfPresent(AllocationMethod.self, forKey: .method) ?? .greedy
      score = try container.decodeIfPresent(ScoreMethod.self, forKey: .score) ?? .wina
      samples = try container.decodeIfPresent(Int.self, forKey: .samples) ?? 20
      maxTokens = try container.decodeIfPresent(Int.self, forKey: .maxTokens) ?? 2048
      seed = UInt64(clamping: try container.decodeIfPresent(Int.self, forKey: .seed) ?? 1)
      split = try container.decodeIfPresent(Split.self, forKey: .split) ?? .calibration
      step = try container.decodeIfPresent(Double.self, forKey: .step)
      end = try container.decodeIfPresent(Double.self, forKey: .end)
      error = try container.decodeIfPresent(String.self, forKey: .error)
      centre = try container.decodeIfPresent(Double.self, forKey: .centre)
      slope = try container.decodeIfPresent(Double.self, forKey: .slope)
      denseLast = try container.decodeIfPresent(Int.self, forKey: .denseLast)
    }
  }

  /// What the division depends on besides the inputs; only what the method uses is there.
  public struct TaskParams: Codable, Sendable {
    var method: AllocationMethod
    var score: ScoreMethod?
    var samples: Int?
    var maxTokens: Int?
    var seed: UInt64?
    var step: Double?
    var end: Double?
    var blockError: BlockError?
    var curveError: CurveError?
    var schedule: DepthSchedule?
  }

  /// Histograms for thresholds, samples to measure errors on, and the clusters that group both.
  public struct Inputs: StageInputs {
    var histogram: Ref<HistogramArtifact>?
    var tokens: [Ref<TokenizedShard>]
    var clusters: Ref<ClusteringArtifact>?
    var transform: Ref<TransformArtifact>?
    var model: LeafRef<ModelFiles>

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      histogram = try ports.read("histogram")
      tokens = try ports.read("tokens")
      clusters = try ports.read("clusters")
      transform = try ports.read("transform")
      model = try ports.read("model")
    }
  }

  public static let parameters = [
    Parameter(
      "method", .choice(AllocationMethod.allCases.map(\.rawValue)), default: .string("greedy"),
      "Step by step within blocks (`greedy`), across layers by error curves (`lagrangian`), or along "
        + "a logistic curve (`depth`)."),
    Parameter(
      "score", .choice(ScoreMethod.ofInputs), default: .string("wina"),
      "What coordinates are ranked by (greedy, lagrangian)."),
    Parameter(
      "samples", .integer(1...100_000), default: .int(20),
      "How many samples, of each group, errors are measured on; as many more are held out."),
    Parameter(
      "max_tokens", .integer(2...1_000_000), default: .int(2048),
      "The number of tokens after which such a sample is cut."),
    Parameter(
      "seed", .integer(0...Int.max), default: .int(1), "The seed of the choice of samples."),
    Parameter(
      "split", .choice(Split.allCases.map(\.rawValue)), default: .string("calibration"),
      "The part of the data that samples are taken from."),
    Parameter(
      "step", .number(from: 0, below: 1),
      "The sparsity that a step adds to q_proj, and to others by their weights (greedy); 0.05 if not "
        + "given."),
    Parameter(
      "to", .number(from: 0, below: 1),
      "The sparsity at which the search ends (greedy); 0.75 if not given."),
    Parameter(
      "error", .choice(BlockError.allCases.map(\.rawValue) + CurveError.allCases.map(\.rawValue)),
      "What is kept small: `teal`, `token_l2` or `rel_l2` of a block's output (greedy; teal if not "
        + "given), `block` or `kl` (lagrangian; block if not given)."),
    Parameter(
      "centre", .number(from: -10, below: 10),
      "Where along the depth, from 0 to 1, the curve is half of its height (depth); 0.3 if not given."
    ),
    Parameter(
      "slope", .number(from: -1000, below: 1000), "How steep the curve is (depth); 1 if not given."),
    Parameter(
      "dense_last", .integer(0...10_000), "How many of the last layers stay dense (depth)."),
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    var problems: [ParameterProblem] = []
    let own: [(String, Bool, AllocationMethod)] = [
      ("step", params.step != nil, .greedy), ("to", params.end != nil, .greedy),
      ("centre", params.centre != nil, .depth), ("slope", params.slope != nil, .depth),
      ("dense_last", params.denseLast != nil, .depth),
    ]
    for (name, isSet, method) in own where isSet && params.method != method {
      problems.append(
        ParameterProblem(
          [name], "'\(name)' is only for method: \(method.rawValue)", help: "remove it"))
    }
    for (name, value) in [("step", params.step), ("to", params.end)] {
      guard let value, !(value > 0 && value < 1) else { continue }
      problems.append(
        ParameterProblem(
          [name], "'\(name)' is \(JSONValue.double(value).canonicalText), not in (0, 1)",
          help: "write a sparsity such as 0.05"))
    }
    if params.score.gatesNeurons {
      problems.append(
        ParameterProblem(
          ["score"], "score '\(params.score.rawValue)' gates one mask a layer, which has no parts",
          help: "use one of \(ScoreMethod.ofInputs.joined(separator: ", "))"))
    }
    if let error = params.error {
      let known =
        switch params.method {
        case .greedy: BlockError.allCases.map(\.rawValue)
        case .lagrangian: CurveError.allCases.map(\.rawValue)
        case .depth: [String]()
        }
      if !known.contains(error) {
        problems.append(
          ParameterProblem(
            ["error"], "method '\(params.method.rawValue)' has no error '\(error)'",
            help: known.isEmpty ? "remove it" : "use " + known.joined(separator: ", ")))
      }
    }
    return problems
  }

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let stage = wiring.stage
    var task = TaskParams(method: params.method)
    guard params.method != .depth else {
      task.schedule = DepthSchedule(
        centre: params.centre ?? 0.3, slope: params.slope ?? 1, denseLast: params.denseLast ?? 0)
      return [TaskTemplate(params: task, inputs: ["model": .model], fanOut: .once)]
    }
    guard let name = stage.input("histogram") else {
      throw PlanProblem(
        "plan.missing-input", [], "method '\(params.method.rawValue)' needs a histogram",
        help: "name one: `histogram: STAGE`")
    }
    let histogram = try wiring.require(name, kinds: [HistogramStage.kind], at: ["histogram"])
    try ProfileStage.checkCapture(params.score, histogram, wiring)
    (task.score, task.samples, task.maxTokens) = (params.score, params.samples, params.maxTokens)
    task.seed = params.seed
    switch params.method {
    case .greedy:
      (task.step, task.end) = (params.step ?? 0.05, params.end ?? 0.75)
      task.blockError = params.error.flatMap(BlockError.init(rawValue:)) ?? .teal
    case .lagrangian:
      task.curveError = params.error.flatMap(CurveError.init(rawValue:)) ?? .block
    case .depth: break
    }
    var inputs: [String: PortRequest] = [
      "histogram": .artifacts([ArtifactRequest(name, .whole)]),
      "tokens": .artifacts([ArtifactRequest(stage.input("tokens") ?? "", .split(params.split))]),
      "model": .model,
    ]
    if let transform = wiring.transform(ofHistogram: name) {
      inputs["transform"] = Wiring.request(transform: transform)
    }
    if let groups = histogram.input("groups") {
      let fitted = wiring.stages[groups]?.text("split")
      guard fitted == nil || fitted == params.split.rawValue else {
        throw PlanProblem(
          "plan.allocation-split", ["split"],
          "errors of groups are measured on samples of '\(groups)', which groups the split "
            + "'\(fitted ?? "")', not '\(params.split.rawValue)'",
          help: "use `split: \(fitted ?? "")`, or a pooled histogram")
      }
      inputs["clusters"] = .artifacts([ArtifactRequest(groups, .whole)])
    }
    return [TaskTemplate(params: task, inputs: inputs, fanOut: .once)]
  }

  /// As many threads as there are: layers are searched side by side.
  public static func resources(for params: TaskParams) -> Resources {
    Resources(threads: params.method == .depth ? 1 : 1024, memory: 512 << 20)
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> AllocationArtifact {
    let shape = try inputs.model.shape()
    let weights = zip(shape.inputs, shape.outputs).map { Double($0 * $1) }
    guard let reference = inputs.histogram, let score = params.score else {
      let allocation = try Allocation(
        evidence: .depth(params.schedule ?? DepthSchedule()), groups: [HistogramSet.pooledName],
        layers: shape.layers, weights: weights)
      return AllocationArtifact(allocation: allocation, report: AllocationReport())
    }
    let histograms = try context.load(reference).histograms
    let model = try LoadedModel.load(inputs.model, transform: inputs.transform, context).language
    let samples = try AllocationSamples(
      inputs.tokens.map { try context.load($0) },
      clusters: inputs.clusters.map { try context.load($0) }, count: params.samples ?? 20,
      maxTokens: params.maxTokens ?? 2048, seed: params.seed ?? 1, groups: histograms.groups)
    let search = AllocationSearch(
      model: model, histograms: histograms, score: score, samples: samples, weights: weights,
      context: context)
    switch params.method {
    case .greedy:
      return try search.greedy(
        step: params.step ?? 0.05, end: params.end ?? 0.75, error: params.blockError ?? .teal)
    case .lagrangian, .depth:
      return try search.lagrangian(error: params.curveError ?? .block)
    }
  }
}
