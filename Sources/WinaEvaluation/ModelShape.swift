/// The sizes of a Llama-family decoder that its cost depends on; no weights needed.
public struct ModelShape: Sendable, Hashable {
  /// The number of decoder layers, L.
  public var layers: Int
  /// The width of the residual stream, D.
  public var hidden: Int
  /// The number of query heads, H.
  public var heads: Int
  /// The number of key and value heads, K.
  public var keyValueHeads: Int
  /// The width of a head, E.
  public var headSize: Int
  /// The width of the feed-forward block, F.
  public var feedForward: Int
  /// The number of token ids, V.
  public var vocabulary: Int

  /// Makes a shape.
  ///
  /// - Precondition: All sizes are positive.
  public init(
    layers: Int, hidden: Int, heads: Int, keyValueHeads: Int, headSize: Int, feedForward: Int,
    vocabulary: Int
  ) {
    precondition(
      [layers, hidden, heads, keyValueHeads, headSize, feedForward, vocabulary].allSatisfy {
        $0 > 0
      }, "sizes are positive")
    self.layers = layers
    self.hidden = hidden
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headSize = headSize
    self.feedForward = feedForward
    self.vocabulary = vocabulary
  }

  /// The checkpoint's names of the projections of a layer, in the order of all per-projection
  /// values.
  public static let projectionNames = [
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
  ]

  /// The index of `gate_proj`.
  static let gateProjection = 4
  /// The index of `up_proj`, whose outputs a CATS gate skips.
  static let upProjection = 5

  /// The width of the input of each projection, in the order of ``projectionNames``.
  public var inputs: [Int] {
    [hidden, hidden, hidden, heads * headSize, hidden, hidden, feedForward]
  }

  /// The width of the output of each projection, in the order of ``projectionNames``.
  public var outputs: [Int] {
    let keyValues = keyValueHeads * headSize
    return [heads * headSize, keyValues, keyValues, hidden, feedForward, feedForward, hidden]
  }
}
