import WinaTensor

/// How many gated tokens of each group every input of every projection was kept for.
public struct ActivityCounts: Sendable, Equatable {
  /// The gated tokens of each group.
  public let tokens: [Int]
  /// The number of layers.
  public let layers: Int
  /// The inputs of each projection, in `Projection.allCases` order.
  public let inputs: [Int]
  /// The counts, shape [groups, layers, inputs of all projections].
  public let counts: [UInt64]

  /// Takes counts of the stated shape.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when sizes do not fit.
  public init(tokens: [Int], layers: Int, inputs: [Int], counts: [UInt64]) throws {
    let expected = tokens.count * layers * inputs.reduce(0, +)
    guard counts.count == expected else {
      throw SparsityError.shape("activity counts", have: counts.count, expected: expected)
    }
    self.tokens = tokens
    self.layers = layers
    self.inputs = inputs
    self.counts = counts
  }

  /// Adds the counts of other samples.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when they are of other groups or another model.
  public static func + (left: ActivityCounts, right: ActivityCounts) throws -> ActivityCounts {
    guard left.tokens.count == right.tokens.count, left.layers == right.layers,
      left.inputs == right.inputs
    else { throw SparsityError.layouts("the activity counts") }
    return try ActivityCounts(
      tokens: zip(left.tokens, right.tokens).map(+), layers: left.layers, inputs: left.inputs,
      counts: zip(left.counts, right.counts).map(+))
  }

  /// Returns the counts of one projection, one value per input.
  ///
  /// - Precondition: the group and the layer exist.
  public func counts(group: Int, layer: Int, projection: Projection) -> ArraySlice<UInt64> {
    let index = ProjectionShapes.index(projection)
    let start =
      (group * layers + layer) * inputs.reduce(0, +) + inputs[..<index].reduce(0, +)
    return counts[start..<(start + inputs[index])]
  }
}
