import Foundation

extension Router {
  /// Returns the cluster of an input and the probability of every cluster.
  ///
  /// Nearest centroid turns squared distances d² into probabilities by softmax of −d²/2; k nearest
  /// neighbours give a cluster with v votes (v + 1/c)/(k + 1), c being the clusters that occur in
  /// training. Clusters that had no training input get probability 0, but for `regret`.
  ///
  /// - Throws: ``SparsityError`` for a wrong number of features or values that are not finite.
  public func predict(_ features: some RandomAccessCollection<Double>) throws -> RoutePrediction {
    let input = try standardised(features)
    return RoutePrediction(
      probabilities: Softmax.probabilities(logits(input).map { $0 / summary.temperature }),
      isUnknown: isUnknown(input))
  }

  /// Returns the prediction for every row.
  ///
  /// - Throws: ``SparsityError`` as ``predict(_:)``.
  public func predictions(_ rows: FeatureRows) throws -> [RoutePrediction] {
    try (0..<rows.count).map { try predict(rows.vector($0)) }
  }

  /// Returns the logits of an input, before the temperature.
  func logits(of features: some RandomAccessCollection<Double>) throws -> [Double] {
    logits(try standardised(features))
  }

  private func standardised(_ features: some RandomAccessCollection<Double>) throws -> [Double] {
    guard features.count == summary.dimension else {
      throw SparsityError.shape(
        "router features", have: features.count, expected: summary.dimension)
    }
    guard features.allSatisfy(\.isFinite) else { throw SparsityError.notANumber("router features") }
    return zip(features, zip(mean, scale)).map { ($0 - $1.0) / $1.1 }
  }

  /// Whether an input lies beyond all training inputs, or has no known feature at all.
  private func isUnknown(_ input: [Double]) -> Bool {
    guard !summary.isMajority, !input.isEmpty else { return false }
    guard let reach = summary.reach else { return input.allSatisfy { $0 == 0 } }
    return Standardiser.size(input) > reach
  }

  private func logits(_ input: [Double]) -> [Double] {
    if summary.isMajority { return bias }
    switch summary.model {
    case .majority: return bias
    case .logistic, .moeGate, .regret:
      return bias.indices.map { product(weights, row: $0, input) + bias[$0] }
    case .nearestCentroid:
      return bias.indices.map { bias[$0] - squaredDistance(to: $0, input) / 2 }
    case .mlp:
      let units = (0..<(summary.hiddenUnits ?? 0)).map { unit in
        let start = unit * (input.count + 1)
        var sum = hidden[start + input.count]
        for column in input.indices { sum += hidden[start + column] * input[column] }
        return max(0, sum)
      }
      return bias.indices.map { product(weights, row: $0, units) + bias[$0] }
    case .knn: return votes(input)
    }
  }

  private func product(_ matrix: [Double], row: Int, _ input: [Double]) -> Double {
    var sum = 0.0
    let base = row * input.count
    for column in input.indices { sum += matrix[base + column] * input[column] }
    return sum
  }

  private func squaredDistance(to cluster: Int, _ input: [Double]) -> Double {
    var sum = 0.0
    let base = cluster * input.count
    for column in input.indices {
      let distance = input[column] - weights[base + column]
      sum += distance * distance
    }
    return sum
  }

  /// The logarithms of smoothed shares of votes; equal distances go to the earlier training input.
  private func votes(_ input: [Double]) -> [Double] {
    guard let memory else { return bias }
    let square = input.reduce(0) { $0 + $1 * $1 }
    let distances = (0..<memory.rows.count).map { row in
      square - 2 * memory.rows.dot(row, input, at: 0) + memory.rows.squaredNorm(row)
    }
    let voters = distances.indices.sorted {
      distances[$0] != distances[$1] ? distances[$0] < distances[$1] : $0 < $1
    }.prefix(summary.neighbours ?? 1)
    var votes = [Double](repeating: 0, count: bias.count)
    for voter in voters { votes[memory.labels[voter]] += 1 }
    let present = Double(bias.reduce(0) { $0 + ($1 == Router.absent ? 0 : 1) })
    return bias.indices.map { cluster in
      bias[cluster] == Router.absent
        ? Router.absent : log((votes[cluster] + 1 / present) / (Double(voters.count) + 1))
    }
  }
}
