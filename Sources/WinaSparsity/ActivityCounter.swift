import WinaTensor

/// Counts how often inputs of projections exceed thresholds.
public struct ActivityCounter: Sendable {
  /// The gate of one projection in one layer.
  public struct Threshold: Sendable {
    /// What a score must exceed.
    public var value: Float
    /// The factors c of scores |x − μ|·c, or nil for 1.
    public var norms: [Float]?
    /// The centre μ, or nil for 0.
    public var mean: [Float]?

    /// Makes a threshold.
    public init(value: Float, norms: [Float]? = nil, mean: [Float]? = nil) {
      self.value = value
      self.norms = norms
      self.mean = mean
    }
  }

  private let thresholds: [[[Projection: Threshold]]]
  private let inputs: [Int]
  private var tokens: [Int]
  private var counts: [UInt64]

  /// Makes a counter.
  ///
  /// - Parameters:
  ///   - thresholds: The thresholds of every group and layer; a projection without one is not counted.
  ///   - inputs: The inputs of each projection, in `Projection.allCases` order.
  public init(thresholds: [[[Projection: Threshold]]], inputs: [Int]) {
    self.thresholds = thresholds
    self.inputs = inputs
    tokens = [Int](repeating: 0, count: thresholds.count)
    counts = [UInt64](
      repeating: 0, count: thresholds.count * (thresholds.first?.count ?? 0) * inputs.reduce(0, +))
  }

  /// Adds gated tokens of a group.
  public mutating func add(tokens count: Int, group: Int) { tokens[group] += count }

  /// Counts a block of activations of one stream, shape [rows, width] row-major.
  ///
  /// - Parameters:
  ///   - values: The activations.
  ///   - rows: The rows of the block that are gated.
  ///   - group: The group of the sample.
  ///   - layer: The layer.
  ///   - stream: The stream.
  /// - Complexity: O(rows · width) for every projection of the stream.
  public mutating func add(
    _ values: [Float], rows: Range<Int>, group: Int, layer: Int, stream: ActivationStream
  ) {
    let gates = thresholds[group][layer]
    var start = (group * thresholds[group].count + layer) * inputs.reduce(0, +)
    for (projection, width) in zip(Projection.allCases, inputs) {
      defer { start += width }
      guard projection.stream == stream, let gate = gates[projection] else { continue }
      for row in rows {
        for column in 0..<width {
          let value = abs(values[row * width + column] - (gate.mean?[column] ?? 0))
          if value * (gate.norms?[column] ?? 1) > gate.value { counts[start + column] += 1 }
        }
      }
    }
  }

  /// Returns what was counted.
  public func finish() throws -> ActivityCounts {
    try ActivityCounts(
      tokens: tokens, layers: thresholds.first?.count ?? 0, inputs: inputs, counts: counts)
  }
}
