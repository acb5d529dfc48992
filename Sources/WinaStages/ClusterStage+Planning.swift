import WinaPipeline
import WinaSparsity

extension ClusterStage {
  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let stage = wiring.stage
    if params.algorithm != .random, stage.input("like") != nil {
      throw PlanProblem(
        "plan.like", ["like"], "'like' is only for algorithm 'random'", help: "remove it")
    }
    var inputs: [String: PortRequest] = [:]
    var task = TaskParams(algorithm: params.algorithm)
    let samples = PortRequest.artifacts([
      ArtifactRequest(stage.input("tokens") ?? "", .split(params.split))
    ])
    switch params.algorithm {
    case .kmeans, .sphericalKMeans, .agglomerative:
      try addFeatures(params, wiring, to: &task, &inputs)
    case .lengthBins:
      inputs["tokens"] = samples
      task.k = params.k
    case .random:
      inputs["tokens"] = samples
      task.seed = params.seed
      if let like = stage.input("like") {
        inputs["like"] = .artifacts([ArtifactRequest(like, .whole)])
        task.match = params.match == .lengths ? .lengths : nil
      } else {
        guard params.k != nil else {
          throw PlanProblem(
            "plan.random-clusters", [], "algorithm 'random' needs 'like' or 'k'",
            help: "name the clusters whose sizes to imitate: `like: CLUSTERS`")
        }
        guard params.match != .lengths else {
          throw PlanProblem(
            "plan.random-clusters", ["match"], "there are no clusters to match in length",
            help: "name them: `like: CLUSTERS`")
        }
        task.k = params.k
      }
    case .label: inputs["tokens"] = samples
    }
    return [TaskTemplate(params: task, inputs: inputs, fanOut: .once)]
  }

  /// What clusters of features take.
  private static func addFeatures(
    _ params: Params, _ wiring: Wiring, to task: inout TaskParams,
    _ inputs: inout [String: PortRequest]
  ) throws(PlanProblem) {
    let stage = wiring.stage
    task.k = params.k
    task.components = params.components
    task.normalise = params.normalise == .l2 ? nil : params.normalise
    task.layers = params.layers
    if params.algorithm == .agglomerative {
      task.linkage = params.linkage ?? .average
    } else {
      task.seed = params.seed
      task.initialisations = params.initialisations
    }
    task.features = params.features == .meanScore ? nil : params.features
    task.halves = params.halves ? true : nil
    if let candidates = params.candidates {
      (task.candidates, task.rule) = (candidates, params.rule ?? .silhouette)
    }
    // Lengths and agreement with labels are reported of every clustering.
    inputs["tokens"] = .artifacts([
      ArtifactRequest(stage.input("tokens") ?? "", .split(params.split))
    ])
    guard !params.features.isOfTokens else {
      if params.candidates != nil {
        inputs["held_tokens"] = .artifacts([
          ArtifactRequest(stage.input("tokens") ?? "", .split(.validation))
        ])
      }
      return
    }
    if params.features != .embedding { task.score = params.score }
    if params.features == .activeRate {
      guard let name = stage.input("histogram") else {
        throw PlanProblem(
          "plan.missing-input", ["features"],
          "active rates are counted against the thresholds of a histogram",
          help: "name one: `histogram: STAGE`")
      }
      let histogram = try wiring.require(name, kinds: [HistogramStage.kind], at: ["histogram"])
      try ProfileStage.checkCapture(params.score, histogram, wiring)
      try wiring.requireBasis(
        name, transform: wiring.transform(ofCapture: stage.input("capture")), at: ["histogram"],
        "histogram '\(name)'", with: "the clusters")
    }
    inputs["capture"] = .artifacts([
      ArtifactRequest(
        stage.input("capture") ?? "", .split(params.split), variant: featurePass(of: stage))
    ])
    if params.candidates != nil {
      inputs["held_capture"] = .artifacts([
        ArtifactRequest(
          stage.input("capture") ?? "", .split(.validation), variant: featurePass(of: stage))
      ])
    }
    guard params.halves else { return }
    for half in RouteFeatures.Half.allCases {
      inputs[half.rawValue + "_half"] = .artifacts([
        ArtifactRequest(
          stage.input("capture") ?? "", .split(params.split),
          variant: featurePass(of: stage, half: half))
      ])
    }
  }

  /// How capture has to differ to keep the features of a cluster stage, or those of a half of the
  /// routing tokens.
  static func featurePass(of stage: WiredStage, half: RouteFeatures.Half? = nil) -> Variant {
    guard let kind = stage.text("features").flatMap(FeatureKind.init(rawValue:)),
      kind.needsPass || (half != nil && kind == .meanScore)
    else { return Variant() }
    var features: [String: JSONValue] = ["kind": .string(kind.rawValue)]
    var label = "features=" + kind.rawValue
    if let half {
      features["half"] = .string(half.rawValue)
      label += ":" + half.rawValue + "_half"
    }
    if kind != .embedding, kind != .meanScore {
      let score = stage.text("score") ?? ScoreMethod.wina.rawValue
      features["score"] = .string(score)
      label += ":" + score
    }
    var variant = Variant()
    if kind == .activeRate {
      let level = stage.params["at"]?.number ?? 0.5
      features["level"] = .double(level)
      label += "@\(JSONValue.double(level).canonicalText):" + (stage.input("histogram") ?? "")
      variant.inputs["thresholds"] = .artifacts([
        ArtifactRequest(stage.input("histogram") ?? "", .whole)
      ])
    }
    variant.label = label
    variant.params["features"] = .object(features)
    return variant
  }
}

extension Wiring {
  /// The capture that a cluster stage's rule needs to place new samples, if it needs one.
  func capture(assigningTo clusters: String, _ scope: ArtifactRequest.Scope) -> ArtifactRequest? {
    guard let stage = clusterStage(clusters), let kind = featureKind(of: stage), !kind.isOfTokens
    else { return nil }
    return ArtifactRequest(
      stage.input("capture") ?? "", scope, variant: ClusterStage.featurePass(of: stage))
  }

  /// The tokens that a cluster stage's rule needs to place new samples, if it needs them.
  func tokens(assigningTo clusters: String, _ scope: ArtifactRequest.Scope) -> ArtifactRequest? {
    guard let stage = clusterStage(clusters) else { return nil }
    let algorithm = stage.text("algorithm").flatMap(ClusterAlgorithm.init(rawValue:)) ?? .kmeans
    let isByLength =
      algorithm == .lengthBins
      || (algorithm == .random && stage.text("match") == ClusterStage.Match.lengths.rawValue)
    guard isByLength || featureKind(of: stage)?.isOfTokens == true else { return nil }
    return ArtifactRequest(stage.input("tokens") ?? "", scope)
  }

  private func clusterStage(_ name: String) -> WiredStage? {
    stages[name].flatMap { $0.kind == ClusterStage.kind ? $0 : nil }
  }

  private func featureKind(of stage: WiredStage) -> FeatureKind? {
    let algorithm = stage.text("algorithm").flatMap(ClusterAlgorithm.init(rawValue:)) ?? .kmeans
    guard algorithm.usesFeatures else { return nil }
    return stage.text("features").flatMap(FeatureKind.init(rawValue:)) ?? .meanScore
  }
}
