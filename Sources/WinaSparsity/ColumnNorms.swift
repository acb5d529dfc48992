import WinaTensor

/// The norms c of the weight columns of every projection: c[i] = ‖W[:, i]‖₂.
public struct ColumnNorms: Sendable, Equatable {
  private let values: [[Projection: [Float]]]
  /// The norms of all weights that read a stream, by layer.
  private let fused: [[ActivationStream: [Float]]]

  /// Takes the norms of every layer, keyed by projection.
  public init(layers: [[Projection: [Float]]]) {
    values = layers
    fused = layers.map { layer in
      var joint: [ActivationStream: [Float]] = [:]
      for stream in ActivationStream.allCases {
        let weights = ScoreSlot.fused(stream).weights
        let norms = weights.compactMap { layer[$0] }
        if norms.count == weights.count { joint[stream] = Self.joint(norms) }
      }
      return joint
    }
  }

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

  /// Returns the norms that weigh the scores of a slot, one value per input; `nil` where none do.
  ///
  /// - Throws: ``SparsityError`` (`noData`) when they were not given.
  func norms(layer: Int, of slot: ScoreSlot) throws -> [Float]? {
    switch slot {
    case .stream, .gate: return nil
    case .weighted(let projection): return try norms(layer: layer, projection: projection)
    case .weightedGate: return try norms(layer: layer, projection: .downProj)
    case .fused(let stream):
      guard fused.indices.contains(layer), let norms = fused[layer][stream] else {
        throw SparsityError.noData("column norms of \(slot.name) in layer \(layer)")
      }
      return norms
    }
  }

  /// Returns the norms of columns of several matrices one below the other: c = √Σ c².
  public static func joint(_ norms: [[Float]]) -> [Float] {
    guard let first = norms.first, norms.count > 1 else { return norms.first ?? [] }
    return first.indices.map { input in
      Float(norms.reduce(0.0) { $0 + Double($1[input]) * Double($1[input]) }.squareRoot())
    }
  }
}
