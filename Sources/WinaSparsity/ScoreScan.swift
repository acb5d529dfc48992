import WinaTensor

/// The scans over activations that dominate a capture.
struct ScoreScan: Sendable {
  /// Exact counters of one block, cleared before every scan.
  private var exact = [UInt32](repeating: 0, count: ScoreHistogram.binCount)

  /// Counts |x − μ|·c of the given rows by fp16 pattern.
  ///
  /// Adds to the exact counters that start at `base` and to the sketch that starts at `offset`.
  ///
  /// - Returns: Whether every score was a number.
  mutating func count(
    _ block: TokenBlock, rows: Range<Int>, norms: [Float]?, mean: [Float]?,
    into counters: inout [UInt64], at base: Int, sketch: inout [UInt32], at offset: Int
  ) -> Bool {
    for bin in exact.indices { exact[bin] = 0 }
    var overflow: UInt64 = 0
    Kernels.accumulateScoreHistogram(
      block.values, rows: block.rows, columns: block.columns, rowRange: rows, norms: norms,
      mean: mean, exact: &exact, exactOffset: 0, sketch: &sketch, sketchOffset: offset,
      overflow: &overflow)
    for bin in 0...HalfPattern.infinity { counters[base + bin] += UInt64(exact[bin]) }
    return overflow == UInt64(exact[HalfPattern.infinity])
  }

  /// Adds |x|, x and x² of the given rows to the sums that start at `offset`.
  static func addMoments(
    _ block: TokenBlock, rows: Range<Int>, offset: Int, into sums: inout MomentSums
  ) {
    Kernels.accumulateMoments(
      block.values, rows: block.rows, columns: block.columns, rowRange: rows,
      sumAbs: &sums.absolute, sum: &sums.plain, sumSquares: &sums.square, offset: offset)
  }
}
