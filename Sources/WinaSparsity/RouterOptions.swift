/// What kind of classifier routes inputs to clusters.
public enum RouterModel: String, Codable, Sendable, CaseIterable {
  /// Multinomial logistic regression with an L2 penalty.
  case logistic
  /// The nearest class mean in standardised features.
  case nearestCentroid = "nearest_centroid"
  /// The most frequent cluster, whatever the input: what every router must beat.
  case majority
  /// A network with one hidden layer of rectified units.
  case mlp
  /// A vote of the nearest training inputs in standardised features.
  case knn
  /// A linear gate with the load-balancing loss of mixtures of experts.
  case moeGate = "moe_gate"
  /// A linear gate that minimises the expected divergence itself, without labels.
  case regret
}

/// How to fit a router.
public struct RouterOptions: Codable, Sendable, Equatable {
  /// The kind of classifier.
  public var model: RouterModel
  /// The penalty λ of λ/2·‖W‖² (`logistic`, `regret`); biases are not penalised.
  public var l2: Double
  /// The most iterations of the optimiser (`logistic`, `regret`).
  public var maximumIterations: Int
  /// The optimiser stops when no component of the gradient exceeds this.
  public var tolerance: Double
  /// The seed of initial weights, batches and the held-out part (`mlp`, `moe_gate`).
  public var seed: UInt64
  /// The hidden units (`mlp`).
  public var hiddenUnits: Int
  /// The passes over the training inputs (`mlp`, `moe_gate`).
  public var epochs: Int
  /// The inputs of one step (`mlp`, `moe_gate`).
  public var batch: Int
  /// The step size of AdamW.
  public var learningRate: Double
  /// The share of training inputs that only decide when to stop (`mlp`, `moe_gate`).
  public var heldOut: Double
  /// The epochs without a better held-out loss after which training stops.
  public var patience: Int
  /// The training inputs that vote (`knn`).
  public var neighbours: Int
  /// The weight α of the load-balancing loss (`moe_gate`).
  public var balance: Double

  /// Makes options; the defaults are those of the stages.
  public init(
    model: RouterModel = .logistic, l2: Double = 1e-3, maximumIterations: Int = 500,
    tolerance: Double = 1e-7, seed: UInt64 = 1, hiddenUnits: Int = 64, epochs: Int = 50,
    batch: Int = 128, learningRate: Double = 1e-3, heldOut: Double = 0.15, patience: Int = 5,
    neighbours: Int = 5, balance: Double = 0.01
  ) {
    self.model = model
    self.l2 = l2
    self.maximumIterations = maximumIterations
    self.tolerance = tolerance
    self.seed = seed
    self.hiddenUnits = hiddenUnits
    self.epochs = epochs
    self.batch = batch
    self.learningRate = learningRate
    self.heldOut = heldOut
    self.patience = patience
    self.neighbours = neighbours
    self.balance = balance
  }

  /// Checks the ranges.
  func check() throws {
    let positive = [
      ("l2", l2 >= 0 && l2.isFinite), ("maximumIterations", maximumIterations >= 1),
      ("tolerance", tolerance > 0), ("hiddenUnits", hiddenUnits >= 1), ("epochs", epochs >= 1),
      ("batch", batch >= 1), ("learningRate", learningRate > 0), ("patience", patience >= 1),
      ("neighbours", neighbours >= 1), ("balance", balance >= 0),
      ("heldOut", (0..<1).contains(heldOut)),
    ]
    for (name, isValid) in positive where !isValid {
      throw SparsityError.range(
        "the router option '\(name)'", "out of range", expected: "the positive numbers")
    }
  }
}
