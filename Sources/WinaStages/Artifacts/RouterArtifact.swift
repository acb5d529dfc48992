import WinaPipeline
import WinaSparsity
import WinaTensor

/// A trained router with what it reached on the samples that it learnt from, and on held-out ones.
public struct RouterArtifact: Artifact {
  public static let format = "router/v2"

  /// What a router reached on the validation split.
  public struct Validation: Codable, Sendable, Equatable {
    /// The measures, after calibration.
    public var report: RouterReport
    /// The expected calibration error before calibration.
    public var uncalibratedError: Double?
    /// The mean negative log-probability of the own cluster before calibration.
    public var uncalibratedNegativeLogLikelihood: Double?
    /// Accuracy by the number of training samples.
    public var curve: LearningCurve
    /// What routers trained without one label at a time make of its samples; nil if not asked for.
    public var leftOut: [LeftOutLabel]?

    /// Makes a validation.
    public init(
      report: RouterReport, uncalibratedError: Double?,
      uncalibratedNegativeLogLikelihood: Double?, curve: LearningCurve
    ) {
      self.report = report
      self.uncalibratedError = uncalibratedError
      self.uncalibratedNegativeLogLikelihood = uncalibratedNegativeLogLikelihood
      self.curve = curve
    }
  }

  /// The router.
  public var router: Router
  /// What it looks at.
  public var features: RouterFeatures
  /// Thresholds of |x| by layer and stream that features count exceedances of; empty but for
  /// `early_layers`.
  public var thresholds: [Float]
  /// The measures on the training samples.
  public var training: RouterReport
  /// The measures on the validation split, where the router was calibrated on it.
  public var validation: Validation?
  /// The names of the groups.
  public var groups: [String]

  /// Makes an artifact.
  public init(
    router: Router, features: RouterFeatures = RouterFeatures(kind: .embedding),
    thresholds: [Float] = [], training: RouterReport, validation: Validation? = nil,
    groups: [String]
  ) {
    self.router = router
    self.features = features
    self.thresholds = thresholds
    self.training = training
    self.validation = validation
    self.groups = groups
  }

  /// What makes the features of samples to be routed.
  var extractor: FeatureExtractor {
    FeatureExtractor(features: features, thresholds: thresholds)
  }

  private struct Metadata: Codable {
    var summary: Router.Summary
    var features: RouterFeatures
    var training: RouterReport
    var validation: Validation?
    var groups: [String]
    var parameters: Int
    var macs: Int
    /// Whether remembered rows hold only the values that are not zero.
    var isSparse: Bool
  }

  public func encoded() throws -> ArtifactPayload {
    let (classes, dimension) = (router.summary.classes, router.summary.dimension)
    var columns = TensorColumns()
    try columns.add("mean", router.mean, [dimension])
    try columns.add("scale", router.scale, [dimension])
    try columns.add(
      "weights", router.weights, [classes, router.weights.count / max(1, classes)])
    try columns.add("bias", router.bias, [classes])
    try columns.add("hidden", router.hidden, [router.hidden.count])
    try columns.add(
      "centres", router.reach.centres,
      [router.reach.centres.count / max(1, dimension), dimension])
    try columns.add("reaches", router.reach.limits, [router.reach.limits.count])
    try columns.add("thresholds", thresholds, [thresholds.count])
    if let memory = router.memory {
      try columns.add("memory", memory.rows.values, [memory.rows.values.count])
      if let places = memory.rows.columns {
        try columns.add("memory_columns", places, [places.count])
        try columns.add(
          "memory_starts", memory.rows.starts.map(Int32.init), [memory.rows.count + 1])
      }
      try columns.add("memory_labels", memory.labels.map(Int32.init), [memory.labels.count])
    }
    return ArtifactPayload(
      metadata: try JSONValue(
        encoding: Metadata(
          summary: router.summary, features: features, training: training, validation: validation,
          groups: groups, parameters: router.parameterCount, macs: router.macs,
          isSparse: router.memory?.rows.isSparse ?? false)),
      tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    let (classes, dimension) = (metadata.summary.classes, metadata.summary.dimension)
    router = try Router(
      summary: metadata.summary, mean: payload.typed("mean", [dimension]).doubles(),
      scale: payload.typed("scale", [dimension]).doubles(),
      weights: payload.typed("weights", [classes, nil]).doubles(),
      bias: payload.typed("bias", [classes]).doubles(),
      hidden: payload.typed("hidden", [nil]).doubles(),
      memory: try Self.memory(payload, dimension: dimension, isSparse: metadata.isSparse),
      reach: RouterReach(
        centres: payload.typed("centres", [nil, dimension]).doubles(),
        limits: payload.typed("reaches", [nil]).doubles()))
    features = metadata.features
    thresholds = try payload.typed("thresholds", [nil]).floats()
    training = metadata.training
    validation = metadata.validation
    groups = metadata.groups
    guard groups.count == classes else {
      throw ArtifactError("the router has \(classes) classes but \(groups.count) groups")
    }
    let gates = (features.layers ?? 0) * ActivationStream.allCases.count
    guard thresholds.count == (features.kind == .earlyLayers ? gates : 0) else {
      throw ArtifactError("the router's features have \(thresholds.count) thresholds")
    }
  }

  private static func memory(
    _ payload: ArtifactPayload, dimension: Int, isSparse: Bool
  ) throws -> Router.Memory? {
    guard payload.tensors.contains(where: { $0.name == "memory_labels" }) else { return nil }
    let labels = try payload.typed("memory_labels", [nil]).int32s().map(Int.init)
    let values = try payload.typed("memory", [nil]).doubles()
    guard isSparse else {
      return Router.Memory(rows: try FeatureRows(values, count: labels.count), labels: labels)
    }
    return Router.Memory(
      rows: try FeatureRows(
        width: dimension, values: values,
        columns: payload.typed("memory_columns", [values.count]).int32s(),
        starts: payload.typed("memory_starts", [labels.count + 1]).int32s().map(Int.init)),
      labels: labels)
  }
}
