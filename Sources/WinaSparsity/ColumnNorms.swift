import WinaTensor

/// The norms c of the weight columns of every projection: c[i] = ‖W[:, i]‖₂.
public struct ColumnNorms: Sendable, Equatable {
  private let values: [[Projection: [Float]]]

  /// Takes the norms of every layer, keyed by projection.
  public init(layers: [[Projection: [Float]]]) { values = layers }

  /// The number of layers.
  public var layers: Int { values.count }

  /// Returns the norms of one projection, one value per input channel.
  ///
  /// - Throws: ``SparsityError`` (`noData`) when they were not given.
  public func norms(layer: Int, projection: Projection) throws -> [Float] {
    guard values.indices.contains(layer), let norms = values[layer][projection] else {
      throw SparsityError.noData("column norms of \(projection.rawValue) in layer \(layer)")
    }
    return norms
  }
}
