import WinaTensor

/// Which inputs of one projection are kept.
///
/// With scores |x − μ| · c the projection computes W·(mask ⊙ (x − μ)) + W·μ.
public struct ProjectionGate: Sendable, Hashable {
  /// How scores become a mask.
  public typealias Rule = KeepRule

  /// How scores become a mask.
  public var rule: Rule
  /// The factors c, one an input; `nil` is 1.
  public var norms: [Float]?
  /// The centre μ, one value an input; `nil` is 0.
  public var mean: [Float]?

  /// Makes a gate.
  public init(rule: Rule, norms: [Float]? = nil, mean: [Float]? = nil) {
    self.rule = rule
    self.norms = norms
    self.mean = mean
  }
}

/// The gates of a whole model; whatever has none stays dense.
public struct ActivationGates: Sendable, Hashable {
  /// The gates at the inputs of projections, one dictionary a layer.
  public var projections: [[Projection: ProjectionGate]]
  /// CATS thresholds (arXiv 2404.08763), one a layer: u = SiLU(gate) is kept where |u| ≥ t.
  ///
  /// The mask selects outputs of up_proj and inputs of down_proj, so a layer with a threshold has no
  /// other gate on these two.
  public var cats: [Float?]
  /// The factors c of WINA-CATS, one list a layer: u is kept where |u| · c ≥ t; `nil` is 1.
  public var catsNorms: [[Float]?]

  /// Makes gates that keep everything.
  public init(layers: Int) {
    projections = Array(repeating: [:], count: layers)
    cats = Array(repeating: nil, count: layers)
    catsNorms = Array(repeating: nil, count: layers)
  }
}

extension ActivationGates {
  /// The hidden units of the feed-forward block whose values a static mask at down_proj keeps; `nil`
  /// where it has none.
  ///
  /// The others need no output of gate_proj and up_proj, as nothing reads them.
  public func keptUnits(layer: Int) -> [Int]? {
    guard case .mask(let mask)? = projections[layer][.downProj]?.rule else { return nil }
    return mask.indices.filter { mask[$0] }
  }
}
