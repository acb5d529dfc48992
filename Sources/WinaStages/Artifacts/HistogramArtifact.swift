import WinaPipeline
import WinaSparsity
import WinaTensor

/// Score histograms of all calibration samples together and of each group.
public struct HistogramArtifact: Artifact {
  public static let format = "histogram/v2"

  /// The distributions and the means of the channels.
  public var histograms: HistogramSet

  /// Makes an artifact.
  public init(histograms: HistogramSet) { self.histograms = histograms }

  private struct Metadata: Codable {
    var layout: CaptureLayout
    var groups: [String]
    var isGrouped: Bool
    var resolution: ScoreResolution
    var tokens: [Int]
    var samples: [Int]
    var centring: CentringKind
    var quantiles: [String: [Double]]
  }

  /// The grid on which `wina show` and the metadata give quantiles.
  static let quantileGrid = [0.1, 0.25, 0.4, 0.5, 0.65, 0.8, 0.9]

  public func encoded() throws -> ArtifactPayload {
    let (set, layout) = (histograms, histograms.layout)
    let slots = layout.slots.count
    var columns = TensorColumns()
    try columns.add("pooled", set.pooledCounts, [layout.layers, slots, ScoreHistogram.binCount])
    try columns.add("pooled_means", set.pooledMeans, [layout.layers, layout.channels])
    try columns.add(
      "groups", set.counts, [set.groups.count, layout.layers, slots, set.resolution.binCount])
    try columns.add(
      "group_means", set.groupMeans, [set.groups.count, layout.layers, layout.channels])
    try columns.add("pooled_squares", set.pooledSquares, [layout.layers, layout.channels])
    try columns.add(
      "group_squares", set.groupSquares, [set.groups.count, layout.layers, layout.channels])
    if set.isGrouped {
      try columns.add(
        "spread", set.spread, [set.groups.count, layout.layers, slots, ScoreSketch.binCount])
    }
    return ArtifactPayload(
      metadata: try JSONValue(
        encoding: Metadata(
          layout: layout, groups: set.groups, isGrouped: set.isGrouped,
          resolution: set.resolution, tokens: set.tokens,
          samples: set.samples, centring: set.centring, quantiles: try quantiles())),
      tensors: columns.tensors)
  }

  private func quantiles() throws -> [String: [Double]] {
    var table: [String: [Double]] = [:]
    for layer in 0..<histograms.layout.layers {
      for slot in histograms.layout.slots {
        table["\(layer).\(slot.name)"] = try HistogramArtifact.quantileGrid.map {
          try histograms.quantile(group: nil, layer: layer, slot: slot, $0)
        }
      }
    }
    return table
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    let layout = metadata.layout
    let (groups, slots) = (metadata.groups.count, layout.slots.count)
    histograms = try HistogramSet(
      layout: layout, isGrouped: metadata.isGrouped, resolution: metadata.resolution,
      centring: metadata.centring, groups: metadata.groups, samples: metadata.samples,
      tokens: metadata.tokens,
      counts: payload.typed(
        "groups", [groups, layout.layers, slots, metadata.resolution.binCount]
      ).uint64s(),
      pooledCounts: payload.typed("pooled", [layout.layers, slots, ScoreHistogram.binCount])
        .uint64s(),
      groupMeans: payload.typed("group_means", [groups, layout.layers, layout.channels]).floats(),
      pooledMeans: payload.typed("pooled_means", [layout.layers, layout.channels]).floats(),
      groupSquares: payload.typed("group_squares", [groups, layout.layers, layout.channels])
        .floats(),
      pooledSquares: payload.typed("pooled_squares", [layout.layers, layout.channels]).floats(),
      spread: metadata.isGrouped
        ? payload.typed("spread", [groups, layout.layers, slots, ScoreSketch.binCount]).floats()
        : [])
  }
}
