import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity

extension ClassifierStage {
  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> ClassifierOutput {
    switch params.part {
    case nil: return .router(try router(params, inputs, context))
    case .features:
      guard let reference = inputs.tokens.first else {
        throw ArtifactError("features need the tokens of a shard")
      }
      let shard = try context.load(reference)
      let language = try LoadedModel.load(inputs.model, context).language
      let rows = try extractor(params, inputs, context).rows(of: shard, language, context)
      return .features(FeatureShard(digests: shard.digests, rows: rows))
    case .regret: return .regrets(try regrets(inputs, context))
    }
  }

  /// Trains a router, and calibrates and measures it where there are validation samples.
  private static func router(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> RouterArtifact {
    guard let reference = inputs.labels.first else {
      throw ArtifactError("a router needs the clusters that it routes to")
    }
    let clustering = try context.load(reference)
    let extractor = try extractor(params, inputs, context)
    let data = RoutingData(
      clustering: clustering, extractor: extractor, model: inputs.model, context: context)
    let classes = clustering.groups.count
    let training = try data.inputs(
      inputs.tokens, inputs.capture, inputs.features, inputs.regrets)
    var router = try Router.fit(
      training.inputs.rows, labels: training.inputs.labels, classes: classes,
      regrets: training.inputs.regrets,
      options: params.options)
    var validation: RouterArtifact.Validation?
    if !inputs.validationTokens.isEmpty {
      let heldOut = try data.inputs(
        inputs.validationTokens, inputs.validationCapture, inputs.validationFeatures,
        inputs.validationRegrets)
      let before = try RouterReport(
        router: router, rows: heldOut.inputs.rows, labels: heldOut.inputs.labels)
      router = try router.calibrated(heldOut.inputs.rows, labels: heldOut.inputs.labels)
      let after = try RouterReport(
        router: router, rows: heldOut.inputs.rows, labels: heldOut.inputs.labels,
        regrets: heldOut.inputs.regrets)
      validation = RouterArtifact.Validation(
        report: after, uncalibratedError: before.calibrationError,
        uncalibratedNegativeLogLikelihood: before.negativeLogLikelihood,
        curve: try LearningCurve(
          training: training.inputs, heldOut: heldOut.inputs, whole: after, classes: classes,
          options: params.options))
      if params.leaveOut == true {
        validation?.leftOut = try LeftOutLabel.measure(
          training: training.inputs, names: training.names, heldOut: heldOut.inputs,
          heldOutNames: heldOut.names, router: router, options: params.options)
      }
    }
    let report = try RouterReport(
      router: router, rows: training.inputs.rows, labels: training.inputs.labels,
      regrets: training.inputs.regrets)
    return RouterArtifact(
      router: router, features: extractor.features, thresholds: extractor.thresholds,
      training: report, validation: validation, groups: clustering.groups)
  }

  private static func extractor(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> FeatureExtractor {
    let features = params.description
    guard features.kind == .earlyLayers else {
      return FeatureExtractor(features: features, thresholds: [])
    }
    guard let reference = inputs.histogram else {
      throw ArtifactError("features 'early_layers' need the thresholds of a histogram")
    }
    let histograms = try context.load(reference).histograms
    let layers = features.layers ?? 1
    guard layers <= histograms.layout.layers else {
      throw ArtifactError(
        "features of the first \(layers) layers need as many, but the model has "
          + "\(histograms.layout.layers): use fewer 'layers'")
    }
    return FeatureExtractor(
      features: features,
      thresholds: try FeatureExtractor.thresholds(
        of: histograms, layers: layers, sparsity: features.sparsity ?? 0.5))
  }

  /// Scores every sample of a shard densely and under the profile of every group.
  private static func regrets(
    _ inputs: Inputs, _ context: any StageContext
  ) throws -> RegretShard {
    guard let tokens = inputs.tokens.first, let reference = inputs.profile else {
      throw ArtifactError("regrets need the tokens of a shard and a profile")
    }
    let shard = try context.load(tokens)
    let profile = try context.load(reference).profile
    let groups = profile.summary.groups.count
    guard profile.summary.unreachable == nil else {
      return RegretShard(
        digests: shard.digests, groups: groups,
        regrets: [Double](repeating: .nan, count: shard.samples.count * groups))
    }
    let model = try LoadedModel.load(inputs.model, context)
    let evaluator = Evaluator(model: model.language, policy: shard.policy)
    let gates = try GroupGates(profile: profile, model: model)
    let workspace = ForwardWorkspace()
    var regrets: [Double] = []
    for batch in evaluator.batches(shard.samples) {
      try context.checkCancellation()
      let samples = Array(shard.samples[batch])
      let dense = try evaluator.score(
        samples.map { ScoringJob($0, keepsReference: true) }, workspace: workspace)
      let costs = try gates.arms.map { arm in
        let jobs = zip(samples, dense).map {
          ScoringJob($0, arm: arm, reference: $1.reference)
        }
        return try evaluator.score(jobs, workspace: workspace).map(\.score.total)
      }
      for index in samples.indices {
        regrets += costs.map { $0[index].kl / Double($0[index].tokens) }
      }
      context.progress(batch.upperBound, of: shard.samples.count)
    }
    return RegretShard(digests: shard.digests, groups: groups, regrets: regrets)
  }

  public static func resources(for params: TaskParams) -> Resources {
    params.part == nil ? Resources() : Resources(threads: 1, memory: 512 << 20)
  }
}

/// Gathers what a router is trained or measured on.
private struct RoutingData {
  let clustering: ClusteringArtifact
  let extractor: FeatureExtractor
  let model: LeafRef<ModelFiles>
  let context: any StageContext

  /// Labels samples by the clustering's own rule and puts their features and regrets beside them.
  ///
  /// - Returns: The inputs, and the labels that the data give the samples.
  func inputs(
    _ tokens: [Ref<TokenizedShard>], _ captures: [Ref<CaptureArtifact>],
    _ features: [Ref<FeatureShard>], _ regrets: [Ref<RegretShard>]
  ) throws -> (inputs: RoutedInputs, names: [String]) {
    var names: [String] = []
    var rows: [FeatureRows] = []
    var labels: [Int] = []
    var costs: [Double] = []
    for (index, reference) in tokens.enumerated() {
      try context.checkCancellation()
      let shard = try context.load(reference)
      let capture = captures.isEmpty ? nil : try context.load(captures[index])
      labels += try clustering.assign(shard, capture: capture)
      names += shard.samples.map(\.label)
      rows.append(try self.rows(shard, features.isEmpty ? nil : features[index]))
      guard !regrets.isEmpty else { continue }
      let known = try context.load(regrets[index])
      guard known.digests == shard.digests, known.groups == clustering.groups.count else {
        throw ArtifactError("the regrets are of other samples or groups than the router's")
      }
      costs += known.regrets
    }
    let inputs = RoutedInputs(
      rows: try FeatureRows.joined(rows), labels: labels, regrets: regrets.isEmpty ? nil : costs)
    return (inputs, names)
  }

  private func rows(
    _ shard: TokenizedShard, _ reference: Ref<FeatureShard>?
  ) throws -> FeatureRows {
    guard let reference else {
      return try extractor.rows(of: shard, LoadedModel.load(model, context).language, context)
    }
    let known = try context.load(reference)
    guard known.digests == shard.digests else {
      throw ArtifactError("the features are of other samples than the tokens")
    }
    return known.rows
  }
}
