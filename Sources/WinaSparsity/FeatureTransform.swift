import Foundation
import WinaTensor

/// One layer and stream of a feature vector.
public struct FeatureBlock: Codable, Sendable, Equatable {
  /// Where its channels lie in a sample's moments, shape [layers, channels].
  public let source: Range<Int>
  /// What values are divided by before log1p; 1 without that transform.
  public let scale: Double

  /// Makes a block.
  public init(source: Range<Int>, scale: Double) {
    self.source = source
    self.scale = scale
  }
}

/// The fitted map from a sample's channel moments to its feature vector.
///
/// The same arithmetic serves fitted and new samples, so assigning a fitted sample reproduces its
/// features bit for bit.
public struct FeatureTransform: Sendable, Equatable {
  /// The options it was fitted with.
  public let options: FeatureOptions
  /// The layers and streams used, in order.
  public let blocks: [FeatureBlock]
  /// The weight of every channel of every block, concatenated.
  public let weights: [Float]
  /// The mean feature vector that is subtracted before projecting; empty without components.
  public let mean: [Double]
  /// The principal components, shape [dimension, mean.count]; empty without them.
  public let components: [Double]

  /// Takes a fitted transform.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when sizes do not fit.
  public init(
    options: FeatureOptions, blocks: [FeatureBlock], weights: [Float], mean: [Double],
    components: [Double]
  ) throws {
    let width = blocks.reduce(0) { $0 + $1.source.count }
    guard weights.count == width else {
      throw SparsityError.shape("feature weights", have: weights.count, expected: width)
    }
    guard mean.isEmpty ? components.isEmpty : mean.count == width else {
      throw SparsityError.shape("the feature mean", have: mean.count, expected: width)
    }
    guard mean.isEmpty || components.count % mean.count == 0 else {
      throw SparsityError.shape(
        "principal components", have: components.count,
        expected: components.count / mean.count * mean.count)
    }
    self.options = options
    self.blocks = blocks
    self.weights = weights
    self.mean = mean
    self.components = components
  }

  /// The length of a feature vector.
  public var dimension: Int { mean.isEmpty ? weights.count : components.count / mean.count }

  /// Returns the feature vector of one sample.
  ///
  /// - Parameter moments: The sample's mean |x| over its route range, shape [layers, channels].
  /// - Throws: ``SparsityError`` when the moments are too few or not finite.
  public func features(moments: some RandomAccessCollection<Float>) throws -> [Double] {
    let plain = try plainFeatures(moments: Array(moments))
    if mean.isEmpty { return plain }
    return DenseRows.products(
      of: components, columns: mean.count, with: zip(plain, mean).map { $0 - $1 })
  }

  /// Computes one vector a sample, some samples at a time, and joins them.
  static func joined(
    _ count: Int, threads: Int, _ vector: @Sendable (Int) throws -> [Double]
  ) throws -> [Double] {
    let batch = 32
    return try concurrentMap((count + batch - 1) / batch, threads: threads) { index in
      try (index * batch..<min(count, (index + 1) * batch)).flatMap(vector)
    }.flatMap(\.self)
  }

  /// Returns the feature vector of a sample by its tokens.
  ///
  /// - Parameter tokens: The tokens that routing may see.
  func features(tokens: [Int32]) throws -> [Double] {
    try features(moments: BagOfTokens.counts(tokens, width: weights.count))
  }

  /// Fits a transform to samples and returns it with their features.
  ///
  /// - Parameters:
  ///   - moments: Mean |x| over the route range, shape [samples, layers, channels].
  ///   - layout: The shape of a layer.
  ///   - norms: Column norms, read where the options weigh a stream.
  ///   - options: What to fit.
  ///   - threads: How many threads share the work; the result does not depend on it.
  /// - Returns: The transform and the features, shape [samples, dimension].
  /// - Throws: ``SparsityError`` for no samples, unknown layers or shapes that do not fit.
  /// - Complexity: O(N·D), and some 20 times as much for a component.
  public static func fit(
    moments: [Float], layout: CaptureLayout, norms: ColumnNorms, options: FeatureOptions,
    threads: Int = 1
  ) throws -> (transform: FeatureTransform, features: [Double]) {
    let size = layout.layers * layout.channels
    let samples = moments.count / size
    guard samples > 0 else { throw SparsityError.noData("clustering") }
    guard moments.count == samples * size else {
      throw SparsityError.shape("route moments", have: moments.count, expected: samples * size)
    }
    var (ranges, weights) = try selection(layout, norms, options)
    if options.kind == .activeRate {
      dropConstantChannels(&weights, ranges, moments, size: size, samples: samples)
    }
    let blocks = try scaledBlocks(
      ranges, weights, moments, size: size, options, threads: threads)
    return try fit(
      rows: (0..<samples).map { Array(moments[($0 * size)..<(($0 + 1) * size)]) },
      options: options, blocks: blocks, weights: weights, threads: threads)
  }

  /// Fits the components, where the options ask for some, to one vector of moments a sample.
  static func fit(
    rows: [[Float]], options: FeatureOptions, blocks: [FeatureBlock], weights: [Float],
    threads: Int = 1
  ) throws -> (transform: FeatureTransform, features: [Double]) {
    let plain = try FeatureTransform(
      options: options, blocks: blocks, weights: weights, mean: [], components: [])
    var features = try joined(rows.count, threads: threads) {
      try plain.plainFeatures(moments: rows[$0])
    }
    guard options.components > 0 else {
      guard options.normalise != .zscore else {
        throw SparsityError.range(
          "the components of standardised features", "0", expected: "1…")
      }
      return (plain, features)
    }
    var deviations: [Double]?
    if options.normalise == .zscore {
      let found = standardDeviations(features, width: weights.count)
      for index in features.indices { features[index] /= found[index % weights.count] }
      deviations = found
    }
    let fitted = PrincipalComponents(
      rows: features, count: rows.count, limit: options.components, threads: threads)
    var (mean, components) = (fitted.mean, fitted.components)
    if let deviations {
      // (x/d − m)·c = (x − m·d)·(c/d): the transform itself takes features as they are.
      for index in mean.indices { mean[index] *= deviations[index] }
      for index in components.indices { components[index] /= deviations[index % weights.count] }
    }
    let transform = try FeatureTransform(
      options: options, blocks: blocks, weights: weights, mean: mean, components: components)
    return (
      transform,
      try joined(rows.count, threads: threads) { try transform.features(moments: rows[$0]) }
    )
  }

  /// The standard deviation of every column; 1 where it is 0.
  private static func standardDeviations(_ rows: [Double], width: Int) -> [Double] {
    let count = Double(rows.count / max(width, 1))
    var sums = [Double](repeating: 0, count: width)
    for (index, value) in rows.enumerated() { sums[index % width] += value }
    var squares = [Double](repeating: 0, count: width)
    for (index, value) in rows.enumerated() {
      let difference = value - sums[index % width] / count
      squares[index % width] += difference * difference
    }
    return squares.map { $0 > 0 ? ($0 / count).squareRoot() : 1 }
  }

  /// Gives channels that are nearly always or nearly never active no weight.
  private static func dropConstantChannels(
    _ weights: inout [Float], _ ranges: [Range<Int>], _ rates: [Float], size: Int, samples: Int
  ) {
    var position = 0
    for range in ranges {
      for index in range {
        var sum = 0.0
        for sample in 0..<samples { sum += Double(rates[sample * size + index]) }
        let mean = sum / Double(samples)
        if mean > 0.99 || mean < 0.01 { weights[position] = 0 }
        position += 1
      }
    }
  }

  private func plainFeatures(moments: [Float]) throws -> [Double] {
    var features: [Double] = []
    features.reserveCapacity(weights.count)
    let share = 1 / Double(blocks.count).squareRoot()
    var position = 0
    for block in blocks {
      guard block.source.upperBound <= moments.count else {
        throw SparsityError.shape(
          "a sample's moments", have: moments.count, expected: block.source.upperBound)
      }
      let start = features.count
      var squares = 0.0
      for index in block.source {
        let score = Double(moments[index]) * Double(weights[position])
        let value =
          options.transform == .log1pMedian ? log1p(max(score, 0) / block.scale) : score
        squares += value * value
        features.append(value)
        position += 1
      }
      guard squares.isFinite else { throw SparsityError.notANumber("a sample's route moments") }
      let length = options.normalise == .l2 && squares > 0 ? squares.squareRoot() : 1
      for index in start..<features.count { features[index] *= share / length }
    }
    return features
  }

  private static func selection(
    _ layout: CaptureLayout, _ norms: ColumnNorms, _ options: FeatureOptions
  ) throws -> (ranges: [Range<Int>], weights: [Float]) {
    let layers = options.layers ?? Array(0..<layout.layers)
    let streams = options.streams ?? ActivationStream.allCases
    if let layer = layers.first(where: { !(0..<layout.layers).contains($0) }) {
      throw SparsityError.range("a feature layer", "\(layer)", expected: "0..<\(layout.layers)")
    }
    guard !layers.isEmpty, !streams.isEmpty else {
      throw SparsityError.noData("features without layers or streams")
    }
    var ranges: [Range<Int>] = []
    var weights: [Float] = []
    for layer in layers {
      for stream in streams {
        let range = layout.channelRange(stream)
        let start = layer * layout.channels + range.lowerBound
        ranges.append(start..<(start + range.count))
        if let projection = try options.weighting(of: stream) {
          let own = try norms.norms(layer: layer, projection: projection)
          guard own.count == range.count else {
            throw SparsityError.shape("column norms", have: own.count, expected: range.count)
          }
          weights += own
        } else {
          weights += [Float](repeating: 1, count: range.count)
        }
      }
    }
    return (ranges, weights)
  }

  private static func scaledBlocks(
    _ ranges: [Range<Int>], _ weights: [Float], _ moments: [Float], size: Int,
    _ options: FeatureOptions, threads: Int
  ) throws -> [FeatureBlock] {
    guard options.transform == .log1pMedian else {
      return ranges.map { FeatureBlock(source: $0, scale: 1) }
    }
    let starts = ranges.indices.map { ranges[..<$0].reduce(0) { $0 + $1.count } }
    return try concurrentMap(ranges.count, threads: threads) { block in
      let (range, position) = (ranges[block], starts[block])
      var scores: [Float] = []
      for sample in stride(from: 0, to: moments.count, by: size) {
        for (offset, index) in range.enumerated() {
          scores.append(moments[sample + index] * weights[position + offset])
        }
      }
      scores.sort()
      let middle = Double(scores[scores.count / 2])
      let positive = scores.first { $0 > 0 }.map(Double.init) ?? 1
      return FeatureBlock(source: range, scale: middle > 0 ? middle : positive)
    }
  }
}
