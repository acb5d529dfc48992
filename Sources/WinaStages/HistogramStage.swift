import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaTensor

/// Adds the histograms of shards up: for all samples together and, with `groups`, for each cluster.
///
/// Pooled histograms are exact. Those of groups come from the samples' sketches or, with `exact`,
/// from a second pass of capture that keeps the groups apart. A centred histogram, which a profile
/// asks for, rests on a second pass with the means of the first.
///
/// Version 2. Raise the version when the same captures may give other counts.
public enum HistogramStage: Stage {
  public static let kind = "histogram"
  public static let version = 2
  public static let summary = "Adds score histograms up, pooled and by cluster."
  public static let dataUse = DataUse.fitted
  public static let usesNumerics = true
  public static let internalPorts: Set<String> = ["features", "tokens", "transform"]

  /// What a spec may set; `centring` and `scores` are set by profiles that centre.
  public struct Params: Codable, Sendable {
    var split: Split
    var exact: Bool
    var propagation: Propagation
    var score: ScoreMethod?
    var sparsity: Double?
    var centring: CentringKind?
    var scores: [ScoreMethod]?

    enum CodingKeys: String, CodingKey {
      case split, exact, propagation, score, sparsity, centring, scores
    }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      split = try container.decodeIfPresent(Split.self, forKey: .split) ?? .calibration
      exact = try container.decodeIfPresent(Bool.self, forKey: .exact) ?? false
      propagation =
        try container.decodeIfPresent(Propagation.self, forKey: .propagation) ?? .dense
      score = try container.decodeIfPresent(ScoreMethod.self, forKey: .score)
      sparsity = try container.decodeIfPresent(Double.self, forKey: .sparsity)
      centring = try container.decodeIfPresent(CentringKind.self, forKey: .centring)
      scores = try container.decodeIfPresent([ScoreMethod].self, forKey: .scores)
    }
  }

  /// What enters a layer while it is calibrated.
  public enum Propagation: String, Codable, Sendable, CaseIterable {
    /// What the dense layers before it give.
    case dense
    /// What the layers before it give under their own thresholds.
    case sequential = "sparse_sequential"
  }

  /// Of dense propagation nothing but the inputs decides the counts.
  public struct TaskParams: Codable, Sendable {
    /// The score and sparsity of thresholds that propagate.
    var score: ScoreMethod?
    var sparsity: Double?
  }

  /// The captures of a split, the clusters to group by, and the tokens if these go by them.
  public struct Inputs: StageInputs {
    var capture: [Ref<CaptureArtifact>]
    var groups: Ref<ClusteringArtifact>?
    var tokens: [Ref<TokenizedShard>]
    var features: [Ref<CaptureArtifact>]
    var model: LeafRef<ModelFiles>?
    var transform: Ref<TransformArtifact>?

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      capture = try ports.read("capture")
      groups = try ports.read("groups")
      tokens = try ports.read("tokens")
      features = try ports.read("features")
      model = try ports.read("model")
      transform = try ports.read("transform")
    }
  }

  public static let parameters = [
    Parameter(
      "split", .choice(Split.allCases.map(\.rawValue)), default: .string("calibration"),
      "The part of the data to add up."),
    Parameter(
      "exact", .bool, default: .bool(false),
      "Whether histograms of groups come from a second pass instead of the samples' sketches."),
    Parameter(
      "propagation", .choice(Propagation.allCases.map(\.rawValue)), default: .string("dense"),
      "Whether a layer is calibrated on dense inputs, or on what the layers before it give under "
        + "their own thresholds."),
    Parameter(
      "score", .choice(ScoreMethod.ofInputs),
      "The score of these thresholds (sparse_sequential); wina if not given."),
    Parameter(
      "sparsity", .number(from: 0, below: 1),
      "The sparsity of these thresholds (sparse_sequential), which needs one."),
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    let isSequential = params.propagation == .sequential
    var problems: [ParameterProblem] = []
    if isSequential, params.sparsity == nil {
      problems.append(
        ParameterProblem(
          ["propagation"], "propagation 'sparse_sequential' needs 'sparsity'",
          help: "add the sparsity of the profile that is fitted, such as `sparsity: 0.5`"))
    }
    for (name, isSet) in [("score", params.score != nil), ("sparsity", params.sparsity != nil)]
    where isSet && !isSequential {
      problems.append(
        ParameterProblem(
          [name], "'\(name)' is only for propagation: sparse_sequential", help: "remove it"))
    }
    if let sparsity = params.sparsity, !(0..<1).contains(sparsity) {
      problems.append(
        ParameterProblem(
          ["sparsity"], "sparsity \(JSONValue.double(sparsity).canonicalText) is not in [0, 1)",
          help: "write a fraction such as 0.5"))
    }
    if params.score?.gatesNeurons == true {
      problems.append(
        ParameterProblem(
          ["score"], "score '\(params.score?.rawValue ?? "")' does not propagate",
          help: "use one of \(ScoreMethod.ofInputs.joined(separator: ", "))"))
    }
    return problems
  }

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let stage = wiring.stage
    if params.propagation == .sequential { return [try sequential(params, wiring)] }
    let groups = stage.input("groups").map { ArtifactRequest($0, .whole) }
    let request = ArtifactRequest(
      stage.input("capture") ?? "", .split(params.split), variant: secondPass(params, wiring))
    var inputs: [String: PortRequest] = ["capture": .artifacts([request])]
    if let groups {
      inputs["groups"] = .artifacts([groups])
      if let tokens = wiring.tokens(assigningTo: groups.stage, .split(params.split)) {
        inputs["tokens"] = .artifacts([tokens])
      }
      let features = wiring.capture(assigningTo: groups.stage, .split(params.split))
      if let features,
        features.variant != Variant()
          || wiring.transform(ofCapture: features.stage)
            != wiring.transform(ofCapture: stage.input("capture"))
      {
        inputs["features"] = .artifacts([features])
      }
    }
    return [TaskTemplate(params: TaskParams(), inputs: inputs, fanOut: .once)]
  }

  /// As many threads as there are where the model is run.
  public static func resources(for params: TaskParams) -> Resources {
    params.sparsity == nil ? Resources() : Resources(threads: 1024, memory: 1 << 30)
  }

  /// One task over all samples, as a layer can only be calibrated after the ones before it.
  private static func sequential(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> TaskTemplate<TaskParams> {
    let stage = wiring.stage
    for (name, isSet) in [("groups", stage.input("groups") != nil), ("exact", params.exact)]
    where isSet {
      throw PlanProblem(
        "plan.propagation", [name],
        "'\(name)' does not go with propagation 'sparse_sequential', whose thresholds are pooled",
        help: "remove it, or calibrate on dense inputs")
    }
    guard (params.centring ?? CentringKind.none) == CentringKind.none else {
      throw PlanProblem(
        "plan.propagation", ["propagation"],
        "a centred profile needs histograms of dense inputs",
        help: "use `propagation: dense`, or a profile without centring")
    }
    let capture = stage.input("capture").flatMap { wiring.stages[$0] }
    let task = TaskParams(score: params.score ?? .wina, sparsity: params.sparsity)
    var inputs: [String: PortRequest] = [
      "tokens": .artifacts([
        ArtifactRequest(capture?.input("tokens") ?? "", .split(params.split))
      ]), "model": .model,
    ]
    if let transform = wiring.transform(ofCapture: capture?.name) {
      inputs["transform"] = Wiring.request(transform: transform)
    }
    return TaskTemplate(params: task, inputs: inputs, fanOut: .once)
  }

  /// Returns what capture is to do differently: centre, keep groups apart, or nothing.
  private static func secondPass(_ params: Params, _ wiring: Wiring) -> Variant {
    let stage = wiring.stage
    let groups = stage.input("groups")
    let centring = params.centring.flatMap { $0 == .none ? nil : $0 }
    let isExact = params.exact && groups != nil
    guard isExact || centring != nil else { return Variant() }
    var variant = Variant()
    var words: [String] = []
    if let centring {
      words.append("centring=" + centring.rawValue)
      variant.params["centring"] = .string(centring.rawValue)
      variant.params["scores"] = .array((params.scores ?? []).map { .string($0.rawValue) })
      variant.inputs["means"] = .artifacts([ArtifactRequest(stage.name, .whole)])
    }
    if isExact {
      words.append("exact")
      variant.params["exact"] = .bool(true)
    }
    if let groups, isExact || centring == .group {
      variant.inputs["clusters"] = .artifacts([ArtifactRequest(groups, .whole)])
      if let features = wiring.capture(assigningTo: groups, .sameShard) {
        variant.inputs["uncentred"] = .artifacts([features])
      }
    }
    variant.label = words.joined(separator: ",") + ":" + stage.name
    return variant
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> HistogramArtifact {
    if let score = params.score, let sparsity = params.sparsity, let leaf = inputs.model {
      return HistogramArtifact(
        histograms: try sequential(
          score, sparsity, leaf, LoadedModel.load(leaf, transform: inputs.transform, context),
          inputs.tokens, context))
    }
    let captures = try inputs.capture.map { try context.load($0) }
    let shards = captures.map(\.shard)
    guard let groups = inputs.groups else {
      return HistogramArtifact(histograms: try HistogramSet.pooled(shards))
    }
    let clustering = try context.load(groups)
    let features =
      try inputs.features.isEmpty ? captures : inputs.features.map { try context.load($0) }
    let labels =
      inputs.tokens.isEmpty
      ? try features.flatMap { try clustering.assign($0) }
      : try zip(inputs.tokens, captures).flatMap {
        try clustering.assign(context.load($0), capture: $1)
      }
    return HistogramArtifact(
      histograms: try HistogramSet.grouped(shards, labels: labels, names: clustering.groups))
  }

  private static func sequential(
    _ score: ScoreMethod, _ sparsity: Double, _ leaf: LeafRef<ModelFiles>, _ model: LoadedModel,
    _ tokens: [Ref<TokenizedShard>], _ context: any StageContext
  ) throws -> HistogramSet {
    var samples: [AllocationSamples.Sample] = []
    for reference in tokens {
      let shard = try context.load(reference)
      for sample in shard.samples {
        let fed = Array(sample.goldSequence.tokens.dropLast())
        let first = min(shard.policy.firstGatedRow(sample), fed.count)
        guard !fed.isEmpty else { continue }
        samples.append(AllocationSamples.Sample(tokens: fed, firstGatedRow: first))
      }
    }
    let norms = ColumnNorms(
      layers: try CaptureModel.resident(model.language).columnNorms(leaf, context))
    return try SequentialCalibration(
      model: model.language, norms: norms,
      layout: CaptureLayout(
        layers: model.shape.layers, widths: CaptureStage.streamWidths(model.shape),
        slots: score.slots),
      score: score, sparsity: sparsity, context: context
    ).run(samples)
  }
}
