import WinaTensor

/// Activations of the leading tokens that stay dense, kept apart from all others.
///
/// The first token of a sequence draws attention that nothing else takes up; in a few channels its
/// activations are larger than all others by orders of magnitude. They are in no moment and no
/// histogram.
public struct SinkActivations: Codable, Sendable, Equatable {
  /// The number of such tokens.
  public private(set) var tokens = 0
  /// Σ|x| over tokens and channels, shape [layers][streams].
  public private(set) var sums: [[Double]]
  /// The largest |x|, shape [layers][streams].
  public private(set) var largest: [[Float]]

  /// Makes an empty collection.
  public init(layers: Int) {
    let streams = ActivationStream.allCases.count
    sums = Array(repeating: Array(repeating: 0, count: streams), count: layers)
    largest = Array(repeating: Array(repeating: 0, count: streams), count: layers)
  }

  /// Adds rows of a block of one stream, shape [rows, width] row-major.
  public mutating func add(
    _ values: [Float], rows: Range<Int>, columns: Int, layer: Int, stream: ActivationStream
  ) {
    let place = ActivationStream.allCases.firstIndex(of: stream) ?? 0
    if layer == 0, stream == .attentionInput { tokens += rows.count }
    for value in values[(rows.lowerBound * columns)..<(rows.upperBound * columns)] {
      let magnitude = abs(value)
      sums[layer][place] += Double(magnitude)
      largest[layer][place] = max(largest[layer][place], magnitude)
    }
  }

  /// Returns the mean |x| of a stream, given its width; nil without tokens.
  public func mean(layer: Int, stream: ActivationStream, width: Int) -> Double? {
    let place = ActivationStream.allCases.firstIndex(of: stream) ?? 0
    return tokens == 0 ? nil : sums[layer][place] / Double(tokens * width)
  }
}
