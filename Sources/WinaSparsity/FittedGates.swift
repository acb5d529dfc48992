import WinaTensor

/// The gates of all groups of a profile that is being fitted.
struct FittedGates {
  /// Shape [groups, layers, 7]; NaN where there is no threshold.
  var thresholds: [Float]
  /// Shape [groups, layers, 7]; −1 where there is no count.
  var keep: [Int32]
  /// Shape [groups, layers, inputs of all projections], or empty.
  var masks: [UInt8]
  /// The model-wide sparsity of each group on its own calibration tokens.
  var sparsities: [Double]
  /// The share of inputs that are removed for all tokens, by group; nil without masks.
  var removed: [Double]?

  init(groups: Int, layers: Int, inputs: Int) {
    let gates = groups * layers * Projection.allCases.count
    thresholds = [Float](repeating: .nan, count: gates)
    keep = [Int32](repeating: -1, count: gates)
    masks = [UInt8](repeating: 1, count: groups * layers * inputs)
    sparsities = [Double](repeating: 0, count: groups)
    removed = inputs == 0 ? nil : [Double](repeating: 0, count: groups)
  }
}

/// What is used of the weights of one layer.
struct LayerUse {
  /// The share of inputs that each projection keeps, in `Projection.allCases` order.
  var inputs = [Double](repeating: 1, count: Projection.allCases.count)
  /// The share of hidden units of the feed-forward block that are computed at all.
  ///
  /// A unit that a static mask drops before down_proj needs no output of gate_proj and up_proj.
  var units = 1.0

  /// The fraction of the layer's weights that are not used.
  func sparsity(_ shapes: ProjectionShapes) -> Double {
    var used = 0.0
    for (projection, share) in zip(Projection.allCases, inputs) {
      let outputs = projection == .gateProj || projection == .upProj ? units : 1
      used += share * outputs * Double(shapes.parameters(of: projection))
    }
    return 1 - used / Double(shapes.parameters)
  }
}
