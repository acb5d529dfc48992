import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaTensor

/// Runs the dense model over a shard and keeps statistics of what enters each projection.
///
/// Activations are streamed into channel moments and histograms; none is stored. A second pass, asked
/// for by a centred or an exact histogram, scores `|x − μ|` with given means, or keeps the exact
/// histograms of groups apart. Cost: one forward pass per sample. A model that does not fit into memory
/// is read layer by layer, twice: for its column norms and for the pass.
///
/// Version 3. Raise the version when the same tokens and model may give other statistics.
public enum CaptureStage: Stage {
  public static let kind = "capture"
  public static let version = 3
  public static let summary = "Runs the dense model and keeps activation statistics."
  public static let dataUse = DataUse.perSample
  public static let usesNumerics = true
  public static let internalPorts: Set<String> = [
    "means", "clusters", "uncentred", "profile", "thresholds",
  ]

  /// What a spec may set; `centring` and `exact` are set by histograms that need a second pass.
  public struct Params: Codable, Sendable {
    var scores: [ScoreMethod]
    var centring: CentringKind?
    var exact: Bool?
    var active: Bool?
    var features: ClusterFeatures?

    enum CodingKeys: String, CodingKey { case scores, centring, exact, active, features }

    public init(from decoder: any Swift.Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      scores =
        try container.decodeIfPresent([ScoreMethod].self, forKey: .scores) ?? [.wina, .teal]
      centring = try container.decodeIfPresent(CentringKind.self, forKey: .centring)
      exact = try container.decodeIfPresent(Bool.self, forKey: .exact)
      active = try container.decodeIfPresent(Bool.self, forKey: .active)
      features = try container.decodeIfPresent(ClusterFeatures.self, forKey: .features)
    }
  }

  /// What a task's statistics depend on.
  public struct TaskParams: Codable, Sendable {
    var slots: [String]
    var centring: CentringKind?
    /// Whether exact histograms are kept for each cluster.
    var exact: Bool?
    /// Whether inputs above the thresholds of a profile are counted.
    var active: Bool?
    /// What features of routing tokens are kept for a clustering.
    var features: ClusterFeatures?
  }

  /// Tokens and model; for a second pass the means, and the clusters that choose among them or are
  /// kept apart, which k-means places samples in by their first pass.
  public struct Inputs: StageInputs {
    var tokens: Ref<TokenizedShard>
    var model: LeafRef<ModelFiles>
    var means: Ref<HistogramArtifact>?
    var clusters: Ref<ClusteringArtifact>?
    var uncentred: Ref<CaptureArtifact>?
    var profile: Ref<ProfileArtifact>?
    var transform: Ref<TransformArtifact>?
    var thresholds: Ref<HistogramArtifact>?

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      tokens = try ports.read("tokens")
      model = try ports.read("model")
      means = try ports.read("means")
      clusters = try ports.read("clusters")
      uncentred = try ports.read("uncentred")
      profile = try ports.read("profile")
      transform = try ports.read("transform")
      thresholds = try ports.read("thresholds")
    }
  }

  public static let parameters = [
    Parameter(
      "scores", .list(.choice(ScoreMethod.allCases.map(\.rawValue))),
      default: .array([.string("wina"), .string("teal")]),
      "The scores whose histograms are kept; profiles can use these and no others.")
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    guard params.scores.isEmpty else { return [] }
    return [
      ParameterProblem(
        ["scores"], "'scores' is empty", help: "name at least one of wina, wina_all, teal, cats")
    ]
  }

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let tokens = wiring.stage.input("tokens") ?? ""
    // A pass that counts active inputs or keeps features needs no distributions.
    let slots =
      params.active == true || params.features != nil ? [] : ScoreMethod.slots(for: params.scores)
    let task = TaskParams(
      slots: slots.map(\.name), centring: params.centring, exact: params.exact,
      active: params.active, features: params.features)
    var inputs: [String: PortRequest] = [
      "tokens": .artifacts([ArtifactRequest(tokens, .sameShard)]), "model": .model,
    ]
    if let transform = wiring.stage.input("transform") {
      inputs["transform"] = Wiring.request(transform: transform)
    }
    return [
      TaskTemplate(params: task, inputs: inputs, fanOut: .perShard(asTarget: .calibration))
    ]
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> CaptureArtifact {
    let tokens = try context.load(inputs.tokens)
    let model = try CaptureModel.load(inputs.model, transform: inputs.transform, context)
    let norms = ColumnNorms(layers: try model.columnNorms(inputs.model, context))
    let shape = ModelShape(model.configuration)
    let layout = try CaptureLayout(
      layers: shape.layers, widths: streamWidths(shape),
      slots: try params.slots.map(slot(named:)))
    let clusters = try inputs.clusters.map { try context.load($0) }
    let groups = try clusters.map {
      try $0.assign(tokens, capture: inputs.uncentred.map { try context.load($0) })
    }
    let pass = CapturePass(
      policy: tokens.policy, layers: layout.layers,
      keepsGate: layout.slots.contains(where: \.isGate),
      accumulator: try CaptureAccumulator(
        layout: layout, norms: norms, centring: means(params, inputs, context),
        exactGroups: params.exact == true ? clusters?.groups.count ?? 1 : 1,
        // Nothing reads the moments of a pass for features or activity.
        keepsMoments: params.features == nil && params.active != true),
      activity: try activity(params, inputs, context),
      features: try params.features?.counter(
        layout: layout, norms: norms, thresholds: inputs.thresholds.map { try context.load($0) }))
    let items = tokens.samples.enumerated().map { index, sample in
      CapturePass.Item(sample: sample, group: groups?[index] ?? 0)
    }
    var artifact = CaptureArtifact(
      shard: try pass.run(items, model, context), digests: tokens.digests,
      labels: tokens.samples.map(\.label), norms: norms)
    artifact.sink = pass.sink
    artifact.activity = try pass.activity?.finish()
    if params.features?.kind == .embedding {
      let language = try LoadedModel.load(inputs.model, context).language
      artifact.traits = try tokens.samples.flatMap {
        let routing = Array($0.routingTokens(tokens.policy))
        return try language.embedding(of: params.features?.half?.members(of: routing) ?? routing)
      }
    } else if params.features != nil {
      artifact.traits = pass.traits
    }
    return artifact
  }

  /// What counts the inputs that exceed the thresholds of a profile.
  private static func activity(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> ActivityCounter? {
    guard params.active == true else { return nil }
    guard let reference = inputs.profile else {
      throw ArtifactError("a capture that counts active inputs needs a profile")
    }
    let profile = try context.load(reference).profile
    let model = try LoadedModel.load(inputs.model, transform: inputs.transform, context)
    let thresholds = try profile.summary.groups.indices.map { group in
      try ProfileGates.gates(of: profile, group: group, for: model.language).projections.map {
        $0.compactMapValues { gate -> ActivityCounter.Threshold? in
          guard case .threshold(let value) = gate.rule else { return nil }
          return .init(value: value, norms: gate.norms, mean: gate.mean)
        }
      }
    }
    return ActivityCounter(thresholds: thresholds, inputs: model.shape.inputs)
  }

  /// The means of a centred pass.
  private static func means(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> CentringMeans? {
    let kind = params.centring ?? .none
    guard kind != .none else { return nil }
    guard let reference = inputs.means else {
      throw ArtifactError("a capture with centring '\(kind.rawValue)' needs means")
    }
    return try context.load(reference).histograms.centringMeans(kind)
  }

  private static func slot(named name: String) throws -> ScoreSlot {
    guard let slot = ScoreSlot(name: name) else {
      throw ArtifactError("there is no score slot '\(name)'")
    }
    return slot
  }

  static func streamWidths(_ shape: ModelShape) -> [ActivationStream: Int] {
    [
      .attentionInput: shape.hidden, .outputInput: shape.heads * shape.headSize,
      .mlpInput: shape.hidden, .downInput: shape.feedForward,
    ]
  }
}
