/// Where an input is routed.
public struct RoutePrediction: Codable, Sendable, Equatable {
  /// The most probable cluster; equal probabilities go to the lower number.
  public let cluster: Int
  /// The probability of every cluster.
  public let probabilities: [Double]
}

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
    /// Whether only one cluster occurs in training, so that it is always predicted.
    public var isMajority: Bool
    /// Whether the optimiser reached its tolerance; true for other models.
    public var converged: Bool
    /// The number of optimiser steps.
    public var iterations: Int
    /// The final training loss of logistic regression.
    public var loss: Double?
  }

  /// Everything except the arrays.
  public let summary: Summary
  /// What is subtracted from each feature.
  public let mean: [Double]
  /// What each centred feature is divided by.
  public let scale: [Double]
  /// Logistic weights or class means in standardised features, shape [classes, dimension].
  public let weights: [Double]
  /// Logistic biases, or 0 for nearest centroid; −∞ is written as −1e30 for absent clusters.
  public let bias: [Double]

  static let absent = -1e30

  /// Takes a fitted router.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when sizes do not fit.
  public init(
    summary: Summary, mean: [Double], scale: [Double], weights: [Double], bias: [Double]
  ) throws {
    let sizes: [(String, Int, Int)] = [
      ("feature means", mean.count, summary.dimension),
      ("feature scales", scale.count, summary.dimension),
      ("router weights", weights.count, summary.classes * summary.dimension),
      ("router biases", bias.count, summary.classes),
      ("training counts", summary.trainingCounts.count, summary.classes),
    ]
    for (what, have, expected) in sizes where have != expected {
      throw SparsityError.shape(what, have: have, expected: expected)
    }
    self.summary = summary
    self.mean = mean
    self.scale = scale
    self.weights = weights
    self.bias = bias
  }

  /// The multiply–accumulates of one prediction.
  public var macs: Int { summary.isMajority ? 0 : summary.classes * summary.dimension }

  /// Returns the cluster of an input and the probability of every cluster.
  ///
  /// Nearest centroid turns squared distances d² into probabilities by softmax of −d²/2. Clusters
  /// that had no training input get probability 0.
  ///
  /// - Throws: ``SparsityError`` for a wrong number of features or values that are not finite.
  public func predict(_ features: some RandomAccessCollection<Double>) throws -> RoutePrediction {
    guard features.count == summary.dimension else {
      throw SparsityError.shape(
        "router features", have: features.count, expected: summary.dimension)
    }
    guard features.allSatisfy(\.isFinite) else { throw SparsityError.notANumber("router features") }
    let input = zip(features, zip(mean, scale)).map { ($0 - $1.0) / $1.1 }
    let probabilities = Softmax.probabilities((0..<summary.classes).map { logit($0, input) })
    var best = 0
    for cluster in probabilities.indices where probabilities[cluster] > probabilities[best] {
      best = cluster
    }
    return RoutePrediction(cluster: best, probabilities: probabilities)
  }

  private func logit(_ cluster: Int, _ input: [Double]) -> Double {
    var sum = 0.0
    let base = cluster * summary.dimension
    switch summary.model {
    case .logistic:
      for column in input.indices { sum += weights[base + column] * input[column] }
    case .nearestCentroid:
      for column in input.indices {
        let distance = input[column] - weights[base + column]
        sum -= distance * distance / 2
      }
    }
    return sum + bias[cluster]
  }
}
