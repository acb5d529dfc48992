import WinaStatistics

/// How well a router recovers the clusters of labelled inputs.
public struct RouterReport: Codable, Sendable, Equatable {
  /// The number of inputs.
  public let count: Int
  /// The share routed to their own cluster.
  public let accuracy: Double
  /// The Wilson interval of the accuracy.
  public let interval: ProportionInterval
  /// The accuracy of always answering the most frequent cluster of these inputs.
  public let majorityAccuracy: Double
  /// The F1 averaged over clusters that occur or are predicted.
  public let macroF1: Double
  /// Counts indexed `[cluster][predicted]`.
  public let confusion: [[Int]]

  /// Compares predictions with clusters.
  ///
  /// - Throws: ``SparsityError`` for no inputs, lengths that differ or clusters out of range.
  public init(predictions: [Int], labels: [Int], classes: Int) throws {
    guard !labels.isEmpty else { throw SparsityError.noData("a router report") }
    guard predictions.count == labels.count else {
      throw SparsityError.shape("predictions", have: predictions.count, expected: labels.count)
    }
    if let label = (predictions + labels).first(where: { !(0..<classes).contains($0) }) {
      throw SparsityError.range("a cluster", "\(label)", expected: "0..<\(classes)")
    }
    let empty = [Int](repeating: 0, count: classes)
    var table = [[Int]](repeating: empty, count: classes)
    for (label, prediction) in zip(labels, predictions) { table[label][prediction] += 1 }
    let correct = table.indices.reduce(0) { $0 + table[$1][$1] }
    let rows = table.map { $0.reduce(0, +) }
    let columns = (0..<classes).map { column in table.reduce(0) { $0 + $1[column] } }
    var sum = 0.0
    var present = 0
    for cluster in 0..<classes where rows[cluster] + columns[cluster] > 0 {
      sum += 2 * Double(table[cluster][cluster]) / Double(rows[cluster] + columns[cluster])
      present += 1
    }
    count = labels.count
    accuracy = Double(correct) / Double(labels.count)
    interval = try Proportion.wilson(successes: correct, total: labels.count)
    majorityAccuracy = Double(rows.max() ?? 0) / Double(labels.count)
    macroF1 = sum / Double(present)
    confusion = table
  }

  /// Routes labelled inputs and compares.
  ///
  /// - Parameters:
  ///   - router: The router.
  ///   - features: The features, shape [n, D].
  ///   - labels: The cluster of every input.
  /// - Throws: ``SparsityError`` as ``Router/predict(_:)`` and
  ///   ``init(predictions:labels:classes:)``.
  public init(router: Router, features: [Double], labels: [Int]) throws {
    let width = router.summary.dimension
    guard features.count == labels.count * width else {
      throw SparsityError.shape(
        "router features", have: features.count, expected: labels.count * width)
    }
    let predictions = try labels.indices.map { row in
      try router.predict(features[(row * width)..<((row + 1) * width)]).cluster
    }
    try self.init(predictions: predictions, labels: labels, classes: router.summary.classes)
  }
}
