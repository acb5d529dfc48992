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
    /// The mean of |x| by channel, without factors.
    case meanAbsolute
  }

  /// Every other one of a sample's tokens, from its first or from its second.
  public enum Half: String, Codable, Sendable, CaseIterable {
    case first, second

    /// Whether a token at a distance from a sample's first belongs to the half.
    func contains(_ distance: Int) -> Bool { distance % 2 == (self == .first ? 0 : 1) }

    /// How many of a sample's tokens are in the half.
    public func count(of tokens: Int) -> Int { self == .first ? (tokens + 1) / 2 : tokens / 2 }

    /// The values at the half's places.
    public func members<Value>(of values: [Value]) -> [Value] {
      values.indices.filter(contains).map { values[$0] }
    }
  }

  /// The bins of a histogram, two an octave.
  public static let bins = 64

  private let kind: Kind
  private let layout: CaptureLayout
  /// The factors of scores, shape [layers][streams]; nil for 1.
  private let norms: [[[Float]?]]
  /// The half of a sample's tokens that counts, or nil for all.
  private let half: Half?

  /// Prepares to count.
  ///
  /// - Parameters:
  ///   - kind: What is kept.
  ///   - layout: The shape of a layer.
  ///   - norms: The factors c of scores |x|·c for every layer and stream, or nil for 1.
  ///   - half: The half of a sample's tokens that counts, or nil for all.
  public init(kind: Kind, layout: CaptureLayout, norms: [[[Float]?]], half: Half? = nil) {
    self.half = half
    self.kind = kind
    self.layout = layout
    self.norms = norms
  }

  /// The number of values of a sample.
  public var width: Int {
    switch kind {
    case .activeRate, .meanAbsolute: layout.layers * layout.channels
    case .histogram: layout.layers * ActivationStream.allCases.count * Self.bins
    }
  }

  /// Counts rows of a block, shape [rows, width] row-major, into a sample's values.
  ///
  /// - Parameters:
  ///   - values: The block.
  ///   - rows: The rows of the block that features are made of.
  ///   - first: How many of the sample's tokens that features are made of came before them.
  ///   - layer: The layer of the block.
  ///   - stream: Its stream.
  ///   - counts: The sample's values, of ``width``.
  public func add(
    _ values: [Float], rows: Range<Int>, first: Int = 0, layer: Int, stream: ActivationStream,
    into counts: inout [Float]
  ) {
    let rows = rows.filter { half?.contains(first + $0 - rows.lowerBound) ?? true }
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
    case .meanAbsolute:
      let start = layer * layout.channels + layout.channelRange(stream).lowerBound
      for row in rows {
        for column in 0..<columns { counts[start + column] += abs(values[row * columns + column]) }
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

  /// Turns a sample's counts into shares, or sums into means.
  ///
  /// - Parameters:
  ///   - counts: What was counted.
  ///   - tokens: The sample's tokens that features are made of, both halves of them.
  public func finish(_ counts: [Float], tokens: Int) -> [Float] {
    let tokens = Float(max(half?.count(of: tokens) ?? tokens, 1))
    switch kind {
    case .activeRate, .meanAbsolute: return counts.map { $0 / tokens }
    case .histogram:
      return counts.enumerated().map { index, count in
        let stream = ActivationStream.allCases[
          index / Self.bins % ActivationStream.allCases.count]
        return count / (tokens * Float(layout.width(of: stream)))
      }
    }
  }
}
