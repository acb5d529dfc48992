/// A classifier that sends inputs to clusters by their features.
public struct Router: Sendable, Equatable {
  /// Everything about a router except its arrays.
  public struct Summary: Codable, Sendable, Equatable {
    /// The kind of classifier that was asked for.
    public var model: RouterModel
    /// The number of clusters.
    public var classes: Int
    /// The number of features.
    public var dimension: Int
    /// The number of training inputs of each cluster.
    public var trainingCounts: [Int]
    /// Whether the prediction is the same for all inputs, as when only one cluster occurs.
    public var isMajority: Bool
    /// Whether the optimiser reached its tolerance; true for models without one.
    public var converged: Bool
    /// The number of optimiser steps.
    public var iterations: Int
    /// The final training loss, for models that minimise one.
    public var loss: Double?
    /// What logits are divided by before they become probabilities; 1 if not calibrated.
    public var temperature: Double
    /// Whether features are standardised, which sparse ones are not.
    public var isStandardised: Bool
    /// The hidden units, for `mlp`.
    public var hiddenUnits: Int?
    /// The training inputs that vote, for `knn`.
    public var neighbours: Int?
  }

  /// Training inputs that vote.
  public struct Memory: Sendable, Equatable {
    /// Standardised features.
    public let rows: FeatureRows
    /// The cluster of each.
    public let labels: [Int]

    /// Takes training inputs.
    public init(rows: FeatureRows, labels: [Int]) {
      self.rows = rows
      self.labels = labels
    }
  }

  /// Everything except the arrays.
  public var summary: Summary
  /// What is subtracted from each feature.
  public let mean: [Double]
  /// What each centred feature is divided by.
  public let scale: [Double]
  /// Weights of the last layer, or class means in standardised features, shape [classes, dimension]
  /// or, for `mlp`, [classes, hidden units]; empty for `knn` and `majority`.
  public let weights: [Double]
  /// A bias for every cluster; −∞ is written as −1e30 for clusters that are never predicted.
  public let bias: [Double]
  /// Hidden units, shape [hidden units, dimension + 1], the bias last; empty but for `mlp`.
  public let hidden: [Double]
  /// The training inputs, for `knn`.
  public let memory: Memory?
  /// What tells inputs that are like no training input.
  public let reach: RouterReach

  static let absent = -1e30

  /// Takes a fitted router.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when sizes do not fit.
  public init(
    summary: Summary, mean: [Double], scale: [Double], weights: [Double], bias: [Double],
    hidden: [Double] = [], memory: Memory? = nil, reach: RouterReach
  ) throws {
    let units = summary.hiddenUnits ?? summary.dimension
    let hasWeights = Self.hasWeights(summary.model)
    let sizes: [(String, Int, Int)] = [
      ("feature means", mean.count, summary.dimension),
      ("feature scales", scale.count, summary.dimension),
      ("router weights", weights.count, hasWeights ? summary.classes * units : 0),
      ("router biases", bias.count, summary.classes),
      ("training counts", summary.trainingCounts.count, summary.classes),
      (
        "hidden weights", hidden.count,
        summary.model == .mlp ? units * (summary.dimension + 1) : 0
      ),
      (
        "the means of clusters", reach.centres.count,
        summary.trainingCounts.count { $0 > 0 } * summary.dimension
      ),
      (
        "the reaches of clusters", reach.limits.count,
        reach.limits.isEmpty ? 0 : summary.trainingCounts.count { $0 > 0 }
      ),
      ("remembered labels", memory?.labels.count ?? 0, memory?.rows.count ?? 0),
    ]
    for (what, have, expected) in sizes where have != expected {
      throw SparsityError.shape(what, have: have, expected: expected)
    }
    if let memory {
      guard memory.rows.width == summary.dimension,
        memory.labels.allSatisfy({ (0..<summary.classes).contains($0) })
      else {
        throw SparsityError.shape(
          "remembered features", have: memory.rows.width, expected: summary.dimension)
      }
    } else if summary.model == .knn {
      throw SparsityError.noData("a router by nearest neighbours")
    }
    guard summary.temperature > 0, summary.temperature.isFinite else {
      throw SparsityError.range(
        "a temperature", "\(summary.temperature)", expected: "the positive numbers")
    }
    self.summary = summary
    self.mean = mean
    self.scale = scale
    self.weights = weights
    self.bias = bias
    self.hidden = hidden
    self.memory = memory
    self.reach = reach
  }

  static func hasWeights(_ model: RouterModel) -> Bool { model != .knn && model != .majority }

  /// The number of numbers that predictions take, without those that tell unknown inputs.
  public var parameterCount: Int {
    guard !summary.isMajority else { return 1 }
    let stored = memory.map { $0.rows.values.count + $0.labels.count } ?? 0
    let standardising = summary.isStandardised ? 2 * summary.dimension : 0
    return weights.count + bias.count + hidden.count + stored + standardising
  }

  /// The multiply–accumulates of one prediction from features that are all given.
  public var macs: Int { macs(storedFeatures: summary.dimension) }

  /// Returns the multiply–accumulates of one prediction.
  ///
  /// - Parameter count: The features of the input that are not zero, where features are sparse.
  public func macs(storedFeatures count: Int) -> Int {
    guard !summary.isMajority else { return 0 }
    let features = summary.isStandardised ? summary.dimension : min(count, summary.dimension)
    switch summary.model {
    case .majority: return 0
    case .logistic, .nearestCentroid, .moeGate, .regret: return summary.classes * features
    case .mlp:
      let units = summary.hiddenUnits ?? 0
      return units * (features + summary.classes)
    case .knn: return memory?.rows.values.count ?? 0
    }
  }

  /// The multiply–accumulates of telling whether an input is unknown.
  public var reachMACs: Int { summary.isMajority ? 0 : reach.centres.count }
}
