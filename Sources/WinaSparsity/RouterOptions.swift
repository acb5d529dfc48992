/// What kind of classifier routes inputs to clusters.
public enum RouterModel: String, Codable, Sendable, CaseIterable {
  /// Multinomial logistic regression with an L2 penalty.
  case logistic
  /// The nearest class mean in standardised features.
  case nearestCentroid = "nearest_centroid"
}

/// How to fit a router.
public struct RouterOptions: Codable, Sendable, Equatable {
  /// The kind of classifier.
  public var model: RouterModel
  /// The penalty λ of λ/2·‖W‖²; biases are not penalised.
  public var l2: Double
  /// The most iterations of the optimiser.
  public var maximumIterations: Int
  /// The optimiser stops when no component of the gradient exceeds this.
  public var tolerance: Double

  /// Makes options; the defaults are those of the stages.
  public init(
    model: RouterModel = .logistic, l2: Double = 1e-3, maximumIterations: Int = 500,
    tolerance: Double = 1e-7
  ) {
    self.model = model
    self.l2 = l2
    self.maximumIterations = maximumIterations
    self.tolerance = tolerance
  }
}
