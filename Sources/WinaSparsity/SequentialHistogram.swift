import WinaTensor

/// Pooled score distributions of a model, filled layer by layer.
///
/// For calibration in which the inputs of a layer depend on the thresholds of the layers before it.
public struct SequentialHistogram {
  private let layout: CaptureLayout
  private let norms: ColumnNorms
  private var counts: [UInt64]
  private var sums: [Double]
  private var squares: [Double]
  private var rows: [Int]
  private var scan = ScoreScan()

  /// Makes empty distributions.
  public init(layout: CaptureLayout, norms: ColumnNorms) {
    self.layout = layout
    self.norms = norms
    counts = [UInt64](
      repeating: 0, count: layout.layers * layout.slots.count * ScoreHistogram.binCount)
    sums = [Double](repeating: 0, count: layout.layers * layout.channels)
    squares = sums
    rows = [Int](repeating: 0, count: layout.layers)
  }

  /// Adds rows of one stream, shape [rows, width] row-major.
  ///
  /// - Throws: ``SparsityError`` for values that are not numbers.
  public mutating func add(
    _ values: [Float], rows range: Range<Int>, layer: Int, stream: ActivationStream
  ) throws {
    let width = layout.width(of: stream)
    let block = try TokenBlock(
      values: values, rows: values.count / width, columns: width, firstPosition: 0)
    if stream == .attentionInput { rows[layer] += range.count }
    let start = layer * layout.channels + layout.channelRange(stream).lowerBound
    for row in range {
      for column in 0..<width {
        let value = Double(values[row * width + column])
        sums[start + column] += value
        squares[start + column] += value * value
      }
    }
    var sketch = [UInt32](repeating: 0, count: ScoreSketch.binCount)
    for (index, slot) in layout.slots.enumerated() where slot.stream == stream {
      let factors = try norms.norms(layer: layer, of: slot)
      let isNumber = scan.count(
        block, rows: range, norms: factors, mean: nil, into: &counts,
        at: (layer * layout.slots.count + index) * ScoreHistogram.binCount, sketch: &sketch, at: 0)
      guard isNumber else { throw SparsityError.notANumber("\(slot.name) of layer \(layer)") }
    }
  }

  /// Returns what was added as pooled histograms; layers that were not reached hold no scores.
  ///
  /// - Parameter samples: The number of samples that the rows are of.
  public func finish(samples: Int) throws -> HistogramSet {
    let divisors = sums.indices.map { Double(max(rows[$0 / layout.channels], 1)) }
    let means = sums.indices.map { Float(sums[$0] / divisors[$0]) }
    let meanSquares = squares.indices.map { Float(squares[$0] / divisors[$0]) }
    return try HistogramSet(
      layout: layout, isGrouped: false, resolution: .exact, centring: .none,
      groups: [HistogramSet.pooledName], samples: [samples], tokens: [rows.first ?? 0],
      counts: counts, pooledCounts: counts, groupMeans: means, pooledMeans: means,
      groupSquares: meanSquares, pooledSquares: meanSquares, spread: [])
  }
}
