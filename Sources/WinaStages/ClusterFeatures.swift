import WinaPipeline
import WinaSparsity
import WinaTensor

/// What a clustering asks a pass of capture to keep of the routing tokens.
public struct ClusterFeatures: Codable, Sendable, Hashable {
  /// What is kept.
  var kind: FeatureKind
  /// The score that is counted; embeddings have none.
  var score: ScoreMethod?
  /// The level of the pooled thresholds that active rates are counted against.
  var level: Double?
  /// The half of the routing tokens that features are made of, unless all are.
  var half: RouteFeatures.Half?

  /// The counter of a pass, or `nil` for features that need none.
  ///
  /// - Throws: `ArtifactError` for active rates without a histogram.
  func counter(
    layout: CaptureLayout, norms: ColumnNorms, thresholds: HistogramArtifact?
  ) throws -> RouteFeatures? {
    guard kind != .embedding else { return nil }
    guard kind != .meanScore else {
      let none = [[[Float]?]](
        repeating: ActivationStream.allCases.map { _ in nil }, count: layout.layers)
      return RouteFeatures(kind: .meanAbsolute, layout: layout, norms: none, half: half)
    }
    let options = FeatureOptions(score: score ?? .wina)
    let weighting = try ActivationStream.allCases.map { try options.weighting(of: $0) }
    let factors = try (0..<layout.layers).map { layer in
      try weighting.map { projection -> [Float]? in
        try projection.map { try norms.norms(layer: layer, projection: $0) }
      }
    }
    guard kind == .activeRate else {
      return RouteFeatures(kind: .histogram, layout: layout, norms: factors, half: half)
    }
    guard let histograms = thresholds?.histograms else {
      throw ArtifactError("active rates need the histogram that gives their thresholds")
    }
    let levels = try (0..<layout.layers).map { layer in
      try zip(ActivationStream.allCases, weighting).map { stream, projection in
        Float(
          try histograms.quantile(
            group: nil, layer: layer, slot: projection.map(ScoreSlot.weighted) ?? .stream(stream),
            level ?? 0.5))
      }
    }
    return RouteFeatures(kind: .activeRate(levels), layout: layout, norms: factors, half: half)
  }
}
