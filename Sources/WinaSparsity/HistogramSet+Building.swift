extension HistogramSet {
  /// Pools the captures of all shards.
  ///
  /// - Parameter shards: Captures in sample order; the division into shards makes no difference.
  /// - Throws: ``SparsityError`` for no samples or captures of different layouts.
  public static func pooled(_ shards: [ShardCapture]) throws -> HistogramSet {
    let first = try checked(shards)
    let samples = shards.reduce(0) { $0 + $1.samples }
    let exact = pooledCounts(shards)
    let labels = [Int](repeating: 0, count: samples)
    let sums = try GroupSums(shards, labels: labels, groups: 1)
    return try HistogramSet(
      layout: first.layout, isGrouped: false, resolution: .exact, centring: first.centring,
      groups: [pooledName], samples: [samples], tokens: sums.tokens, counts: exact,
      pooledCounts: exact, groupMeans: sums.means, pooledMeans: sums.means,
      groupSquares: sums.squares, pooledSquares: sums.squares, spread: [])
  }

  /// Groups the samples of all shards.
  ///
  /// Uses the exact counters when the capture kept them apart by the same groups (a second pass
  /// with `exactGroups`), and otherwise the sample sketches; see ``ScoreSketch`` for the error.
  ///
  /// - Parameters:
  ///   - shards: Captures in sample order; the division into shards makes no difference.
  ///   - labels: The group of every sample, over all shards.
  ///   - names: The names of the groups; a group may be empty.
  /// - Throws: ``SparsityError`` for no samples, labels that do not fit, captures of different
  ///   layouts, or exact counters of other groups.
  public static func grouped(_ shards: [ShardCapture], labels: [Int], names: [String]) throws
    -> HistogramSet
  {
    let first = try checked(shards)
    let samples = shards.reduce(0) { $0 + $1.samples }
    guard labels.count == samples else {
      throw SparsityError.shape("the group labels", have: labels.count, expected: samples)
    }
    if let label = labels.first(where: { !names.indices.contains($0) }) {
      throw SparsityError.range("a group label", "\(label)", expected: "0..<\(names.count)")
    }
    let isExact = first.exactGroups == names.count
    if isExact, names.count > 1 {
      let captured = shards.flatMap { $0.sampleGroups.map(Int.init) }
      guard captured == labels else {
        throw SparsityError(
          code: .shapeMismatch, message: "the exact counters were captured for other groups",
          hint: "capture again with the groups of this histogram")
      }
    }
    var counts = [Int](repeating: 0, count: names.count)
    for label in labels { counts[label] += 1 }
    let sums = try GroupSums(shards, labels: labels, groups: names.count)
    let all = try GroupSums(shards, labels: [Int](repeating: 0, count: samples), groups: 1)
    return try HistogramSet(
      layout: first.layout, isGrouped: true, resolution: isExact ? .exact : .sketch,
      centring: first.centring, groups: names, samples: counts, tokens: sums.tokens,
      counts: isExact
        ? addedExact(shards) : addedSketches(shards, labels: labels, groups: names.count),
      pooledCounts: pooledCounts(shards), groupMeans: sums.means, pooledMeans: all.means,
      groupSquares: sums.squares, pooledSquares: all.squares,
      spread: DistributionSpread(shards, labels: labels, groups: names.count).variances())
  }

  private static func checked(_ shards: [ShardCapture]) throws -> ShardCapture {
    guard let first = shards.first, shards.contains(where: { $0.samples > 0 }) else {
      throw SparsityError.noData("a histogram")
    }
    guard shards.dropFirst().allSatisfy(first.isCompatible) else {
      throw SparsityError.layouts("the captures of a histogram")
    }
    return first
  }

  private static func addedExact(_ shards: [ShardCapture]) -> [UInt64] {
    var sum = shards[0].exact
    for shard in shards.dropFirst() {
      for bin in sum.indices { sum[bin] += shard.exact[bin] }
    }
    return sum
  }

  private static func pooledCounts(_ shards: [ShardCapture]) -> [UInt64] {
    let all = addedExact(shards)
    let size = all.count / shards[0].exactGroups
    var sum = Array(all[0..<size])
    for group in 1..<max(shards[0].exactGroups, 1) {
      for bin in 0..<size { sum[bin] += all[group * size + bin] }
    }
    return sum
  }

  private static func addedSketches(_ shards: [ShardCapture], labels: [Int], groups: Int)
    -> [UInt64]
  {
    let layout = shards[0].layout
    let size = layout.layers * layout.slots.count * ScoreSketch.binCount
    var sum = [UInt64](repeating: 0, count: groups * size)
    var position = 0
    for shard in shards {
      for sample in 0..<shard.samples {
        let base = labels[position] * size
        for bin in 0..<size { sum[base + bin] += UInt64(shard.sketches[sample * size + bin]) }
        position += 1
      }
    }
    return sum
  }
}

/// Token-weighted means per group, summed in sample order so that shards make no difference.
private struct GroupSums {
  /// The number of gated tokens of each group.
  var tokens: [Int]
  /// The means of x, shape [groups, layers, channels].
  var means: [Float]
  /// The means of x², shape [groups, layers, channels].
  var squares: [Float]

  init(_ shards: [ShardCapture], labels: [Int], groups: Int) throws {
    let cells = shards[0].layout.layers * shards[0].layout.channels
    var tokens = [Int](repeating: 0, count: groups)
    var position = 0
    for shard in shards {
      for sample in 0..<shard.samples {
        tokens[labels[position]] += Int(shard.gatedTokens[sample])
        position += 1
      }
    }
    self.tokens = tokens
    func average(_ values: (ShardCapture) throws -> [Float]) rethrows -> [Float] {
      var sums = [Double](repeating: 0, count: groups * cells)
      var position = 0
      for shard in shards {
        let values = try values(shard)
        for sample in 0..<shard.samples {
          let base = labels[position] * cells
          let weight = Double(shard.gatedTokens[sample])
          for cell in 0..<cells {
            sums[base + cell] += weight * Double(values[sample * cells + cell])
          }
          position += 1
        }
      }
      return sums.enumerated().map { index, sum in
        let count = tokens[index / cells]
        return count == 0 ? 0 : Float(sum / Double(count))
      }
    }
    means = try average { try $0.gatedMoments.mean }
    squares = try average { try $0.gatedMoments.meanSquare }
  }
}
