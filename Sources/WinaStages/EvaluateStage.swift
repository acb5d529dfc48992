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
/// Version 3. Raise the version when the same inputs may give other sums.
public enum EvaluateStage: Stage {
  public static let kind = "evaluate"
  public static let version = 3
  public static let summary = "Scores samples under each arm."
  public static let dataUse = DataUse.scored
  public static let usesNumerics = true
  public static let isTarget = true
  public static let internalPorts: Set<String> = [
    "profile", "clusters", "capture", "router", "dense", "transform",
  ]

  /// One configuration that is compared.
  public struct Arm: Codable, Sendable, Hashable {
    /// The profile stage, or `nil` for a dense arm.
    var profile: String?
    /// `assign`, `best`, or a classifier stage, for profiles with groups.
    var route: String?
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

  /// How a sample finds its group.
  public enum Route: String, Codable, Sendable {
    case pooled, assign, best, classifier
  }

  /// What an arm's scores depend on besides the inputs.
  public struct TaskParams: Codable, Sendable {
    /// `nil` for the dense arm.
    var route: Route?
  }

  /// The samples and the model; for an arm with a profile, what gates and routes it.
  public struct Inputs: StageInputs {
    var tokens: Ref<TokenizedShard>
    var model: LeafRef<ModelFiles>
    var profile: Ref<ProfileArtifact>?
    var clusters: Ref<ClusteringArtifact>?
    var capture: Ref<CaptureArtifact>?
    var router: Ref<RouterArtifact>?
    var dense: Ref<EvaluationShard>?
    var transform: Ref<TransformArtifact>?

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      tokens = try ports.read("tokens")
      model = try ports.read("model")
      profile = try ports.read("profile")
      clusters = try ports.read("clusters")
      capture = try ports.read("capture")
      router = try ports.read("router")
      dense = try ports.read("dense")
      transform = try ports.read("transform")
    }
  }

  public static let parameters = [
    Parameter(
      "arms",
      .map(
        .record([
          Parameter("profile", .stage, "The profile stage; none for a dense arm."),
          Parameter(
            "route", .stage,
            "How a sample finds its group: assign, best, or the name of a classifier stage."),
        ])), default: .object(["dense": .object([:])]), "The configurations to compare."),
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
        if arm.route != nil {
          throw PlanProblem(
            "plan.route", ["arms", name, "route"], "arm '\(name)' has a route but no profile",
            help: "add `profile: STAGE`, or remove the route")
        }
        templates.append(
          TaskTemplate(item: name, params: TaskParams(), inputs: common, fanOut: fanOut))
        continue
      }
      let (route, ports) = try routing(of: arm, profile, at: ["arms", name], wiring)
      var inputs = common.merging(ports) { $1 }
      inputs["profile"] = .artifacts([ArtifactRequest(profile, .whole)])
      if let transform = wiring.transform(ofProfile: profile) {
        inputs["transform"] = Wiring.request(transform: transform)
      }
      inputs["dense"] = .artifacts([
        ArtifactRequest(wiring.stage.name, item: dense, .sameShard)
      ])
      templates.append(
        TaskTemplate(item: name, params: TaskParams(route: route), inputs: inputs, fanOut: fanOut))
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
    let workspace = ForwardWorkspace()
    guard let profileReference = inputs.profile else {
      return try EvaluationShard.dense(shard, evaluator, workspace, context)
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
    let gates = try GroupGates(profile: profile, model: model)
    let route = params.route ?? .pooled
    let assigned = try groupOfSamples(route, inputs, shard, context)
    let routerMACs = try inputs.router.map { Double(try context.load($0).router.macs) } ?? 0
    let scoring = GroupScoring(
      evaluator: evaluator, gates: gates, routerMACs: routerMACs, workspace: workspace)
    var scores: [SampleScore] = []
    var groups: [Int] = []
    for batch in evaluator.batches(shard.samples) {
      try context.checkCancellation()
      let samples = try batch.map { (shard.samples[$0], try dense.reference($0)) }
      let (chosen, found) = try scoring.score(samples, groups: assigned.map { Array($0[batch]) })
      groups += chosen
      scores += found
      context.progress(batch.upperBound, of: shard.samples.count)
    }
    return EvaluationShard(
      digests: shard.digests, scores: scores, groups: route == .pooled ? [] : groups,
      divergence: dense.divergence, references: nil)
  }

  /// The group of every sample, or `nil` where every group is tried.
  private static func groupOfSamples(
    _ route: Route, _ inputs: Inputs, _ shard: TokenizedShard, _ context: any StageContext
  ) throws -> [Int]? {
    switch route {
    case .pooled: return [Int](repeating: 0, count: shard.samples.count)
    case .best: return nil
    case .assign:
      guard let clusters = inputs.clusters else {
        throw ArtifactError("route 'assign' needs the clusters")
      }
      let capture = try inputs.capture.map { try context.load($0) }
      return try context.load(clusters).assign(shard, capture: capture)
    case .classifier:
      guard let reference = inputs.router else {
        throw ArtifactError("a routed arm needs its classifier")
      }
      let router = try context.load(reference).router
      // Routers learn from embeddings as they are, whatever the arm rotates.
      let model = try LoadedModel.load(inputs.model, context)
      return try shard.samples.map {
        try router.predict(
          RoutingFeatures.embedding(of: $0, shard.policy, model.language)
        ).cluster
      }
    }
  }
}

/// Scores samples under the profiles of groups.
private struct GroupScoring {
  let evaluator: Evaluator
  let gates: GroupGates
  let routerMACs: Double
  let workspace: ForwardWorkspace

  /// Scores samples under the profile of their group, or of every group to keep the best.
  ///
  /// - Returns: The group of every sample, and its score.
  func score(
    _ samples: [(TokenizedSample, DenseReference)], groups: [Int]?
  ) throws -> ([Int], [SampleScore]) {
    if let groups {
      return (groups, try scores(samples, groups))
    }
    let all = try gates.arms.indices.map { group in
      try scores(samples, Array(repeating: group, count: samples.count))
    }
    var (chosen, best): ([Int], [SampleScore]) = ([], [])
    for index in samples.indices {
      let candidates = all.map { $0[index] }
      chosen.append(SampleScore.best(of: candidates))
      best.append(candidates[chosen[index]].secondHalfOnly())
    }
    return (chosen, best)
  }

  private func scores(
    _ samples: [(TokenizedSample, DenseReference)], _ groups: [Int]
  ) throws -> [SampleScore] {
    let jobs = try zip(samples, groups).map { sample, group in
      guard gates.arms.indices.contains(group) else {
        throw ArtifactError("group \(group) is not one of the profile's \(gates.arms.count)")
      }
      return ScoringJob(
        sample.0, arm: gates.arms[group], routerMACs: routerMACs, reference: sample.1)
    }
    return try evaluator.score(jobs, workspace: workspace).map(\.score)
  }
}
