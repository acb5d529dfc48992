import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity

/// Trains a router from cheap features of the prompt to clusters.
///
/// It is trained on the routing split, labelled by the cluster stage's own rule, and with `calibrate`
/// calibrated and measured on the validation split. What costs forward passes is made shard by shard
/// in tasks of its own, which other routers share: features that the model must run for, and with
/// `profile` what the profile of every group costs on every sample.
///
/// Version 2. Raise the version when the same inputs may give another router.
public enum ClassifierStage: Stage {
  public static let kind = "classifier"
  public static let version = 2
  public static let summary = "Trains a router from prompt features to clusters."
  public static let dataUse = DataUse.fitted
  public static let usesNumerics = true
  public static let internalPorts: Set<String> = [
    "features", "regrets", "validation_tokens", "validation_capture", "validation_features",
    "validation_regrets",
  ]

  /// What a spec may set.
  public struct Params: Codable, Sendable {
    var features: RouterFeatures.Kind
    var layers: Int
    var pooling: RouterFeatures.Pooling
    var buckets: Int
    var sparsity: Double
    var model: RouterModel
    var l2: Double
    var hiddenUnits: Int
    var neighbours: Int
    var balance: Double
    var seed: UInt64
    var calibrate: Bool
    var leaveOut: Bool
    var split: Split

    enum CodingKeys: String, CodingKey {
      case features, layers, pooling, buckets, sparsity, model, l2, neighbours, balance, seed
      case calibrate, split
      case hiddenUnits = "hidden_units"
      case leaveOut = "leave_out"
    }

    public init(from decoder: any Swift.Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      let options = RouterOptions()
      features =
        try container.decodeIfPresent(RouterFeatures.Kind.self, forKey: .features) ?? .embedding
      layers = try container.decodeIfPresent(Int.self, forKey: .layers) ?? 2
      pooling =
        try container.decodeIfPresent(RouterFeatures.Pooling.self, forKey: .pooling) ?? .mean
      buckets = try container.decodeIfPresent(Int.self, forKey: .buckets) ?? 4096
      sparsity = try container.decodeIfPresent(Double.self, forKey: .sparsity) ?? 0.5
      model = try container.decodeIfPresent(RouterModel.self, forKey: .model) ?? .logistic
      l2 = try container.decodeIfPresent(Double.self, forKey: .l2) ?? options.l2
      hiddenUnits =
        try container.decodeIfPresent(Int.self, forKey: .hiddenUnits) ?? options.hiddenUnits
      neighbours =
        try container.decodeIfPresent(Int.self, forKey: .neighbours) ?? options.neighbours
      balance = try container.decodeIfPresent(Double.self, forKey: .balance) ?? options.balance
      seed = UInt64(clamping: try container.decodeIfPresent(Int.self, forKey: .seed) ?? 1)
      calibrate = try container.decodeIfPresent(Bool.self, forKey: .calibrate) ?? false
      leaveOut = try container.decodeIfPresent(Bool.self, forKey: .leaveOut) ?? false
      split = try container.decodeIfPresent(Split.self, forKey: .split) ?? .routing
    }
  }

  /// What a task makes, where it is not a router.
  public enum Part: String, Codable, Sendable {
    /// What the profile of every group costs on the samples of a shard.
    case regret
    /// The features of the samples of a shard.
    case features
  }

  /// What a task depends on besides the inputs; what the model or the features do not use is absent.
  public struct TaskParams: Codable, Sendable {
    var part: Part?
    var features: RouterFeatures.Kind?
    var layers: Int?
    var pooling: RouterFeatures.Pooling?
    var buckets: Int?
    var sparsity: Double?
    var model: RouterModel?
    var l2: Double?
    var hiddenUnits: Int?
    var neighbours: Int?
    var balance: Double?
    var seed: UInt64?
    /// Whether routers trained without one label at a time are measured; absent for no.
    var leaveOut: Bool?

    enum CodingKeys: String, CodingKey {
      case part, features, layers, pooling, buckets, sparsity, model, l2, neighbours, balance, seed
      case hiddenUnits = "hidden_units"
      case leaveOut = "leave_out"
    }

    /// What a router looks at.
    var description: RouterFeatures {
      RouterFeatures(
        kind: features ?? .embedding, layers: layers, pooling: pooling, buckets: buckets,
        sparsity: sparsity)
    }

    /// How a router is fitted.
    var options: RouterOptions {
      var options = RouterOptions(model: model ?? .logistic)
      options.l2 = l2 ?? options.l2
      options.hiddenUnits = hiddenUnits ?? options.hiddenUnits
      options.neighbours = neighbours ?? options.neighbours
      options.balance = balance ?? options.balance
      options.seed = seed ?? options.seed
      return options
    }
  }

  /// The clusters, the samples to learn from and those to calibrate on, and the embedding table; a
  /// grouped profile whose divergences are measured, and a histogram to take thresholds from.
  public struct Inputs: StageInputs {
    var labels: [Ref<ClusteringArtifact>]
    var tokens: [Ref<TokenizedShard>]
    var capture: [Ref<CaptureArtifact>]
    var profile: Ref<ProfileArtifact>?
    var histogram: Ref<HistogramArtifact>?
    var features: [Ref<FeatureShard>]
    var regrets: [Ref<RegretShard>]
    var validationTokens: [Ref<TokenizedShard>]
    var validationCapture: [Ref<CaptureArtifact>]
    var validationFeatures: [Ref<FeatureShard>]
    var validationRegrets: [Ref<RegretShard>]
    var model: LeafRef<ModelFiles>

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      labels = try ports.read("labels")
      tokens = try ports.read("tokens")
      capture = try ports.read("capture")
      profile = try ports.read("profile")
      histogram = try ports.read("histogram")
      features = try ports.read("features")
      regrets = try ports.read("regrets")
      validationTokens = try ports.read("validation_tokens")
      validationCapture = try ports.read("validation_capture")
      validationFeatures = try ports.read("validation_features")
      validationRegrets = try ports.read("validation_regrets")
      model = try ports.read("model")
    }
  }
}
