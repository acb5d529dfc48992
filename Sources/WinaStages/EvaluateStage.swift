import WinaDiagnostics
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity

/// Scores the samples of a shard under each arm.
///
/// Every arm but the dense one takes the dense arm's scores of the same shard as an input, for the
/// divergence. Results are sums per sample. Cost: one forward pass per sample over what its choices
/// share and one over the rest of each, and with `route: best` as many per group.
///
/// Version 5. Raise the version when the same inputs may give other sums.
public enum EvaluateStage: Stage {
  public static let kind = "evaluate"
  public static let version = 5
  public static let summary = "Scores samples under each arm."
  public static let dataUse = DataUse.scored
  public static let usesNumerics = true
  public static let isTarget = true
  public static let internalPorts: Set<String> = [
    "profile", "clusters", "capture", "router", "fallback", "dense", "transform",
  ]

  /// One configuration that is compared.
  public struct Arm: Codable, Sendable, Hashable {
    /// The profile stage, or `nil` for a dense arm.
    var profile: String?
    /// `assign`, `best`, or a classifier stage, for profiles with groups.
    var route: String?
    /// What is made of the route, unless its group is simply taken.
    var policy: Policy?
    /// The probability below which the fallback is used.
    var confidence: Double?
    /// The pooled profile stage that is used where the route is not sure.
    var fallback: String?
    /// How many of the most probable groups are blended.
    var top: Int?
  }

  /// What a spec may set.
  public struct Params: Codable, Sendable {
    var arms: OrderedMap<Arm>
    var split: Split

    enum CodingKeys: String, CodingKey { case arms, split }

    public init(from decoder: any Swift.Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      arms =
        try container.decodeIfPresent(OrderedMap<Arm>.self, forKey: .arms)
        ?? ["dense": Arm()]
      split = try container.decodeIfPresent(Split.self, forKey: .split) ?? .test
    }
  }

  /// What an arm's scores depend on besides the inputs.
  public struct TaskParams: Codable, Sendable {
    /// `nil` for the dense arm.
    var route: Route?
    /// `nil` where the group of the route is simply taken.
    var policy: Policy?
    var confidence: Double?
    var top: Int?
  }

  /// The samples and the model; for an arm with a profile, what gates and routes it.
  public struct Inputs: StageInputs {
    var tokens: Ref<TokenizedShard>
    var model: LeafRef<ModelFiles>
    var profile: Ref<ProfileArtifact>?
    var clusters: Ref<ClusteringArtifact>?
    var capture: Ref<CaptureArtifact>?
    var router: Ref<RouterArtifact>?
    var fallback: Ref<ProfileArtifact>?
    var dense: Ref<EvaluationShard>?
    var transform: Ref<TransformArtifact>?

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      tokens = try ports.read("tokens")
      model = try ports.read("model")
      profile = try ports.read("profile")
      clusters = try ports.read("clusters")
      capture = try ports.read("capture")
      router = try ports.read("router")
      fallback = try ports.read("fallback")
      dense = try ports.read("dense")
      transform = try ports.read("transform")
    }
  }

  public static let parameters = [
    Parameter(
      "arms",
      .map(
        .record(
          [
            Parameter("profile", .stage, "The profile stage; none for a dense arm."),
            Parameter(
              "route", .stage,
              "How a sample finds its group: assign, best, or the name of a classifier stage."),
          ] + policyParameters)), default: .object(["dense": .object([:])]),
      "The configurations to compare."),
    Parameter(
      "split", .choice(Split.allCases.map(\.rawValue)), default: .string("test"),
      "The part of the data that is scored."),
  ]

  /// The name of the dense arm that is planned even if the spec lists none.
  static let implicitDenseArm = "dense"

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let fanOut = FanOut.perShard(asTarget: params.split)
    let common: [String: PortRequest] = [
      "tokens": .artifacts([ArtifactRequest(wiring.stage.input("tokens") ?? "", .sameShard)]),
      "model": .model,
    ]
    let named = params.arms.entries.first { $0.value.profile == nil }?.key
    if named == nil, params.arms[implicitDenseArm] != nil {
      throw PlanProblem(
        "plan.dense-arm", ["arms", implicitDenseArm],
        "the arm 'dense' has a profile, but that name is for the dense arm",
        help: "give the arm another name")
    }
    let dense = named ?? implicitDenseArm
    var templates: [TaskTemplate<TaskParams>] = []
    if named == nil {
      templates.append(
        TaskTemplate(item: dense, params: TaskParams(), inputs: common, fanOut: fanOut))
    }
    for (name, arm) in params.arms {
      guard let profile = arm.profile else {
        try checkDense(arm, name)
        templates.append(
          TaskTemplate(item: name, params: TaskParams(), inputs: common, fanOut: fanOut))
        continue
      }
      let (task, ports) = try routing(of: arm, profile, at: ["arms", name], wiring)
      var inputs = common.merging(ports) { $1 }
      inputs["profile"] = .artifacts([ArtifactRequest(profile, .whole)])
      if let transform = wiring.transform(ofProfile: profile) {
        inputs["transform"] = Wiring.request(transform: transform)
      }
      inputs["dense"] = .artifacts([
        ArtifactRequest(wiring.stage.name, item: dense, .sameShard)
      ])
      templates.append(
        TaskTemplate(item: name, params: task, inputs: inputs, fanOut: fanOut))
    }
    return templates
  }

  public static func resources(for params: TaskParams) -> Resources {
    Resources(threads: 1, memory: 512 << 20)
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> EvaluationShard {
    let shard = try context.load(inputs.tokens)
    let model = try LoadedModel.load(inputs.model, transform: inputs.transform, context)
    let evaluator = Evaluator(model: model.language, policy: shard.policy)
    guard let profileReference = inputs.profile else {
      return try EvaluationShard.dense(shard, evaluator, ForwardWorkspace(), context)
    }
    let profile = try context.load(profileReference).profile
    guard let denseReference = inputs.dense else {
      throw ArtifactError("an arm with a profile needs the dense arm's scores")
    }
    let dense = try context.load(denseReference)
    if let reason = profile.summary.unreachable {
      return EvaluationShard.notApplicable(reason, shard)
    }
    guard dense.digests == shard.digests else {
      throw ArtifactError("the dense arm scored other samples than those of the shard")
    }
    let routing = try SampleRouting(params, inputs, profile, shard, model, evaluator, context)
    let workspace = ForwardWorkspace()
    var scores: [SampleScore] = []
    var routes: [SampleRoute] = []
    for batch in evaluator.batches(shard.samples) {
      try context.checkCancellation()
      let samples = try batch.map { (shard.samples[$0], try dense.reference($0)) }
      let (chosen, found) = try routing.score(samples, of: batch, workspace)
      routes += chosen
      scores += found
      context.progress(batch.upperBound, of: shard.samples.count)
    }
    let isPooled = params.route ?? .pooled == .pooled
    return EvaluationShard(
      digests: shard.digests, scores: scores, groups: isPooled ? [] : routes.map(\.group),
      confidences: routes.compactMap(\.confidence), divergence: dense.divergence, references: nil)
  }
}
