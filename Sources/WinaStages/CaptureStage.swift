import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaTensor

/// Runs the dense model over a shard and keeps statistics of what enters each projection.
///
/// Activations are streamed into channel moments and histograms; none is stored. A second pass, asked
/// for by a centred histogram, scores `|x − μ|` with given means. Cost: one forward pass per sample.
///
/// Version 1. Raise the version when the same tokens and model may give other statistics.
public enum CaptureStage: Stage {
  public static let kind = "capture"
  public static let version = 1
  public static let summary = "Runs the dense model and keeps activation statistics."
  public static let dataUse = DataUse.perSample
  public static let usesNumerics = true
  public static let internalPorts: Set<String> = ["means", "clusters", "uncentred"]

  /// What a spec may set; `centring` is set by histograms that need a second pass.
  public struct Params: Codable, Sendable {
    var scores: [ScoreMethod]
    var centring: CentringKind?

    enum CodingKeys: String, CodingKey { case scores, centring }

    public init(from decoder: any Swift.Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      scores =
        try container.decodeIfPresent([ScoreMethod].self, forKey: .scores) ?? [.wina, .teal]
      centring = try container.decodeIfPresent(CentringKind.self, forKey: .centring)
    }
  }

  /// What a task's statistics depend on.
  public struct TaskParams: Codable, Sendable {
    var slots: [String]
    var centring: CentringKind?
  }

  /// Tokens and model; for a second pass the means, and the clusters that choose among them.
  public struct Inputs: StageInputs {
    var tokens: Ref<TokenizedShard>
    var model: LeafRef<ModelFiles>
    var means: Ref<HistogramArtifact>?
    var clusters: Ref<ClusteringArtifact>?
    var uncentred: Ref<CaptureArtifact>?

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      tokens = try ports.read("tokens")
      model = try ports.read("model")
      means = try ports.read("means")
      clusters = try ports.read("clusters")
      uncentred = try ports.read("uncentred")
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
    let task = TaskParams(
      slots: ScoreMethod.slots(for: params.scores).map(\.name), centring: params.centring)
    return [
      TaskTemplate(
        params: task,
        inputs: [
          "tokens": .artifacts([ArtifactRequest(tokens, .sameShard)]), "model": .model,
        ], fanOut: .perShard(asTarget: .calibration))
    ]
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> CaptureArtifact {
    let tokens = try context.load(inputs.tokens)
    let model = try LoadedModel.load(inputs.model, context)
    let language = model.language
    let norms = columnNorms(of: language)
    let layout = try CaptureLayout(
      layers: model.shape.layers, widths: streamWidths(model.shape),
      slots: try params.slots.map(slot(named:)))
    let centring = try inputs.means.map { reference in
      try context.load(reference).histograms.centringMeans(params.centring ?? .global)
    }
    var accumulator = try CaptureAccumulator(
      layout: layout, norms: norms, centring: centring ?? nil)
    let groups = try groupOfSamples(inputs, tokens, context)
    let workspace = ForwardWorkspace()
    for (index, sample) in tokens.samples.enumerated() {
      try context.checkCancellation()
      let fed = Array(sample.goldSequence.tokens.dropLast())
      try accumulator.beginSample(
        route: routeRange(of: sample, tokens.policy, rows: fed.count),
        gated: gatedRange(of: sample, tokens.policy, rows: fed.count), group: groups?[index] ?? 0)
      var failure: (any Error)?
      _ = try language.forward(
        fed, ForwardRequest(logitRows: .none), workspace: workspace
      ) { point, block in
        do {
          switch point {
          case .stream(let stream, let layer):
            try accumulator.add(
              layer: layer, stream: stream, values: block.values, rows: block.rows,
              firstPosition: 0)
          case .gateActivation(let layer):
            guard layout.slots.contains(.gate) else { return }
            try accumulator.addGate(
              layer: layer, values: block.values, rows: block.rows, firstPosition: 0)
          }
        } catch { failure = failure ?? error }
      }
      if let failure { throw failure }
      try accumulator.endSample()
      context.progress(index + 1, of: tokens.samples.count)
    }
    return CaptureArtifact(
      shard: try accumulator.finish(), digests: tokens.digests,
      labels: tokens.samples.map(\.label), norms: norms)
  }

  /// The rows that clustering and routing may see: the prompt, or the leading tokens of a document,
  /// without the dense prefix, whose outliers would drown everything else.
  static func routeRange(
    of sample: TokenizedSample, _ policy: EvaluationPolicy, rows: Int
  ) -> Range<Int> {
    let end =
      sample.kind == .document
      ? min(rows, policy.routeTokens) : min(rows, sample.goldSequence.scoredStart)
    return min(policy.densePrefix, end)..<end
  }

  /// The rows that arms gate, which are those that thresholds are fitted to.
  static func gatedRange(
    of sample: TokenizedSample, _ policy: EvaluationPolicy, rows: Int
  ) -> Range<Int> {
    min(rows, policy.firstGatedRow(sample.kind))..<rows
  }

  private static func groupOfSamples(
    _ inputs: Inputs, _ tokens: TokenizedShard, _ context: any StageContext
  ) throws -> [Int]? {
    guard let reference = inputs.clusters else { return nil }
    let clustering = try context.load(reference)
    let moments = try inputs.uncentred.map { try context.load($0) }
    return try clustering.assign(tokens, capture: moments)
  }

  private static func slot(named name: String) throws -> ScoreSlot {
    guard let slot = ScoreSlot(name: name) else {
      throw ArtifactError("there is no score slot '\(name)'")
    }
    return slot
  }

  private static func columnNorms(of model: LanguageModel) -> ColumnNorms {
    ColumnNorms(
      layers: (0..<model.configuration.layers).map { layer in
        Dictionary(
          uniqueKeysWithValues: Projection.allCases.map {
            ($0, model.columnNorms(layer: layer, projection: $0))
          })
      })
  }

  static func streamWidths(_ shape: ModelShape) -> [ActivationStream: Int] {
    [
      .attentionInput: shape.hidden, .outputInput: shape.heads * shape.headSize,
      .mlpInput: shape.hidden, .downInput: shape.feedForward,
    ]
  }
}
