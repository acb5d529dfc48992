import WinaTensor

/// The score distributions and channel means of groups of samples, and of all samples together.
///
/// A pooled set has one group, `all`, and exact counters. A grouped set keeps a sketch (or exact
/// counters) per group, and the exact pooled counters beside them.
public struct HistogramSet: Sendable, Equatable {
  /// The name of the single group of a pooled set.
  public static let pooledName = "all"

  /// The shape of a layer and its slots.
  public let layout: CaptureLayout
  /// Whether the groups come from a clustering, even if there is only one.
  public let isGrouped: Bool
  /// How finely ``counts`` are kept.
  public let resolution: ScoreResolution
  /// How the scores were centred.
  public let centring: CentringKind
  /// The names of the groups.
  public let groups: [String]
  /// The number of samples of each group.
  public let samples: [Int]
  /// The number of gated tokens of each group.
  public let tokens: [Int]
  /// Counters of every group, shape [groups, layers, slots, bins of the resolution].
  public let counts: [UInt64]
  /// Exact counters of all samples, shape [layers, slots, 32768].
  public let pooledCounts: [UInt64]
  /// Token-weighted means of x of every group, shape [groups, layers, channels]; 0 where empty.
  public let groupMeans: [Float]
  /// Token-weighted means of x of all samples, shape [layers, channels].
  public let pooledMeans: [Float]
  /// Token-weighted means of x² of every group, shape [groups, layers, channels]; 0 where empty.
  public let groupSquares: [Float]
  /// Token-weighted means of x² of all samples, shape [layers, channels].
  public let pooledSquares: [Float]
  /// The variance over samples of each group's distribution function at the upper edge of every
  /// sketch bin, shape [groups, layers, slots, 1024]; empty for a pooled set.
  ///
  /// With counts cᵢ(b) of nᵢ scores of sample i this is Σᵢ (cᵢ(b) − nᵢ·F(b))² / N², the variance that
  /// a bootstrap of samples has in first order: tokens of one sample are not independent.
  public let spread: [Float]

  /// Takes arrays of the stated shapes.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when sizes do not fit.
  public init(
    layout: CaptureLayout, isGrouped: Bool, resolution: ScoreResolution, centring: CentringKind,
    groups: [String], samples: [Int], tokens: [Int], counts: [UInt64], pooledCounts: [UInt64],
    groupMeans: [Float], pooledMeans: [Float], groupSquares: [Float], pooledSquares: [Float],
    spread: [Float]
  ) throws {
    let distributions = layout.layers * layout.slots.count
    let cells = layout.layers * layout.channels
    let sizes: [(String, Int, Int)] = [
      ("sample counts", samples.count, groups.count), ("token counts", tokens.count, groups.count),
      ("group histograms", counts.count, groups.count * distributions * resolution.binCount),
      ("pooled histograms", pooledCounts.count, distributions * ScoreHistogram.binCount),
      ("group means", groupMeans.count, groups.count * cells),
      ("pooled means", pooledMeans.count, cells),
      ("group mean squares", groupSquares.count, groups.count * cells),
      ("pooled mean squares", pooledSquares.count, cells),
      (
        "the spread of distributions", spread.count,
        isGrouped ? groups.count * distributions * ScoreSketch.binCount : 0
      ),
    ]
    for (what, have, expected) in sizes where have != expected {
      throw SparsityError.shape(what, have: have, expected: expected)
    }
    self.layout = layout
    self.isGrouped = isGrouped
    self.resolution = resolution
    self.centring = centring
    self.groups = groups
    self.samples = samples
    self.tokens = tokens
    self.counts = counts
    self.pooledCounts = pooledCounts
    self.groupMeans = groupMeans
    self.pooledMeans = pooledMeans
    self.groupSquares = groupSquares
    self.pooledSquares = pooledSquares
    self.spread = spread
  }

  /// Returns a quantile of the scores of one group, or of all samples when `group` is nil.
  ///
  /// - Throws: ``SparsityError`` for a slot that was not captured, no scores, or `q` outside 0...1.
  public func quantile(group: Int?, layer: Int, slot: ScoreSlot, _ q: Double) throws -> Double {
    let (scores, reader) = try distribution(group: group, layer: layer, slot: slot)
    return try reader.quantile(scores, q)
  }

  /// Returns a quantile of a group's scores mixed with pooled ones.
  ///
  /// The distribution is (n·F + m·F_pooled) / (n + m) for n tokens of the group and m pooled ones.
  ///
  /// - Parameter tokens: How many pooled tokens m the group's own are mixed with.
  /// - Throws: ``SparsityError`` as ``quantile(group:layer:slot:_:)``.
  public func quantile(
    group: Int, layer: Int, slot: ScoreSlot, _ q: Double, mixedWithPooledTokens tokens: Double
  ) throws -> Double {
    let (own, reader) = try distribution(group: group, layer: layer, slot: slot)
    let (pooled, _) = try distribution(group: nil, layer: layer, slot: slot)
    let all = Double(samples.isEmpty ? 0 : self.tokens.reduce(0, +))
    guard all > 0, tokens > 0 else { return try reader.quantile(own, q) }
    // In units of 2⁻¹⁶ of a token, so that counters stay integers and below 2⁶³ up to 10¹⁴ scores.
    let factor = tokens / all * 65_536
    var mixed = own.map { $0 << 16 }
    let bins = ScoreHistogram.binCount / mixed.count
    for (pattern, count) in pooled.enumerated() where count > 0 {
      mixed[pattern / bins] += UInt64((Double(count) * factor).rounded())
    }
    return try reader.quantile(mixed[...], q)
  }

  /// Returns the variance, over resampled samples, of the logarithm of a group's quantile.
  ///
  /// - Throws: ``SparsityError`` as ``quantile(group:layer:slot:_:)``, and for a pooled set.
  func logVariance(group: Int, layer: Int, slot: ScoreSlot, _ q: Double) throws -> Double {
    guard isGrouped else { throw SparsityError.noData("the spread of a pooled histogram") }
    let threshold = try quantile(group: group, layer: layer, slot: slot, q)
    let cell =
      (group * layout.layers + layer) * layout.slots.count + (try layout.index(of: slot))
    let bin = ScoreSketch.bin(ofPattern: HalfPattern.pattern(of: Float(threshold)))
    let count = Double(samples[group])
    let variance = Double(spread[cell * ScoreSketch.binCount + bin]) * count / max(count - 1, 1)
    return try ThresholdPooling.logVariance(q, variance: variance) {
      try quantile(group: group, layer: layer, slot: slot, $0)
    }
  }

  /// Returns the share of scores of a group at or below a threshold; nil means all samples.
  ///
  /// - Throws: ``SparsityError`` for a slot that was not captured.
  public func fraction(
    group: Int?, layer: Int, slot: ScoreSlot, atOrBelow threshold: Double
  ) throws -> Double {
    let (scores, reader) = try distribution(group: group, layer: layer, slot: slot)
    return reader.fraction(scores, atOrBelow: threshold)
  }

  /// Returns the number of scores of a group that overflowed half precision.
  ///
  /// - Throws: ``SparsityError`` for a slot that was not captured.
  public func overflow(layer: Int, slot: ScoreSlot) throws -> UInt64 {
    let (scores, _) = try distribution(group: nil, layer: layer, slot: slot)
    return scores[scores.startIndex + HalfPattern.infinity]
  }

  /// Returns the means that centring of the given kind subtracts; nil for none.
  ///
  /// A group without tokens gets the pooled means.
  ///
  /// - Throws: ``SparsityError`` (`centringMismatch`) for group means of a pooled set.
  public func centringMeans(_ kind: CentringKind) throws -> CentringMeans? {
    switch kind {
    case .none: return nil
    case .global:
      return try CentringMeans(
        kind: .global, groups: [Self.pooledName], layout: layout, values: pooledMeans)
    case .group:
      guard isGrouped else {
        throw SparsityError(
          code: .centringMismatch, message: "a pooled histogram has no group means",
          hint: "give the histogram stage `groups`, or use `centring: global`")
      }
      let cells = pooledMeans.count
      var values = groupMeans
      for group in groups.indices where tokens[group] == 0 {
        values.replaceSubrange((group * cells)..<((group + 1) * cells), with: pooledMeans)
      }
      return try CentringMeans(kind: .group, groups: groups, layout: layout, values: values)
    }
  }

  private func distribution(group: Int?, layer: Int, slot: ScoreSlot) throws
    -> (ArraySlice<UInt64>, ScoreCounts)
  {
    let cell = layer * layout.slots.count + (try layout.index(of: slot))
    guard let group else {
      let start = cell * ScoreHistogram.binCount
      return (pooledCounts[start..<(start + ScoreHistogram.binCount)], .exact)
    }
    let bins = resolution.binCount
    let start = (group * layout.layers * layout.slots.count + cell) * bins
    return (counts[start..<(start + bins)], ScoreCounts(resolution: resolution))
  }
}
