/// Per-sample means over tokens of |x|, x and x² of every channel.
public struct ChannelMoments: Sendable, Equatable {
  /// The number of samples.
  public let samples: Int
  /// The mean of |x|, shape [samples, layers, channels].
  public private(set) var meanAbsolute: [Float]
  /// The mean of x, shape [samples, layers, channels].
  public private(set) var mean: [Float]
  /// The mean of x², shape [samples, layers, channels].
  public private(set) var meanSquare: [Float]

  /// Takes means of the given shape.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when sizes do not fit the layout.
  public init(
    samples: Int, layout: CaptureLayout, meanAbsolute: [Float], mean: [Float], meanSquare: [Float]
  ) throws {
    let expected = samples * layout.layers * layout.channels
    for values in [meanAbsolute, mean, meanSquare] where values.count != expected {
      throw SparsityError.shape("channel moments", have: values.count, expected: expected)
    }
    self.samples = samples
    self.meanAbsolute = meanAbsolute
    self.mean = mean
    self.meanSquare = meanSquare
  }

  /// Concatenates the samples of several captures.
  init(concatenating parts: [ChannelMoments]) {
    samples = parts.reduce(0) { $0 + $1.samples }
    meanAbsolute = parts.flatMap(\.meanAbsolute)
    mean = parts.flatMap(\.mean)
    meanSquare = parts.flatMap(\.meanSquare)
  }
}
