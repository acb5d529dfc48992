import WinaPipeline
import WinaSparsity
import WinaTensor

/// What capture keeps of a shard: channel moments and sketches per sample, exact histograms per
/// shard, and never an activation.
///
/// A pass for features or activity keeps no moments.
public struct CaptureArtifact: Artifact {
  public static let format = "capture/v2"

  /// The statistics.
  public var shard: ShardCapture
  /// The samples' digests, in order.
  public var digests: [ContentDigest]
  /// The samples' labels, in order.
  public var labels: [String]
  /// The column norms of the projections, which scores are weighted with.
  public var norms: ColumnNorms
  /// The activations of the tokens that stay dense, which nothing else holds.
  public var sink: SinkActivations
  /// How often inputs exceeded the thresholds of a profile, if that was counted.
  public var activity: ActivityCounts?
  /// Features of each sample's routing tokens, shape [samples, width], if a clustering asked for them.
  public var traits: [Float]?

  /// Makes an artifact.
  public init(
    shard: ShardCapture, digests: [ContentDigest], labels: [String], norms: ColumnNorms
  ) {
    self.shard = shard
    self.digests = digests
    self.labels = labels
    self.norms = norms
    sink = SinkActivations(layers: shard.layout.layers)
  }

  private struct Metadata: Codable {
    var layout: CaptureLayout
    var centring: CentringKind
    var labels: [String]
    var exactGroups: Int
    var keepsMoments: Bool
    var sink: SinkActivations
    var activeTokens: [Int]?
    var inputs: [Int]?
  }

  public func encoded() throws -> ArtifactPayload {
    let (n, layout) = (shard.samples, shard.layout)
    let moments = [n, layout.layers, layout.channels]
    var columns = TensorColumns()
    try DigestColumn.add(digests, to: &columns)
    try columns.add("sample_groups", shard.sampleGroups, [n])
    try columns.add("tokens.route", shard.routeTokens, [n])
    try columns.add("tokens.gated", shard.gatedTokens, [n])
    if shard.keepsMoments {
      let gated = try shard.gatedMoments
      try columns.add("route.mean_absolute", shard.routeMeans, moments)
      try columns.add("gated.mean_absolute", gated.meanAbsolute, moments)
      try columns.add("gated.mean", gated.mean, moments)
      try columns.add("gated.mean_square", gated.meanSquare, moments)
    }
    try columns.add(
      "sketches", shard.sketches, [n, layout.layers, layout.slots.count, ScoreSketch.binCount])
    try columns.add(
      "exact", shard.exact,
      [shard.exactGroups, layout.layers, layout.slots.count, ScoreHistogram.binCount])
    try NormColumns.add(norms, to: &columns)
    if let activity {
      try columns.add(
        "active", activity.counts,
        [activity.tokens.count, activity.layers, activity.inputs.reduce(0, +)])
    }
    if let traits { try columns.add("traits", traits, [n, traits.count / max(n, 1)]) }
    return ArtifactPayload(
      metadata: try JSONValue(
        encoding: Metadata(
          layout: layout, centring: shard.centring, labels: labels,
          exactGroups: shard.exactGroups, keepsMoments: shard.keepsMoments, sink: sink,
          activeTokens: activity?.tokens,
          inputs: activity?.inputs)),
      tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    labels = metadata.labels
    let (samples, layout) = (labels.count, metadata.layout)
    digests = try DigestColumn.read(payload, count: samples)
    func column(_ name: String) throws -> [Float] {
      try payload.typed(name, [samples, layout.layers, layout.channels]).floats()
    }
    let moments =
      metadata.keepsMoments
      ? ShardCapture.Moments(
        route: try column("route.mean_absolute"),
        gated: try ChannelMoments(
          samples: samples, layout: layout, meanAbsolute: column("gated.mean_absolute"),
          mean: column("gated.mean"), meanSquare: column("gated.mean_square"))) : nil
    let slots = layout.slots.count
    shard = try ShardCapture(
      layout: layout, centring: metadata.centring,
      sampleGroups: payload.typed("sample_groups", [samples]).int32s(),
      routeTokens: payload.typed("tokens.route", [samples]).int32s(),
      gatedTokens: payload.typed("tokens.gated", [samples]).int32s(),
      moments: moments,
      sketches: payload.typed("sketches", [samples, layout.layers, slots, ScoreSketch.binCount])
        .uint32s(),
      exactGroups: metadata.exactGroups,
      exact: payload.typed(
        "exact", [metadata.exactGroups, layout.layers, slots, ScoreHistogram.binCount]
      ).uint64s())
    norms = try NormColumns.read(payload, layout)
    sink = metadata.sink
    let streams = ActivationStream.allCases.count
    for (sums, largest) in zip(sink.sums, sink.largest)
    where sums.count != streams || largest.count != streams {
      throw ArtifactError("the activations of the dense prefix are not those of \(streams) streams")
    }
    guard sink.sums.count == layout.layers, sink.largest.count == layout.layers else {
      throw ArtifactError(
        "the activations of the dense prefix are not those of \(layout.layers) layers")
    }
    if payload.tensors.contains(where: { $0.name == "traits" }) {
      traits = try payload.typed("traits", [samples, nil]).floats()
    }
    if let tokens = metadata.activeTokens, let inputs = metadata.inputs {
      activity = try ActivityCounts(
        tokens: tokens, layers: layout.layers, inputs: inputs,
        counts: payload.typed("active", [tokens.count, layout.layers, inputs.reduce(0, +)])
          .uint64s())
    }
  }
}

/// Column norms as tensors `norms.<layer>.<projection>`.
enum NormColumns {
  static func add(_ norms: ColumnNorms, to columns: inout TensorColumns) throws {
    for layer in 0..<norms.layers {
      for projection in Projection.allCases {
        let values = try norms.norms(layer: layer, projection: projection)
        try columns.add("norms.\(layer).\(projection.rawValue)", values, [values.count])
      }
    }
  }

  static func read(_ payload: ArtifactPayload, _ layout: CaptureLayout) throws -> ColumnNorms {
    ColumnNorms(
      layers: try (0..<layout.layers).map { layer in
        var projections: [Projection: [Float]] = [:]
        for projection in Projection.allCases {
          projections[projection] = try payload.typed(
            "norms.\(layer).\(projection.rawValue)", [layout.width(of: projection.stream)]
          ).floats()
        }
        return projections
      })
  }
}
