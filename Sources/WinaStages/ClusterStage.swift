import WinaPipeline
import WinaSparsity

/// Groups calibration samples: by activation pattern or tokens, at random, or by label.
///
/// Version 1. Raise the version when the same captures and seed may give other groups.
public enum ClusterStage: Stage {
  public static let kind = "cluster"
  public static let version = 1
  public static let summary =
    "Groups samples by activation pattern or words, at random, or by label."
  public static let dataUse = DataUse.fitted

  /// How samples are grouped.
  public enum Algorithm: String, Codable, Sendable, CaseIterable {
    case kmeans, random, label
  }

  /// What a spec may set.
  public struct Params: Codable, Sendable {
    var algorithm: Algorithm
    var k: Int?
    var seed: UInt64
    var features: FeatureKind
    var score: ScoreMethod
    var components: Int
    var initialisations: Int
    var split: Split

    enum CodingKeys: String, CodingKey {
      case algorithm, k, seed, features, score, split
      case components = "pca"
      case initialisations = "n_init"
    }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      algorithm = try container.decodeIfPresent(Algorithm.self, forKey: .algorithm) ?? .kmeans
      k = try container.decodeIfPresent(Int.self, forKey: .k)
      seed = UInt64(clamping: try container.decodeIfPresent(Int.self, forKey: .seed) ?? 1)
      features = try container.decodeIfPresent(FeatureKind.self, forKey: .features) ?? .meanScore
      score = try container.decodeIfPresent(ScoreMethod.self, forKey: .score) ?? .wina
      components = try container.decodeIfPresent(Int.self, forKey: .components) ?? 50
      initialisations = try container.decodeIfPresent(Int.self, forKey: .initialisations) ?? 20
      split = try container.decodeIfPresent(Split.self, forKey: .split) ?? .calibration
    }
  }

  /// What the groups depend on besides the inputs.
  public struct TaskParams: Codable, Sendable {
    var algorithm: Algorithm
    var k: Int?
    var seed: UInt64?
    /// What is compared, unless it is mean scores.
    var features: FeatureKind?
    var score: ScoreMethod?
    var components: Int?
    var initialisations: Int?

    enum CodingKeys: String, CodingKey {
      case algorithm, k, seed, features, score
      case components = "pca"
      case initialisations = "n_init"
    }
  }

  /// Captures for k-means, tokens for labels and digests, and the sizes to imitate.
  public struct Inputs: StageInputs {
    var capture: [Ref<CaptureArtifact>]
    var tokens: [Ref<TokenizedShard>]
    var like: Ref<ClusteringArtifact>?

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      capture = try ports.read("capture")
      tokens = try ports.read("tokens")
      like = try ports.read("like")
    }
  }

  public static let parameters = [
    Parameter(
      "algorithm", .choice(Algorithm.allCases.map(\.rawValue)), default: .string("kmeans"),
      "k-means++ on the features, random groups, or the labels of the data."),
    Parameter("k", .integer(1...100_000), "The number of groups (kmeans; random without `like`)."),
    Parameter("seed", .integer(0...Int.max), default: .int(1), "The seed (kmeans, random)."),
    Parameter(
      "features", .choice(FeatureKind.allCases.map(\.rawValue)), default: .string("mean_score"),
      "What samples are compared by: their mean scores, or as a control their prompts' tokens."),
    Parameter(
      "score", .choice(["wina", "wina_all", "teal"]), default: .string("wina"),
      "The score whose means are the features (mean_score)."),
    Parameter(
      "pca", .integer(0...10_000), default: .int(50),
      "Principal components that features are reduced to; 0 keeps all."),
    Parameter("n_init", .integer(1...10_000), default: .int(20), "Starts of k-means."),
    Parameter(
      "split", .choice(Split.allCases.map(\.rawValue)), default: .string("calibration"),
      "The part of the data that is grouped."),
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    var problems: [ParameterProblem] = []
    if params.algorithm == .kmeans, params.k == nil {
      problems.append(
        ParameterProblem([], "algorithm 'kmeans' needs 'k'", help: "add `k: 8`, say"))
    }
    if let k = params.k, k < 1 {
      problems.append(
        ParameterProblem(["k"], "'k' is \(k), but there must be a group", help: "use 1 or more"))
    }
    if params.score == .cats {
      problems.append(
        ParameterProblem(
          ["score"], "score 'cats' has no features", help: "use wina, wina_all or teal"))
    }
    for (name, value, least) in [
      ("pca", params.components, 0), ("n_init", params.initialisations, 1),
    ] where value < least {
      problems.append(ParameterProblem([name], "'\(name)' is \(value), below \(least)"))
    }
    return problems
  }

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let stage = wiring.stage
    var inputs: [String: PortRequest] = [:]
    var task = TaskParams(algorithm: params.algorithm)
    let samples = PortRequest.artifacts([
      ArtifactRequest(stage.input("tokens") ?? "", .split(params.split))
    ])
    switch params.algorithm {
    case .kmeans:
      if params.features == .meanScore {
        inputs["capture"] = .artifacts([
          ArtifactRequest(stage.input("capture") ?? "", .split(params.split))
        ])
        task.score = params.score
      } else {
        inputs["tokens"] = samples
        task.features = params.features
      }
      task.k = params.k
      task.seed = params.seed
      task.components = params.components
      task.initialisations = params.initialisations
    case .random:
      guard let like = stage.input("like") else {
        guard params.k != nil else {
          throw PlanProblem(
            "plan.random-clusters", [], "algorithm 'random' needs 'like' or 'k'",
            help: "name the clusters whose sizes to imitate: `like: CLUSTERS`")
        }
        inputs["tokens"] = samples
        task.k = params.k
        task.seed = params.seed
        break
      }
      inputs["like"] = .artifacts([ArtifactRequest(like, .whole)])
      inputs["tokens"] = samples
      task.seed = params.seed
    case .label:
      inputs["tokens"] = samples
    }
    if params.algorithm != .random, stage.input("like") != nil {
      throw PlanProblem(
        "plan.like", ["like"], "'like' is only for algorithm 'random'", help: "remove it")
    }
    return [TaskTemplate(params: task, inputs: inputs, fanOut: .once)]
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> ClusteringArtifact {
    switch params.algorithm {
    case .kmeans:
      let options = KMeansOptions(
        k: params.k ?? 1, seed: params.seed ?? 1, initialisations: params.initialisations ?? 20)
      if params.features == .bagOfTokens {
        return try ClusteringArtifact.kmeans(
          inputs.tokens.map { try context.load($0) }, components: params.components ?? 50,
          options: options)
      }
      return try ClusteringArtifact.kmeans(
        inputs.capture.map { try context.load($0) }, score: params.score ?? .wina,
        components: params.components ?? 50, options: options)
    case .random:
      let sizes =
        try inputs.like.map { try context.load($0).clustering.summary.sizes }
        ?? [Int](repeating: 1, count: params.k ?? 1)
      return try ClusteringArtifact.random(
        inputs.tokens.map { try context.load($0) }, like: sizes, seed: params.seed ?? 1)
    case .label:
      return try ClusteringArtifact.byLabel(inputs.tokens.map { try context.load($0) })
    }
  }
}
