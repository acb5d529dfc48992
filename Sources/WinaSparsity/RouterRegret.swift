import WinaStatistics

/// What routing costs in divergence, against the best profile for every input.
///
/// R(i, k) is the mean divergence per scored token of input i under the profile of cluster k, in nats.
/// The best profile is chosen on the tokens that it is scored on, so the oracle is optimistic and
/// regrets are upper bounds.
public struct RouterRegret: Codable, Sendable, Equatable {
  /// A mean over inputs with its interval.
  public struct Estimate: Codable, Sendable, Equatable {
    /// The mean.
    public let mean: Double
    /// The lower limit at 95 %; nil for a single input.
    public let low: Double?
    /// The upper limit at 95 %; nil for a single input.
    public let high: Double?
  }

  /// The number of inputs with known divergences.
  public let count: Int
  /// Mean R(i, k̂) − minₖ R(i, k), k̂ the predicted cluster.
  public let regret: Estimate
  /// The same with Σₖ pₖ·R(i, k) in place of R(i, k̂): of a route drawn by the probabilities.
  public let expected: Estimate
  /// The same for the input's own cluster: what is lost although the router is right.
  public let ownCluster: Estimate
  /// The same for always the cluster that is most frequent in training.
  public let majority: Estimate
  /// The same for a cluster drawn uniformly.
  public let uniform: Estimate
  /// Mean minₖ R(i, k), the divergence of the oracle.
  public let oracleDivergence: Double
  /// The share routed to the best profile, with the Wilson interval.
  public let oracleAgreement: ProportionInterval

  /// Measures predictions, or returns nil where no input has known divergences.
  ///
  /// - Parameters:
  ///   - predictions: Where inputs are routed.
  ///   - labels: The cluster of every input.
  ///   - majority: The cluster that is most frequent in training.
  ///   - regrets: R, shape [n, K]; inputs with a value that is not finite do not count.
  ///   - seed: The seed of the bootstrap.
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when sizes do not fit.
  public init?(
    predictions: [RoutePrediction], labels: [Int], majority: Int, regrets: [Double], seed: UInt64
  ) throws {
    let classes = predictions.first?.probabilities.count ?? 0
    guard regrets.count == predictions.count * classes, labels.count == predictions.count else {
      throw SparsityError.shape(
        "the regrets of a router", have: regrets.count, expected: predictions.count * classes)
    }
    let rows = predictions.indices.map { Array(regrets[($0 * classes)..<(($0 + 1) * classes)]) }
    let known = rows.indices.filter { rows[$0].allSatisfy(\.isFinite) }
    guard !known.isEmpty, classes > 0 else { return nil }
    let least = known.map { rows[$0].min() ?? 0 }
    func estimate(_ cost: (Int) -> Double) throws -> Estimate {
      let excess = zip(known, least).map { cost($0) - $1 }
      let mean = excess.reduce(0, +) / Double(excess.count)
      guard excess.count > 1 else { return Estimate(mean: mean, low: nil, high: nil) }
      let interval = try Bootstrap.meanDifference(
        excess,
        options: BootstrapOptions(seed: seed, method: .percentile, repetitions: 2000))
      return Estimate(mean: mean, low: interval.low, high: interval.high)
    }
    count = known.count
    regret = try estimate { rows[$0][predictions[$0].cluster] }
    expected = try estimate { row in
      (0..<classes).reduce(0) { $0 + predictions[row].probabilities[$1] * rows[row][$1] }
    }
    ownCluster = try estimate { rows[$0][labels[$0]] }
    self.majority = try estimate { rows[$0][majority] }
    uniform = try estimate { rows[$0].reduce(0, +) / Double(classes) }
    oracleDivergence = least.reduce(0, +) / Double(known.count)
    let agreements = zip(known, least).filter { row, least in
      rows[row][predictions[row].cluster] == least
    }
    oracleAgreement = try Proportion.wilson(successes: agreements.count, total: known.count)
  }
}
