import Foundation
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
  /// The share whose own cluster is among the two most probable; nil without probabilities.
  public private(set) var topTwo: Double?
  /// The expected calibration error over 15 bins of equal width; nil without probabilities.
  public private(set) var calibrationError: Double?
  /// The mean negative log-probability of the own cluster, each at most −ln 10⁻¹⁵; nil without
  /// probabilities.
  public private(set) var negativeLogLikelihood: Double?
  /// The test against always answering the cluster that is most frequent in training; nil where that
  /// is not known.
  public private(set) var againstMajority: McNemarResult?
  /// What routing costs in divergence; nil where it was not measured.
  public var regret: RouterRegret?

  /// The bins of the calibration error.
  static let bins = 15

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
    count = labels.count
    accuracy = Double(correct) / Double(labels.count)
    interval = try Proportion.wilson(successes: correct, total: labels.count)
    majorityAccuracy = Double(table.map { $0.reduce(0, +) }.max() ?? 0) / Double(labels.count)
    macroF1 = Self.macroF1(table)
    confusion = table
  }

  /// Compares predictions that have probabilities with clusters.
  ///
  /// - Parameters:
  ///   - predictions: Where inputs are routed.
  ///   - labels: The cluster of every input.
  ///   - classes: The number of clusters.
  ///   - majority: The cluster that is most frequent in training.
  /// - Throws: ``SparsityError`` as ``init(predictions:labels:classes:)``.
  public init(
    predictions: [RoutePrediction], labels: [Int], classes: Int, majority: Int? = nil
  ) throws {
    let clusters = predictions.map(\.cluster)
    try self.init(predictions: clusters, labels: labels, classes: classes)
    let hits = zip(predictions, labels).filter { prediction, label in
      prediction.top(2).contains { $0.cluster == label }
    }
    topTwo = Double(hits.count) / Double(count)
    calibrationError = Self.calibrationError(
      confidences: predictions.map(\.confidence), isRight: zip(clusters, labels).map(==))
    negativeLogLikelihood =
      zip(predictions, labels).reduce(0) { $0 - log(max(1e-15, $1.0.probabilities[$1.1])) }
      / Double(count)
    if let majority {
      let pairs = zip(clusters, labels)
      againstMajority = try McNemar.exact(
        b: pairs.filter { $0 == $1 && $1 != majority }.count,
        c: pairs.filter { $0 != $1 && $1 == majority }.count)
    }
  }

  /// Routes labelled inputs and compares.
  ///
  /// - Parameters:
  ///   - router: The router.
  ///   - rows: The features.
  ///   - labels: The cluster of every input.
  ///   - regrets: What every cluster's profile costs on every input, shape [n, K], NaN where nothing
  ///     is known.
  ///   - seed: The seed of the bootstrap of the regret.
  /// - Throws: ``SparsityError`` as ``Router/predict(_:)``,
  ///   ``init(predictions:labels:classes:majority:)`` and ``RouterRegret``.
  public init(
    router: Router, rows: FeatureRows, labels: [Int], regrets: [Double]? = nil, seed: UInt64 = 1
  ) throws {
    guard rows.count == labels.count else {
      throw SparsityError.shape("router features", have: rows.count, expected: labels.count)
    }
    let counts = router.summary.trainingCounts
    let majority = counts.indices.reduce(0) { counts[$1] > counts[$0] ? $1 : $0 }
    let predictions = try router.predictions(rows)
    try self.init(
      predictions: predictions, labels: labels, classes: router.summary.classes, majority: majority
    )
    regret = try regrets.flatMap {
      try RouterRegret(
        predictions: predictions, labels: labels, majority: majority, regrets: $0, seed: seed)
    }
  }

  /// Routes labelled inputs whose features are all given, shape [n, D], and compares.
  ///
  /// - Throws: ``SparsityError`` as ``init(router:rows:labels:regrets:seed:)``.
  public init(router: Router, features: [Double], labels: [Int]) throws {
    try self.init(
      router: router, rows: FeatureRows(features, count: labels.count), labels: labels)
  }

  /// Returns the F1 averaged over clusters that occur or are predicted.
  private static func macroF1(_ table: [[Int]]) -> Double {
    let rows = table.map { $0.reduce(0, +) }
    let columns = table.indices.map { column in table.reduce(0) { $0 + $1[column] } }
    let scores = table.indices.filter { rows[$0] + columns[$0] > 0 }.map {
      2 * Double(table[$0][$0]) / Double(rows[$0] + columns[$0])
    }
    return scores.reduce(0, +) / Double(max(1, scores.count))
  }

  /// Returns the macro-F1 with an interval over resampled inputs; `nil` for a single input.
  public func macroF1Interval(options: BootstrapOptions) throws -> BootstrapInterval? {
    guard count > 1 else { return nil }
    let pairs = confusion.indices.flatMap { row in
      confusion[row].indices.flatMap { column in
        [(Int, Int)](repeating: (row, column), count: confusion[row][column])
      }
    }
    let empty = confusion.map { $0.map { _ in 0 } }
    return try Bootstrap.interval(count: count, options: options) { indices in
      var table = empty
      for index in indices { table[pairs[index].0][pairs[index].1] += 1 }
      return Self.macroF1(table)
    }
  }

  /// The share whose own cluster is among the two most probable, with the Wilson interval.
  public var topTwoInterval: ProportionInterval? {
    topTwo.flatMap {
      try? Proportion.wilson(
        successes: Int(($0 * Double(count)).rounded()), total: count)
    }
  }

  /// Returns the mean distance between confidence and accuracy over bins of equal width, weighted by
  /// inputs; bins are open below and closed above.
  ///
  /// ### References
  /// Naeini, Cooper & Hauskrecht, *Obtaining Well Calibrated Probabilities Using Bayesian Binning*,
  /// 2015.
  public static func calibrationError(confidences: [Double], isRight: [Bool]) -> Double {
    var sums = [Double](repeating: 0, count: bins)
    for (confidence, isRight) in zip(confidences, isRight) {
      let bin = min(bins - 1, max(0, Int((confidence * Double(bins)).rounded(.up)) - 1))
      sums[bin] += confidence - (isRight ? 1 : 0)
    }
    return sums.reduce(0) { $0 + abs($1) } / Double(max(1, confidences.count))
  }
}
