import Foundation
import Testing
import WinaSparsity
import WinaTestSupport

@Suite("Routing") struct RouterTests {
  private func problem(seed: UInt64, count: Int, classes: Int, dimension: Int, spread: Double)
    -> (features: [Double], labels: [Int])
  {
    var random = SeededGenerator(seed: seed)
    var means = SeededGenerator(seed: 1234)
    let centres = (0..<classes).map { _ in means.normals(dimension, deviation: spread) }
    var features: [Double] = []
    var labels: [Int] = []
    for index in 0..<count {
      let label = index % classes
      features += zip(centres[label], random.normals(dimension)).map { Double($0 + $1) * 3 + 7 }
      labels.append(label)
    }
    return (features, labels)
  }

  @Test func gradientMatchesFiniteDifferences() throws {
    let data = problem(seed: 1, count: 12, classes: 3, dimension: 4, spread: 1)
    let loss = LogisticRegression(
      rows: try FeatureRows(data.features, count: 12), labels: data.labels, classes: 3, l2: 0.05)
    var random = SeededGenerator(seed: 2)
    let point = random.normals(loss.parameterCount, deviation: 0.1).map(Double.init)
    let gradient = loss.evaluate(point).gradient
    for index in point.indices {
      var up = point
      var down = point
      up[index] += 1e-5
      down[index] -= 1e-5
      let slope = (loss.evaluate(up).value - loss.evaluate(down).value) / 2e-5
      #expect(abs(slope - gradient[index]) < 1e-6)
    }
  }

  /// An independent check: plain gradient descent, written here, must end at the same weights.
  @Test func optimumAgreesWithGradientDescent() throws {
    let data = problem(seed: 3, count: 40, classes: 3, dimension: 3, spread: 1)
    let options = RouterOptions(l2: 0.05, tolerance: 1e-9)
    let router = try Router.fit(
      features: data.features, labels: data.labels, classes: 3, options: options)
    #expect(router.summary.converged)
    let weights = descend(rows: router.standardised(data.features), labels: data.labels, l2: 0.05)
    for k in 0..<3 {
      for column in 0..<3 {
        #expect(abs(router.weights[k * 3 + column] - weights[k * 4 + column]) < 1e-6)
      }
      #expect(abs(router.bias[k] - weights[k * 4 + 3]) < 1e-6)
    }
  }

  /// Returns three rows of three weights and a bias.
  private func descend(rows: [Double], labels: [Int], l2: Double) -> [Double] {
    var weights = [Double](repeating: 0, count: 12)
    let share = 1 / Double(labels.count)
    for _ in 0..<20_000 {
      var gradient = [Double](repeating: 0, count: 12)
      for k in 0..<3 {
        for column in 0..<3 { gradient[k * 4 + column] = l2 * weights[k * 4 + column] }
      }
      for (row, label) in labels.enumerated() {
        var exponentials = [Double](repeating: 0, count: 3)
        for k in 0..<3 {
          var logit: Double = weights[k * 4 + 3]
          for column in 0..<3 { logit += weights[k * 4 + column] * rows[row * 3 + column] }
          exponentials[k] = exp(logit)
        }
        let total: Double = exponentials.reduce(0, +)
        for k in 0..<3 {
          let target: Double = k == label ? 1 : 0
          let error: Double = share * (exponentials[k] / total - target)
          for column in 0..<3 { gradient[k * 4 + column] += error * rows[row * 3 + column] }
          gradient[k * 4 + 3] += error
        }
      }
      for index in weights.indices { weights[index] -= 0.5 * gradient[index] }
    }
    return weights
  }

  /// The models that learn clusters from labels.
  private static let learners = RouterModel.allCases.filter { $0 != .majority && $0 != .regret }

  @Test(arguments: learners)
  func separableInputsAreRoutedOnNewData(model: RouterModel) throws {
    let options = RouterOptions(model: model, learningRate: 0.02)
    let train = problem(seed: 5, count: 90, classes: 4, dimension: 8, spread: 3)
    let test = problem(seed: 6, count: 60, classes: 4, dimension: 8, spread: 3)
    let router = try Router.fit(
      features: train.features, labels: train.labels, classes: 4, options: options)
    let report = try RouterReport(router: router, features: test.features, labels: test.labels)
    #expect(report.accuracy > 0.95)
    #expect(report.macroF1 > 0.95)
    #expect(report.majorityAccuracy == 0.25)
    let prediction = try router.predict(test.features[0..<8])
    #expect(abs(prediction.probabilities.reduce(0, +) - 1) < 1e-12)
    let again = try Router.fit(
      features: train.features, labels: train.labels, classes: 4, options: options)
    #expect(again == router)
  }

  @Test(arguments: RouterModel.allCases.filter { $0 != .regret })
  func absentClustersAreNeverPredicted(model: RouterModel) throws {
    let data = problem(seed: 7, count: 30, classes: 2, dimension: 3, spread: 2)
    let labels = data.labels.map { $0 == 0 ? 1 : 4 }
    let router = try Router.fit(
      features: data.features, labels: labels, classes: 6, options: RouterOptions(model: model))
    for row in 0..<30 {
      let prediction = try router.predict(data.features[(row * 3)..<(row * 3 + 3)])
      #expect(prediction.cluster == 1 || prediction.cluster == 4)
      #expect(prediction.probabilities[0] == 0)
    }
    #expect(router.summary.trainingCounts == [0, 15, 0, 0, 15, 0])
  }

  @Test(arguments: RouterModel.allCases.filter { $0 != .regret })
  func oneClusterIsAlwaysPredicted(model: RouterModel) throws {
    let router = try Router.fit(
      features: [1, 2, 3, 4], labels: [2, 2], classes: 3, options: RouterOptions(model: model))
    #expect(router.summary.isMajority)
    #expect(router.macs == 0)
    let prediction = try router.predict([-50, 90])
    #expect(prediction.cluster == 2)
    #expect(prediction.probabilities == [0, 0, 1])
  }

  @Test func badInputIsRefused() throws {
    #expect(throws: SparsityError.self) { try Router.fit(features: [], labels: [], classes: 2) }
    #expect(throws: SparsityError.self) {
      try Router.fit(features: [1, 2, 3], labels: [0, 1], classes: 2)
    }
    #expect(throws: SparsityError.self) {
      try Router.fit(features: [1, 2], labels: [0, 2], classes: 2)
    }
    #expect(throws: SparsityError.self) {
      try Router.fit(features: [1, .infinity], labels: [0, 1], classes: 2)
    }
    let router = try Router.fit(features: [1, 2], labels: [0, 1], classes: 2)
    #expect(throws: SparsityError.self) { try router.predict([1, 2]) }
    #expect(throws: SparsityError.self) { try router.predict([.nan]) }
    let constant = try Router.fit(features: [3, 3, 3], labels: [0, 1, 1], classes: 2)
    #expect(try constant.predict([3]).cluster == 1)
  }

  @Test func reportsCountByCluster() throws {
    let report = try RouterReport(
      predictions: [0, 0, 1, 1, 1, 0], labels: [0, 0, 0, 1, 1, 1], classes: 4)
    #expect(report.confusion[0] == [2, 1, 0, 0])
    #expect(report.confusion[1] == [1, 2, 0, 0])
    #expect(abs(report.accuracy - 4.0 / 6) < 1e-15)
    #expect(abs(report.macroF1 - 2.0 / 3) < 1e-15)
    #expect(report.majorityAccuracy == 0.5)
    #expect(throws: SparsityError.self) {
      try RouterReport(predictions: [], labels: [], classes: 2)
    }
    #expect(throws: SparsityError.self) {
      try RouterReport(predictions: [0, 1], labels: [0], classes: 2)
    }
  }
}

extension Router {
  /// Returns features of shape [n, D] as the router standardises them.
  fileprivate func standardised(_ features: [Double]) -> [Double] {
    features.enumerated().map { index, value in
      let column = index % summary.dimension
      return (value - mean[column]) / scale[column]
    }
  }
}
