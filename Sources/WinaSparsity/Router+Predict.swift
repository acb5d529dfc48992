import Foundation

extension Router {
  /// Returns the cluster of an input and the probability of every cluster.
  ///
  /// Nearest centroid turns squared distances d² into probabilities by softmax of −d²/2; k nearest
  /// neighbours give a cluster with v votes (v + 1/c)/(k + 1), c being the clusters that occur in
  /// training. Clusters that had no training input get probability 0, but for `regret`.
  ///
  /// - Throws: ``SparsityError`` for a wrong number of features or values that are not finite.
  public func predict(_ features: [Double]) throws -> RoutePrediction {
    let input = try standardised(features)
    return RoutePrediction(
      probabilities: Softmax.probabilities(logits(input).map { $0 / summary.temperature }),
      isUnknown: isUnknown(input))
  }

  /// Returns the cluster of an input and the probability of every cluster.
  ///
  /// - Throws: ``SparsityError`` as ``predict(_:)``.
  public func predict(_ features: some RandomAccessCollection<Double>) throws -> RoutePrediction {
    try predict(Array(features))
  }

  /// Returns the prediction for every row.
  ///
  /// - Throws: ``SparsityError`` as ``predict(_:)``.
  public func predictions(_ rows: FeatureRows) throws -> [RoutePrediction] {
    try (0..<rows.count).map { try predict(rows.vector($0)) }
  }

  /// Returns the logits of an input, before the temperature.
  func logits(of features: [Double]) throws -> [Double] { logits(try standardised(features)) }

  private func standardised(_ features: [Double]) throws -> [Double] {
    guard features.count == summary.dimension else {
      throw SparsityError.shape(
        "router features", have: features.count, expected: summary.dimension)
    }
    var input = features
    for column in input.indices {
      guard features[column].isFinite else { throw SparsityError.notANumber("router features") }
      if summary.isStandardised {
        input[column] = (features[column] - mean[column]) / scale[column]
      }
    }
    return input
  }

  /// Whether an input is like no training input, or has no known feature at all.
  private func isUnknown(_ input: [Double]) -> Bool {
    guard !summary.isMajority, !input.isEmpty else { return false }
    if !summary.isStandardised, input.allSatisfy({ $0 == 0 }) { return true }
    return !reach.covers(input)
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
    let count = min(summary.neighbours ?? 1, memory.rows.count)
    var voters: [(distance: Double, row: Int)] = []
    for row in 0..<memory.rows.count {
      let distance =
        square - 2 * memory.rows.dot(row, input, at: 0) + memory.rows.squaredNorm(row)
      if voters.count == count, let last = voters.last, distance >= last.distance { continue }
      let place = voters.firstIndex { distance < $0.distance } ?? voters.count
      voters.insert((distance, row), at: place)
      if voters.count > count { voters.removeLast() }
    }
    var votes = [Double](repeating: 0, count: bias.count)
    for voter in voters { votes[memory.labels[voter.row]] += 1 }
    let present = Double(bias.reduce(0) { $0 + ($1 == Router.absent ? 0 : 1) })
    return bias.indices.map { cluster in
      bias[cluster] == Router.absent
        ? Router.absent : log((votes[cluster] + 1 / present) / (Double(voters.count) + 1))
    }
  }
}
