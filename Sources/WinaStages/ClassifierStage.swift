import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity

/// Trains a router from cheap features of the prompt to clusters.
///
/// It is trained on the routing split, labelled by the cluster stage's own rule. Features are the
/// mean token embedding of the routing tokens: a table look-up, known before the first layer.
///
/// Version 1. Raise the version when the same inputs may give another router.
public enum ClassifierStage: Stage {
  public static let kind = "classifier"
  public static let version = 1
  public static let summary = "Trains a router from prompt features to clusters."
  public static let dataUse = DataUse.fitted

  /// What the router looks at.
  public enum Feature: String, Codable, Sendable, CaseIterable { case embedding }

  /// What a spec may set.
  public struct Params: Codable, Sendable {
    var features: Feature
    var model: RouterModel
    var l2: Double
    var split: Split

    enum CodingKeys: String, CodingKey { case features, model, l2, split }

    public init(from decoder: any Swift.Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      features = try container.decodeIfPresent(Feature.self, forKey: .features) ?? .embedding
      model = try container.decodeIfPresent(RouterModel.self, forKey: .model) ?? .logistic
      l2 = try container.decodeIfPresent(Double.self, forKey: .l2) ?? 1e-3
      split = try container.decodeIfPresent(Split.self, forKey: .split) ?? .routing
    }
  }

  /// What the router depends on besides the inputs.
  public struct TaskParams: Codable, Sendable {
    var features: Feature
    var model: RouterModel
    var l2: Double
  }

  /// The clusters, the samples to learn from, and the embedding table.
  public struct Inputs: StageInputs {
    var labels: Ref<ClusteringArtifact>
    var tokens: [Ref<TokenizedShard>]
    var capture: [Ref<CaptureArtifact>]
    var model: LeafRef<ModelFiles>

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      labels = try ports.read("labels")
      tokens = try ports.read("tokens")
      capture = try ports.read("capture")
      model = try ports.read("model")
    }
  }

  public static let parameters = [
    Parameter(
      "features", .choice(Feature.allCases.map(\.rawValue)), default: .string("embedding"),
      "What the router looks at: the mean embedding of the routing tokens."),
    Parameter(
      "model", .choice(RouterModel.allCases.map(\.rawValue)), default: .string("logistic"),
      "Multinomial logistic regression, or the nearest mean of a cluster."),
    Parameter(
      "l2", .number(from: 0, below: 1e9), default: .double(1e-3),
      "The weight of the squared norm in logistic regression."),
    Parameter(
      "split", .choice(Split.allCases.map(\.rawValue)), default: .string("routing"),
      "The part of the data to learn from."),
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    guard !(params.l2 >= 0 && params.l2.isFinite) else { return [] }
    return [ParameterProblem(["l2"], "'l2' is below zero", help: "write 0 or more")]
  }

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let stage = wiring.stage
    let labels = stage.input("labels") ?? ""
    var inputs: [String: PortRequest] = [
      "labels": .artifacts([ArtifactRequest(labels, .whole)]),
      "tokens": .artifacts([ArtifactRequest(stage.input("tokens") ?? "", .split(params.split))]),
      "model": .model,
    ]
    if let capture = wiring.capture(assigningTo: labels, .split(params.split)) {
      inputs["capture"] = .artifacts([capture])
    }
    return [
      TaskTemplate(
        params: TaskParams(features: params.features, model: params.model, l2: params.l2),
        inputs: inputs, fanOut: .once)
    ]
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> RouterArtifact {
    let clustering = try context.load(inputs.labels)
    let language = try LoadedModel.load(inputs.model, context).language
    var features: [Double] = []
    var labels: [Int] = []
    for (index, reference) in inputs.tokens.enumerated() {
      try context.checkCancellation()
      let shard = try context.load(reference)
      let capture = inputs.capture.isEmpty ? nil : try context.load(inputs.capture[index])
      labels += try clustering.assign(shard, capture: capture)
      for sample in shard.samples {
        features += try RoutingFeatures.embedding(of: sample, shard.policy, language)
      }
    }
    let router = try Router.fit(
      features: features, labels: labels, classes: clustering.groups.count,
      options: RouterOptions(model: params.model, l2: params.l2))
    let report = try RouterReport(router: router, features: features, labels: labels)
    return RouterArtifact(router: router, training: report, groups: clustering.groups)
  }
}

/// What routers look at.
enum RoutingFeatures {
  /// The mean embedding of the tokens that routing may see, shape [D].
  static func embedding(
    of sample: TokenizedSample, _ policy: EvaluationPolicy, _ model: LanguageModel
  ) throws -> [Double] {
    try model.embedding(of: sample.routingTokens(policy)).map(Double.init)
  }
}
