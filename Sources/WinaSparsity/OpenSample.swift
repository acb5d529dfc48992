import WinaTensor

/// A block of activations of consecutive token positions.
struct TokenBlock {
  let values: [Float]
  let rows: Int
  let columns: Int
  let firstPosition: Int

  init(values: [Float], rows: Int, columns: Int, firstPosition: Int) throws {
    guard rows >= 0, values.count == rows * columns else {
      throw SparsityError.shape(
        "a block of \(rows) rows", have: values.count, expected: max(rows, 0) * columns)
    }
    self.values = values
    self.rows = rows
    self.columns = columns
    self.firstPosition = firstPosition
  }

  /// Returns the rows of the block whose positions lie in a range.
  func rows(within range: Range<Int>) -> Range<Int> {
    let positions = range.clamped(to: firstPosition..<(firstPosition + rows))
    return (positions.lowerBound - firstPosition)..<(positions.upperBound - firstPosition)
  }
}

/// Sums over the tokens of a sample, in f64 and in token order.
struct MomentSums {
  /// Σ|x|, Σx and Σx², each of shape [layers, channels].
  var absolute: [Double]
  var plain: [Double]
  var square: [Double]

  init(count: Int) {
    absolute = [Double](repeating: 0, count: count)
    plain = absolute
    square = absolute
  }

  mutating func add(_ block: TokenBlock, rows: Range<Int>, offset: Int) {
    guard !rows.isEmpty else { return }
    ScoreScan.addMoments(block, rows: rows, offset: offset, into: &self)
  }
}

/// Means of finished samples, gathered column by column.
struct MeanColumns {
  private(set) var absolute: [Float] = []
  private var plain: [Float] = []
  private var square: [Float] = []

  mutating func append(_ sums: MomentSums, tokens: Int) {
    let divisor = Double(max(tokens, 1))
    appendAbsolute(sums, tokens: tokens)
    plain.append(contentsOf: sums.plain.lazy.map { Float($0 / divisor) })
    square.append(contentsOf: sums.square.lazy.map { Float($0 / divisor) })
  }

  /// Appends the means of |x| alone.
  mutating func appendAbsolute(_ sums: MomentSums, tokens: Int) {
    let divisor = Double(max(tokens, 1))
    absolute.append(contentsOf: sums.absolute.lazy.map { Float($0 / divisor) })
  }

  func moments(samples: Int, layout: CaptureLayout) throws -> ChannelMoments {
    try ChannelMoments(
      samples: samples, layout: layout, meanAbsolute: absolute, mean: plain, meanSquare: square)
  }
}

/// Which positions of a sample count for what, and its group.
struct SamplePlace {
  let route: Range<Int>
  let gated: Range<Int>
  let group: Int
}

/// The sample that an accumulator is being fed.
struct OpenSample {
  /// The number of sources per layer: the streams and the gate.
  static let sources = ActivationStream.allCases.count + 1

  let place: SamplePlace
  var route: MomentSums
  var gated: MomentSums
  /// Shape [layers, slots, 1024].
  var sketch: [UInt32]
  /// The next position expected of each (layer, source).
  private var next: [Int]

  init(place: SamplePlace, layout: CaptureLayout, keepsMoments: Bool) {
    self.place = place
    let cells = keepsMoments ? layout.layers * layout.channels : 0
    self.route = MomentSums(count: cells)
    self.gated = MomentSums(count: cells)
    sketch = [UInt32](
      repeating: 0, count: layout.layers * layout.slots.count * ScoreSketch.binCount)
    next = [Int](repeating: 0, count: layout.layers * Self.sources)
  }

  /// Checks that a block follows the last one of its source.
  mutating func advance(_ source: Int, _ block: TokenBlock) throws {
    guard block.firstPosition == next[source] else {
      throw SparsityError.order(
        "a block starts at position \(block.firstPosition), but \(next[source]) comes next",
        hint: "feed the positions of a stream in order, each once")
    }
    next[source] += block.rows
  }

  /// Checks that every source that is needed was fed to the end of both ranges.
  func requireComplete(_ layout: CaptureLayout) throws {
    let ends = [place.route, place.gated].map { $0.isEmpty ? 0 : $0.upperBound }
    let end = max(ends[0], ends[1])
    for layer in 0..<layout.layers {
      for source in 0..<Self.sources {
        let isGate = source == Self.sources - 1
        if isGate, !layout.slots.contains(where: \.isGate) { continue }
        let have = next[layer * Self.sources + source]
        guard have >= end else {
          let name = isGate ? "the gate" : ActivationStream.allCases[source].rawValue
          throw SparsityError.order(
            "\(name) of layer \(layer) ends at position \(have), but the sample needs \(end)",
            hint: "feed every stream of every layer before ending the sample")
        }
      }
    }
  }
}
