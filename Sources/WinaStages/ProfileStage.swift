import WinaPipeline
import WinaSparsity

/// Fits thresholds or counts of kept coordinates to histograms: one set for all, or one a cluster.
///
/// Version 2. Raise the version when the same histograms may give another profile.
public enum ProfileStage: Stage {
  public static let kind = "profile"
  public static let version = 2
  public static let summary = "Fits a sparsity profile to histograms."
  public static let dataUse = DataUse.fitted
  public static let internalPorts: Set<String> = ["means"]

  /// What a spec may set.
  public struct Params: Codable, Sendable {
    var score: ScoreMethod
    var sparsity: Double
    var gate: GateKind
    var centring: CentringKind
    var minimumTokens: Int

    enum CodingKeys: String, CodingKey {
      case score, sparsity, gate, centring
      case minimumTokens = "min_tokens"
    }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      score = try container.decodeIfPresent(ScoreMethod.self, forKey: .score) ?? .wina
      sparsity = try container.decode(Double.self, forKey: .sparsity)
      gate = try container.decodeIfPresent(GateKind.self, forKey: .gate) ?? .threshold
      centring = try container.decodeIfPresent(CentringKind.self, forKey: .centring) ?? .none
      minimumTokens = try container.decodeIfPresent(Int.self, forKey: .minimumTokens) ?? 1000
    }
  }

  /// Histograms, centred where the profile is, the means to centre with, and the model's shape.
  public struct Inputs: StageInputs {
    var histogram: Ref<HistogramArtifact>
    var means: Ref<HistogramArtifact>?
    var model: LeafRef<ModelFiles>

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      histogram = try ports.read("histogram")
      means = try ports.read("means")
      model = try ports.read("model")
    }
  }

  public static let parameters = [
    Parameter(
      "score", .choice(ScoreMethod.allCases.map(\.rawValue)), default: .string("wina"),
      "What coordinates are ranked by."),
    Parameter(
      "sparsity", .number(from: 0, below: 1), required: true,
      "The fraction of input coordinates to zero, over all seven projections of every layer."),
    Parameter(
      "gate", .choice(GateKind.allCases.map(\.rawValue)), default: .string("threshold"),
      "Whether coordinates above a fitted threshold are kept, or the largest k of every token."),
    Parameter(
      "centring", .choice(CentringKind.allCases.map(\.rawValue)), default: .string("none"),
      "Whether the mean of a channel, over all samples or over the group, is subtracted first."),
    Parameter(
      "min_tokens", .integer(0...1_000_000_000), default: .int(1000),
      "Groups with fewer calibration tokens use the pooled thresholds."),
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    var problems: [ParameterProblem] = []
    if !(0..<1).contains(params.sparsity) {
      let share = params.sparsity / 100
      problems.append(
        ParameterProblem(
          ["sparsity"],
          "sparsity \(JSONValue.double(params.sparsity).canonicalText) is not in [0, 1)",
          help: (0..<1).contains(share)
            ? "sparsity is the fraction that is zeroed: did you mean \(share)?"
            : "sparsity is the fraction that is zeroed, such as 0.5"))
    }
    if params.score == .cats, params.centring != .none {
      problems.append(
        ParameterProblem(
          ["centring"], "score 'cats' cannot be centred",
          help: "CATS gates SiLU(gate), which has no projection to add a mean back to"))
    }
    if params.score == .cats, params.gate == .topK {
      problems.append(
        ParameterProblem(["gate"], "score 'cats' has no top-k gate", help: "use gate: threshold"))
    }
    return problems
  }

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<Params>] {
    let histogram = try wiring.require(
      wiring.stage.input("histogram") ?? "", kinds: [HistogramStage.kind], at: ["histogram"])
    try checkCapture(params, histogram, wiring)
    let isGrouped = histogram.input("groups") != nil
    if params.centring == .group, !isGrouped {
      throw PlanProblem(
        "plan.no-groups", ["centring"],
        "centring 'group' needs groups, but histogram '\(histogram.name)' is pooled",
        help: "name a histogram with `groups: CLUSTERS`, or use centring: global",
        related: .init(
          stage: histogram.name, path: [], message: "the histogram is declared here"))
    }
    if isGrouped, params.gate == .topK, params.centring != .group {
      throw PlanProblem(
        "plan.no-effect", ["gate"],
        "a grouped profile with gate 'topk' cannot differ from the pooled one: k depends on the "
          + "sparsity alone, whatever the histogram",
        help: "use gate: threshold, or centring: group, or a pooled histogram",
        related: .init(
          stage: histogram.name, path: ["groups"], message: "the groups have no effect"))
    }
    var inputs: [String: PortRequest] = ["model": .model]
    var request = ArtifactRequest(histogram.name, .whole)
    if params.centring != .none {
      inputs["means"] = .artifacts([request])
      request.variant = Variant(
        label: "centring=\(params.centring.rawValue):\(params.score.rawValue)",
        params: [
          "centring": .string(params.centring.rawValue),
          "scores": .array([.string(params.score.rawValue)]),
        ])
    }
    inputs["histogram"] = .artifacts([request])
    return [TaskTemplate(params: params, inputs: inputs, fanOut: .once)]
  }

  private static func checkCapture(
    _ params: Params, _ histogram: WiredStage, _ wiring: Wiring
  ) throws(PlanProblem) {
    guard let name = histogram.input("capture"), let capture = wiring.stages[name],
      case .array(let scores)? = capture.params["scores"]
    else { return }
    let known = scores.compactMap { if case .string(let text) = $0 { text } else { nil } }
    let held = Set(ScoreMethod.slots(for: known.compactMap(ScoreMethod.init(rawValue:))))
    guard !held.isSuperset(of: params.score.slots) else { return }
    throw PlanProblem(
      "plan.score-not-captured", ["score"],
      "capture '\(name)' does not keep score '\(params.score.rawValue)'",
      help: "add '\(params.score.rawValue)' to its scores, which are: "
        + known.joined(separator: ", "),
      related: .init(stage: name, path: ["scores"], message: "the scores are named here"))
  }

  public static func run(
    _ params: Params, _ inputs: Inputs, _ context: any StageContext
  ) throws -> ProfileArtifact {
    let histograms = try context.load(inputs.histogram).histograms
    let shape = try inputs.model.shape()
    let means = try inputs.means.flatMap {
      try context.load($0).histograms.centringMeans(params.centring)
    }
    let profile = try SparsityProfile.fit(
      histograms, shapes: ProjectionShapes(shape),
      options: ProfileOptions(
        method: params.score, sparsity: params.sparsity, gate: params.gate,
        centring: params.centring, minimumTokens: params.minimumTokens), means: means)
    return ProfileArtifact(profile: profile)
  }
}
