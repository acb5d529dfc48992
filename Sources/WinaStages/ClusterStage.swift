import WinaPipeline
import WinaSparsity

/// Groups calibration samples: by activation pattern, embedding or tokens, at random, by label or by
/// length.
///
/// Version 4. Raise the version when the same captures and seed may give other groups.
public enum ClusterStage: Stage {
  public static let kind = "cluster"
  public static let version = 4
  public static let summary =
    "Groups samples by activation pattern or words, at random, by label or by length."
  public static let dataUse = DataUse.fitted
  public static let internalPorts: Set<String> = [
    "held_capture", "held_tokens", "first_half", "second_half",
  ]

  /// What random groups have in common with those that they are like.
  public enum Match: String, Codable, Sendable, CaseIterable {
    /// Their sizes.
    case sizes
    /// Their sizes within bins of length, and so their numbers of tokens.
    case lengths
  }

  /// What a spec may set.
  public struct Params: Codable, Sendable {
    var algorithm: ClusterAlgorithm
    var k: Int?
    var seed: UInt64
    var features: FeatureKind
    var score: ScoreMethod
    var layers: Int?
    var normalise: FeatureNormalisation
    var components: Int
    var initialisations: Int
    var linkage: Linkage?
    var level: Double?
    var match: Match?
    var candidates: [Int]?
    var rule: ClusterCountRule?
    var halves: Bool
    var split: Split

    enum CodingKeys: String, CodingKey {
      case algorithm, k, seed, features, score, layers, normalise, linkage, match, halves, split
      case candidates = "k_among"
      case rule = "k_by"
      case level = "at"
      case components = "pca"
      case initialisations = "n_init"
    }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      algorithm =
        try container.decodeIfPresent(ClusterAlgorithm.self, forKey: .algorithm) ?? .kmeans
      k = try container.decodeIfPresent(Int.self, forKey: .k)
      seed = UInt64(clamping: try container.decodeIfPresent(Int.self, forKey: .seed) ?? 1)
      features = try container.decodeIfPresent(FeatureKind.self, forKey: .features) ?? .meanScore
      score = try container.decodeIfPresent(ScoreMethod.self, forKey: .score) ?? .wina
      layers = try container.decodeIfPresent(Int.self, forKey: .layers)
      normalise =
        try container.decodeIfPresent(FeatureNormalisation.self, forKey: .normalise) ?? .l2
      components = try container.decodeIfPresent(Int.self, forKey: .components) ?? 50
      initialisations = try container.decodeIfPresent(Int.self, forKey: .initialisations) ?? 20
      linkage = try container.decodeIfPresent(Linkage.self, forKey: .linkage)
      level = try container.decodeIfPresent(Double.self, forKey: .level)
      match = try container.decodeIfPresent(Match.self, forKey: .match)
      candidates = try container.decodeIfPresent([Int].self, forKey: .candidates)
      rule = try container.decodeIfPresent(ClusterCountRule.self, forKey: .rule)
      halves = try container.decodeIfPresent(Bool.self, forKey: .halves) ?? false
      split = try container.decodeIfPresent(Split.self, forKey: .split) ?? .calibration
    }
  }

  /// What the groups depend on besides the inputs; only what the algorithm uses is there.
  public struct TaskParams: Codable, Sendable {
    var algorithm: ClusterAlgorithm
    var k: Int?
    var seed: UInt64?
    /// What is compared, unless it is mean scores.
    var features: FeatureKind?
    var score: ScoreMethod?
    /// How many of the first layers are compared, unless all.
    var layers: Int?
    /// How features are normalised, unless to unit length.
    var normalise: FeatureNormalisation?
    var components: Int?
    var initialisations: Int?
    var linkage: Linkage?
    /// What random groups have in common with others, unless sizes.
    var match: Match?
    /// The numbers of groups to choose among, and by what.
    var candidates: [Int]?
    var rule: ClusterCountRule?
    /// Whether halves of samples are placed, too.
    var halves: Bool?

    enum CodingKeys: String, CodingKey {
      case algorithm, k, seed, features, score, layers, normalise, linkage, match, halves
      case candidates = "k_among"
      case rule = "k_by"
      case components = "pca"
      case initialisations = "n_init"
    }
  }

  /// Captures or tokens to compare, the sizes to imitate, and the thresholds of active rates.
  public struct Inputs: StageInputs {
    var capture: [Ref<CaptureArtifact>]
    var tokens: [Ref<TokenizedShard>]
    var like: Ref<ClusteringArtifact>?
    var histogram: Ref<HistogramArtifact>?
    var heldCapture: [Ref<CaptureArtifact>]
    var heldTokens: [Ref<TokenizedShard>]
    /// Features of every other routing token.
    var firstHalf: [Ref<CaptureArtifact>]
    var secondHalf: [Ref<CaptureArtifact>]

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      capture = try ports.read("capture")
      tokens = try ports.read("tokens")
      like = try ports.read("like")
      histogram = try ports.read("histogram")
      heldCapture = try ports.read("held_capture")
      heldTokens = try ports.read("held_tokens")
      firstHalf = try ports.read("first_half")
      secondHalf = try ports.read("second_half")
    }
  }

  public static let parameters = [
    Parameter(
      "algorithm", .choice(ClusterAlgorithm.allCases.map(\.rawValue)), default: .string("kmeans"),
      "k-means++ on features or on their directions, merging of nearest clusters, bins of length, "
        + "random groups, or the labels of the data."),
    Parameter(
      "k", .integer(1...100_000), "The number of groups (all but label and random with `like`)."),
    Parameter(
      "k_among", .list(.integer(1...100_000)),
      "Instead of `k`: numbers of groups to choose among, on the validation split."),
    Parameter(
      "k_by", .choice(ClusterCountRule.allCases.map(\.rawValue)),
      "By what the number is chosen; silhouette if not given."),
    Parameter(
      "seed", .integer(0...Int.max), default: .int(1),
      "The seed (kmeans, spherical_kmeans, random)."),
    Parameter(
      "features", .choice(FeatureKind.allCases.map(\.rawValue)), default: .string("mean_score"),
      "What samples are compared by: the mean scores of their routing tokens, how often these exceed "
        + "pooled thresholds, their distribution, the mean embedding, or as a control the tokens."),
    Parameter(
      "score", .choice(["wina", "wina_all", "teal"]), default: .string("wina"),
      "The score that features are made of (mean_score, active_rate, histogram)."),
    Parameter(
      "layers", .integer(1...100_000),
      "How many of the first layers are compared (mean_score, active_rate); all if not given."),
    Parameter(
      "normalise", .choice(FeatureNormalisation.allCases.map(\.rawValue)), default: .string("l2"),
      "Whether each layer and stream is scaled to unit length, each channel to unit deviation, or "
        + "neither."),
    Parameter(
      "pca", .integer(0...10_000), default: .int(50),
      "Principal components that features are reduced to; 0 keeps all."),
    Parameter(
      "n_init", .integer(1...10_000), default: .int(20),
      "Starts of k-means (kmeans, spherical_kmeans)."),
    Parameter(
      "linkage", .choice(Linkage.allCases.map(\.rawValue)),
      "How the distance of two clusters is taken (agglomerative); average if not given."),
    Parameter(
      "at", .number(from: 0, below: 1),
      "The level of the pooled thresholds that active rates are counted against; 0.5 if not given."),
    Parameter(
      "match", .choice(Match.allCases.map(\.rawValue)),
      "What random groups have in common with those they are like: sizes if not given, or sizes "
        + "within bins of length and so numbers of tokens."),
    Parameter(
      "halves", .bool, default: .bool(false),
      "Whether to measure how often both halves of a sample, made of every other routing token, are "
        + "placed alike; activations take two more passes."),
    Parameter(
      "split", .choice(Split.allCases.map(\.rawValue)), default: .string("calibration"),
      "The part of the data that is grouped."),
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    var problems: [ParameterProblem] = []
    let name = params.algorithm.rawValue
    let needsK = params.algorithm.usesFeatures || params.algorithm == .lengthBins
    let mayChoose = params.algorithm == .kmeans || params.algorithm == .sphericalKMeans
    if let candidates = params.candidates {
      if !mayChoose || params.k != nil || candidates.isEmpty {
        problems.append(
          ParameterProblem(
            ["k_among"],
            !mayChoose
              ? "'k_among' is only for kmeans and spherical_kmeans"
              : params.k != nil ? "'k' and 'k_among' are given together" : "'k_among' is empty",
            help: "keep `k`, or give numbers to choose among"))
      }
    } else if params.rule != nil {
      problems.append(
        ParameterProblem(["k_by"], "'k_by' needs 'k_among'", help: "add `k_among: [2, 4, 8]`"))
    }
    if needsK, params.k == nil, params.candidates == nil {
      problems.append(
        ParameterProblem([], "algorithm '\(name)' needs 'k'", help: "add `k: 8`, say"))
    }
    if let k = params.k, k < 1 {
      problems.append(
        ParameterProblem(["k"], "'k' is \(k), but there must be a group", help: "use 1 or more"))
    }
    if params.score.gatesNeurons {
      problems.append(
        ParameterProblem(
          ["score"], "score '\(params.score.rawValue)' has no features",
          help: "use wina, wina_all or teal"))
    }
    for (name, value, least) in [
      ("pca", params.components, 0), ("n_init", params.initialisations, 1),
    ] where value < least {
      problems.append(ParameterProblem([name], "'\(name)' is \(value), below \(least)"))
    }
    let misplaced: [(String, Bool, String)] = [
      (
        "linkage", params.linkage != nil && params.algorithm != .agglomerative,
        "algorithm: agglomerative"
      ),
      (
        "halves", params.halves && !params.algorithm.usesFeatures,
        "algorithms that compare features"
      ),
      ("match", params.match != nil && params.algorithm != .random, "algorithm: random"),
      ("at", params.level != nil && params.features != .activeRate, "features: active_rate"),
      (
        "layers",
        params.layers != nil && params.features != .activeRate && params.features != .meanScore,
        "features: mean_score or active_rate"
      ),
    ]
    for (key, isMisplaced, owner) in misplaced where isMisplaced {
      problems.append(
        ParameterProblem([key], "'\(key)' is only for \(owner)", help: "remove it"))
    }
    if params.normalise == .zscore, params.components == 0, params.algorithm.usesFeatures {
      problems.append(
        ParameterProblem(
          ["normalise"], "normalise 'zscore' needs principal components, but 'pca' is 0",
          help: "give `pca` a number, or use another normalisation"))
    }
    return problems
  }

  /// As many threads as there are where features are clustered.
  public static func resources(for params: TaskParams) -> Resources {
    params.algorithm.usesFeatures ? Resources(threads: 1024, memory: 1 << 30) : Resources()
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> ClusteringArtifact {
    let tokens = try inputs.tokens.map { try context.load($0) }
    var artifact: ClusteringArtifact
    switch params.algorithm {
    case .kmeans, .sphericalKMeans, .agglomerative:
      let fitter = ClusterFitter(
        params: params, tokens: tokens, captures: try inputs.capture.map { try context.load($0) },
        threads: context.threads)
      artifact = try fitter.fit(
        heldTokens: inputs.heldTokens.map { try context.load($0) },
        heldCaptures: inputs.heldCapture.map { try context.load($0) })
      if params.halves == true {
        artifact.report.halves = try fitter.halves(
          of: artifact, inputs.firstHalf.map { try context.load($0) },
          inputs.secondHalf.map { try context.load($0) })
      }
    case .lengthBins: artifact = try ClusteringArtifact.byLength(tokens, bins: params.k ?? 1)
    case .random:
      let like = try inputs.like.map { try context.load($0) }
      if params.match == .lengths, let like {
        artifact = try ClusteringArtifact.random(
          tokens, likeLengthsOf: like, seed: params.seed ?? 1)
      } else {
        let sizes = like?.clustering.summary.sizes ?? [Int](repeating: 1, count: params.k ?? 1)
        artifact = try ClusteringArtifact.random(tokens, like: sizes, seed: params.seed ?? 1)
      }
    case .label: artifact = try ClusteringArtifact.byLabel(tokens)
    }
    try artifact.describe(lengthsOf: tokens)
    return artifact
  }
}
