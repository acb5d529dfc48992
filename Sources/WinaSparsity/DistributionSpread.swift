/// How much the score distributions of groups vary between their samples.
///
/// ### References
/// Woodruff, *Confidence intervals for medians and other position measures*, 1952; Efron & Tibshirani,
/// *An Introduction to the Bootstrap*, 1993, ch. 22 (infinitesimal jackknife).
struct DistributionSpread {
  private let shards: [ShardCapture]
  private let labels: [Int]
  private let groups: Int

  init(_ shards: [ShardCapture], labels: [Int], groups: Int) {
    self.shards = shards
    self.labels = labels
    self.groups = groups
  }

  /// Returns Σᵢ (cᵢ(b) − nᵢ·F(b))² / N² for every group, layer, slot and sketch bin.
  ///
  /// The square is expanded, so that one pass over the samples in their order is enough.
  ///
  /// - Complexity: O(samples · layers · slots · 1024).
  func variances() -> [Float] {
    let bins = ScoreSketch.binCount
    let cells = shards[0].layout.layers * shards[0].layout.slots.count
    // Over the samples of a group: Σc, Σc², Σc·n for every bin, and Σn, Σn² for every distribution.
    var sums = [Double](repeating: 0, count: groups * cells * bins)
    var (squares, products) = (sums, sums)
    var totals = [Double](repeating: 0, count: groups * cells)
    var totalSquares = totals
    var position = 0
    for shard in shards {
      for sample in 0..<shard.samples {
        for cell in 0..<cells {
          let place = labels[position] * cells + cell
          let start = (sample * cells + cell) * bins
          var size = 0.0
          for bin in start..<(start + bins) { size += Double(shard.sketches[bin]) }
          totals[place] += size
          totalSquares[place] += size * size
          var below = 0.0
          for bin in 0..<bins {
            below += Double(shard.sketches[start + bin])
            sums[place * bins + bin] += below
            squares[place * bins + bin] += below * below
            products[place * bins + bin] += below * size
          }
        }
        position += 1
      }
    }
    return sums.indices.map { index in
      let (total, square) = (totals[index / bins], totalSquares[index / bins])
      guard total > 0 else { return 0 }
      let share = sums[index] / total
      let variance = squares[index] - 2 * share * products[index] + share * share * square
      return Float(max(0, variance) / (total * total))
    }
  }
}
