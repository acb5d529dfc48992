import WinaTensor

/// What a pass keeps of the tokens that clustering may see, beside moments.
public struct RouteFeatures: Sendable {
  /// What is kept.
  public enum Kind: Sendable, Equatable {
    /// The share of tokens whose score exceeds a threshold, by channel; thresholds of shape
    /// [layers][streams].
    case activeRate([[Float]])
    /// The shares of scores in ``bins`` bins of each layer and stream.
    case histogram
  }

  /// The bins of a histogram, two an octave.
  public static let bins = 64

  private let kind: Kind
  private let layout: CaptureLayout
  /// The factors of scores, shape [layers][streams]; nil for 1.
  private let norms: [[[Float]?]]

  /// Prepares to count.
  ///
  /// - Parameters:
  ///   - kind: What is kept.
  ///   - layout: The shape of a layer.
  ///   - norms: The factors c of scores |x|·c for every layer and stream, or nil for 1.
  public init(kind: Kind, layout: CaptureLayout, norms: [[[Float]?]]) {
    self.kind = kind
    self.layout = layout
    self.norms = norms
  }

  /// The number of values of a sample.
  public var width: Int {
    switch kind {
    case .activeRate: layout.layers * layout.channels
    case .histogram: layout.layers * ActivationStream.allCases.count * Self.bins
    }
  }

  /// Counts rows of a block, shape [rows, width] row-major, into a sample's values.
  public func add(
    _ values: [Float], rows: Range<Int>, layer: Int, stream: ActivationStream,
    into counts: inout [Float]
  ) {
    let columns = layout.width(of: stream)
    let place = ActivationStream.allCases.firstIndex(of: stream) ?? 0
    let factors = norms[layer][place]
    switch kind {
    case .activeRate(let thresholds):
      let threshold = thresholds[layer][place]
      let start = layer * layout.channels + layout.channelRange(stream).lowerBound
      for row in rows {
        for column in 0..<columns {
          let score = abs(values[row * columns + column]) * (factors?[column] ?? 1)
          if score > threshold { counts[start + column] += 1 }
        }
      }
    case .histogram:
      let start = (layer * ActivationStream.allCases.count + place) * Self.bins
      for row in rows {
        for column in 0..<columns {
          let score = values[row * columns + column] * (factors?[column] ?? 1)
          counts[start + HalfPattern.pattern(of: score) * Self.bins / ScoreHistogram.binCount] += 1
        }
      }
    }
  }

  /// Turns a sample's counts into shares.
  public func finish(_ counts: [Float], tokens: Int) -> [Float] {
    let tokens = Float(max(tokens, 1))
    switch kind {
    case .activeRate: return counts.map { $0 / tokens }
    case .histogram:
      return counts.enumerated().map { index, count in
        let stream = ActivationStream.allCases[
          index / Self.bins % ActivationStream.allCases.count]
        return count / (tokens * Float(layout.width(of: stream)))
      }
    }
  }
}
