import WinaTensor

/// The shape of everything a capture holds.
///
/// Channels of a layer are the concatenation of its streams in `ActivationStream.allCases` order.
public struct CaptureLayout: Codable, Sendable, Equatable {
  /// The number L of layers.
  public let layers: Int
  /// The width of each stream, in `ActivationStream.allCases` order.
  public let widths: [Int]
  /// The score slots, in canonical order.
  public let slots: [ScoreSlot]

  /// Makes a layout; slots are put in canonical order.
  ///
  /// - Throws: ``SparsityError`` when a stream has no positive width or there is no layer.
  public init(layers: Int, widths: [ActivationStream: Int], slots: [ScoreSlot]) throws {
    guard layers > 0 else { throw SparsityError.range("the layers", "\(layers)", expected: "1…") }
    self.layers = layers
    self.widths = try ActivationStream.allCases.map { stream in
      guard let width = widths[stream], width > 0 else {
        throw SparsityError.range(
          "the width of \(stream.rawValue)", "\(widths[stream] ?? 0)", expected: "1…")
      }
      return width
    }
    self.slots = Set(slots).sorted()
  }

  /// The number C of channels of a layer, over all streams.
  public var channels: Int { widths.reduce(0, +) }

  /// Returns the width of a stream.
  public func width(of stream: ActivationStream) -> Int { channelRange(stream).count }

  /// The width of the feed-forward block's hidden units, which the gate slot scores.
  public var gateWidth: Int { width(of: Projection.downProj.stream) }

  /// Returns where a stream's channels lie among the channels of a layer.
  public func channelRange(_ stream: ActivationStream) -> Range<Int> {
    var start = 0
    for (other, width) in zip(ActivationStream.allCases, widths) {
      if other == stream { return start..<(start + width) }
      start += width
    }
    return start..<start
  }

  /// Returns the position of a slot among ``slots``.
  ///
  /// - Throws: ``SparsityError`` (`missingScore`) when the capture does not hold it.
  public func index(of slot: ScoreSlot) throws -> Int {
    guard let index = slots.firstIndex(of: slot) else {
      throw SparsityError.missing(slot, available: slots)
    }
    return index
  }
}
