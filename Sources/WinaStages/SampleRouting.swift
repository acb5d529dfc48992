import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity

/// Where a sample goes.
struct SampleRoute {
  /// The number that stands for the fallback among groups.
  static let fallback = -1

  /// The group whose profile is used, the most probable of several, or ``fallback``.
  var group: Int
  /// The groups that are blended with their weights, where there is more than one.
  var blend: [(cluster: Int, weight: Double)] = []
  /// The probability of the most probable group, where there is one.
  var confidence: Double?
  /// What finding the group cost.
  var macs = 0.0
}

/// Sends the samples of a shard to groups and scores them under the profiles of these.
struct SampleRouting {
  private let evaluator: Evaluator
  private let model: LoadedModel
  private let gates: GroupGates
  private let blender: GateBlender?
  private let fallback: GatedArm?
  /// Where every sample goes, or `nil` where every group is tried.
  private let routes: [SampleRoute]?

  /// Routes the samples of a shard.
  init(
    _ params: EvaluateStage.TaskParams, _ inputs: EvaluateStage.Inputs,
    _ profile: SparsityProfile, _ shard: TokenizedShard, _ model: LoadedModel,
    _ evaluator: Evaluator, _ context: any StageContext
  ) throws {
    self.evaluator = evaluator
    self.model = model
    gates = try GroupGates(profile: profile, model: model)
    blender = try params.policy == .blend ? GateBlender(profile, model.language) : nil
    fallback = try inputs.fallback.map { reference in
      let pooled = try context.load(reference).profile
      if let reason = pooled.summary.unreachable {
        throw ArtifactError("the fallback profile cannot be used: \(reason)")
      }
      return try GatedArm(
        ProfileGates.gates(of: pooled, group: 0, for: model.language), for: model.language)
    }
    let finder = RouteFinder(
      params: params, inputs: inputs, shard: shard, groups: profile.summary.groups.count,
      context: context)
    // Routers learn from the model as it is, whatever an arm rotates.
    routes = try finder.routes(LoadedModel.load(inputs.model, context))
  }

  /// Scores a batch of samples under the profile of their group, or of every group to keep the best.
  ///
  /// - Returns: Where every sample went, and its score.
  func score(
    _ samples: [(TokenizedSample, DenseReference)], of batch: Range<Int>,
    _ workspace: ForwardWorkspace
  ) throws -> ([SampleRoute], [SampleScore]) {
    if let routes {
      let own = Array(routes[batch])
      return (own, try scores(samples, own, workspace))
    }
    let all = try gates.arms.indices.map { group in
      try scores(samples, samples.map { _ in SampleRoute(group: group) }, workspace)
    }
    var (chosen, best): ([SampleRoute], [SampleScore]) = ([], [])
    for index in samples.indices {
      let candidates = all.map { $0[index] }
      let group = SampleScore.best(of: candidates)
      chosen.append(SampleRoute(group: group))
      // With one scored token there is no first half to choose by: such samples are left out.
      let hasHalf = candidates[group].first.tokens > 0
      best.append(hasHalf ? candidates[group].secondHalfOnly() : candidates[group].unscored())
    }
    return (chosen, best)
  }

  private func scores(
    _ samples: [(TokenizedSample, DenseReference)], _ routes: [SampleRoute],
    _ workspace: ForwardWorkspace
  ) throws -> [SampleScore] {
    let jobs = try zip(samples, routes).map { sample, route in
      ScoringJob(
        sample.0, arm: try arm(of: route), routerMACs: route.macs, reference: sample.1)
    }
    return try evaluator.score(jobs, workspace: workspace).map(\.score)
  }

  private func arm(of route: SampleRoute) throws -> GatedArm {
    if route.group == SampleRoute.fallback {
      guard let fallback else {
        throw ArtifactError("a sample needs the fallback, but there is none")
      }
      return fallback
    }
    if let blender, route.blend.count > 1 {
      return try GatedArm(blender.gates(route.blend), for: model.language)
    }
    guard gates.arms.indices.contains(route.group) else {
      throw ArtifactError(
        "group \(route.group) is not one of the profile's \(gates.arms.count)")
    }
    return gates.arms[route.group]
  }
}

/// Finds where the samples of a shard go.
private struct RouteFinder {
  let params: EvaluateStage.TaskParams
  let inputs: EvaluateStage.Inputs
  let shard: TokenizedShard
  let groups: Int
  let context: any StageContext

  func routes(_ model: LoadedModel) throws -> [SampleRoute]? {
    switch params.route ?? .pooled {
    case .pooled: return shard.samples.map { _ in SampleRoute(group: 0) }
    case .best: return nil
    case .assign where params.policy == .random, .classifier where params.policy == .random:
      return shard.digests.map {
        SampleRoute(group: ControlRoute.random(digest: $0.bytes, groups: groups))
      }
    case .assign: return try assigned()
    case .classifier: return try classified(model)
    }
  }

  private func assigned() throws -> [SampleRoute] {
    guard let reference = inputs.clusters else {
      throw ArtifactError("route 'assign' needs the clusters")
    }
    let clustering = try context.load(reference)
    let capture = try inputs.capture.map { try context.load($0) }
    return try clustering.traits(shard, capture: capture).map { traits in
      switch params.policy {
      case .worst:
        return SampleRoute(
          group: try ControlRoute.farthest(traits, from: clustering.clustering))
      case .fallback:
        // A label that no group has goes to the fallback.
        if clustering.clustering.summary.algorithm == .label,
          !clustering.groups.contains(traits.label ?? "")
        {
          return SampleRoute(group: SampleRoute.fallback)
        }
        return SampleRoute(group: try clustering.clustering.assign(traits))
      default: return SampleRoute(group: try clustering.clustering.assign(traits))
      }
    }
  }

  private func classified(_ model: LoadedModel) throws -> [SampleRoute] {
    guard let reference = inputs.router else {
      throw ArtifactError("a routed arm needs its classifier")
    }
    let artifact = try context.load(reference)
    guard artifact.groups.count == groups else {
      throw ArtifactError(
        "the router has \(artifact.groups.count) groups, but the profile has \(groups)")
    }
    let extractor = artifact.extractor
    let cost = CostModel(model.shape)
    let rows = try extractor.rows(of: shard, model.language, context)
    return try shard.samples.indices.map { index in
      let prediction = try artifact.router.predict(rows.vector(index))
      var route = route(of: prediction)
      route.confidence = prediction.confidence
      route.macs =
        extractor.macs(of: shard.samples[index], shard.policy, cost)
        + Double(artifact.router.macs(storedFeatures: rows.stored(index)))
        + (params.policy == .fallback ? Double(artifact.router.reachMACs) : 0)
      return route
    }
  }

  private func route(of prediction: RoutePrediction) -> SampleRoute {
    switch params.policy {
    case .worst: return SampleRoute(group: prediction.leastProbable)
    case .fallback:
      let isSure = prediction.confidence >= params.confidence ?? 0 && !prediction.isUnknown
      return SampleRoute(group: isSure ? prediction.cluster : SampleRoute.fallback)
    case .blend:
      let blend = prediction.top(params.top)
      return SampleRoute(group: prediction.cluster, blend: blend)
    case .random, nil: return SampleRoute(group: prediction.cluster)
    }
  }
}
