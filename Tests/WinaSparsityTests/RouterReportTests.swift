import Testing
import WinaSparsity
import WinaStatistics
import WinaTestSupport

/// What is measured of routers, on numbers small enough to check by hand.
struct RouterReportTests {
  private func prediction(_ probabilities: [Double]) -> RoutePrediction {
    RoutePrediction(probabilities: probabilities)
  }

  @Test func probabilitiesAreMeasured() throws {
    let predictions = [
      prediction([0.9, 0.1, 0]), prediction([0.2, 0.5, 0.3]), prediction([0.1, 0.3, 0.6]),
    ]
    let report = try RouterReport(
      predictions: predictions, labels: [0, 2, 0], classes: 3, majority: 0)
    #expect(report.accuracy == 1.0 / 3)
    #expect(report.topTwo == 2.0 / 3)
    // Bins of confidence 0.9 (right), 0.5 and 0.6 (wrong).
    #expect(abs((report.calibrationError ?? 0) - (0.1 + 0.5 + 0.6) / 3) < 1e-12)
    // Always 0 is right twice; the router is right on the first only.
    #expect(report.againstMajority?.b == 0)
    #expect(report.againstMajority?.c == 1)
  }

  @Test func sharesHaveIntervals() throws {
    var random = RandomStream(seed: 4)
    let labels = (0..<300).map { _ in random.index(below: 3) }
    let guesses = labels.map { random.uniform() < 0.8 ? $0 : random.index(below: 3) }
    let report = try RouterReport(predictions: guesses, labels: labels, classes: 3)
    let options = BootstrapOptions(seed: 1, method: .percentile, repetitions: 1000)
    let interval = try #require(try report.macroF1Interval(options: options))
    #expect(interval.estimate == report.macroF1)
    // F1 of balanced classes varies about as accuracy does: √(0.87 · 0.13 / 300) = 0.019.
    #expect(interval.low < report.macroF1 && report.macroF1 < interval.high)
    #expect(abs(interval.standardError - 0.0195) < 0.004, "\(interval.standardError)")
    #expect(try report.macroF1Interval(options: options) == interval)
    #expect(report.topTwoInterval == nil)
    let sure = try RouterReport(predictions: [0, 1, 2], labels: [0, 1, 2], classes: 3)
    #expect(try sure.macroF1Interval(options: options)?.high == 1)
    let single = try RouterReport(predictions: [0], labels: [0], classes: 2)
    #expect(try single.macroF1Interval(options: options) == nil)
    let probable = try RouterReport(
      predictions: [prediction([0.9, 0.1, 0]), prediction([0.2, 0.5, 0.3])], labels: [0, 0],
      classes: 3)
    #expect(probable.topTwoInterval == (try Proportion.wilson(successes: 1, total: 2)))
  }

  @Test func binsOfConfidenceAreClosedAbove() throws {
    // 1/15 and 2/15 lie in different bins, so their errors do not cancel.
    let one = 1.0 / 15
    let rest = [Double](repeating: (1 - one) / 15, count: 15)
    let report = try RouterReport(
      predictions: [prediction([one] + rest.map { $0 - 1e-9 }), prediction([1])].map {
        prediction($0.probabilities + [Double](repeating: 0, count: 16 - $0.probabilities.count))
      }, labels: [0, 0], classes: 16)
    #expect(abs((report.calibrationError ?? 0) - (1 - one) / 2) < 1e-8)
  }

  @Test func regretsAreMeasuredAgainstTheBestProfile() throws {
    let predictions = [prediction([0.75, 0.25]), prediction([0.5, 0.5]), prediction([0, 1])]
    let regrets = [1.0, 3.0, 2.0, 1.5, .nan, 1.0]
    let regret = try #require(
      try RouterRegret(
        predictions: predictions, labels: [0, 1, 1], majority: 1, regrets: regrets, seed: 1))
    #expect(regret.count == 2)
    #expect(regret.regret.mean == 0.25)
    #expect(regret.expected.mean == (0.25 * 2 + 0.5 * 0.5) / 2)
    #expect(regret.ownCluster.mean == 0)
    #expect(regret.majority.mean == 1)
    #expect(regret.uniform.mean == (1 + 0.25) / 2)
    #expect(regret.oracleDivergence == 1.25)
    #expect(regret.oracleAgreement.estimate == 0.5)
    #expect(regret.regret.low == 0 && regret.regret.high == 0.5)
    #expect(
      try RouterRegret(
        predictions: [predictions[0]], labels: [0], majority: 0, regrets: [.nan, .nan], seed: 1)
        == nil)
    #expect(throws: SparsityError.self) {
      try RouterRegret(
        predictions: predictions, labels: [0, 1, 1], majority: 1, regrets: [1], seed: 1)
    }
  }

  @Test func temperaturesStayInRange() throws {
    #expect(TemperatureScaling.fit(logits: [], labels: []) == 1)
    #expect(TemperatureScaling.fit(logits: [[0, 0]], labels: [1]) == 1)
    let right = TemperatureScaling.fit(logits: [[2, 0], [0, 3]], labels: [0, 1])
    #expect(right == TemperatureScaling.range.lowerBound)
    let wrong = TemperatureScaling.fit(logits: [[2, 0], [0, 3]], labels: [1, 0])
    #expect(wrong == TemperatureScaling.range.upperBound)
    // Right three times of four: the best confidence is 3/4, so T = 2 / ln 3.
    let logits = [[Double]](repeating: [2, 0], count: 4)
    let mixed = TemperatureScaling.fit(logits: logits, labels: [0, 0, 0, 1])
    #expect(abs(mixed - 2 / 1.0986122886681098) < 1e-9)
    // A cluster that is never predicted says nothing.
    #expect(TemperatureScaling.fit(logits: [[0, -1e30]], labels: [1]) == 1)
  }

  @Test func topProbabilitiesSumToOne() {
    let both = prediction([0.1, 0.6, 0.3]).top(2)
    #expect(both.map(\.cluster) == [1, 2])
    #expect(abs(both[0].weight - 2.0 / 3) < 1e-12)
    #expect(prediction([0.1, 0.6, 0.3]).top(nil).map(\.cluster) == [1, 2, 0])
    #expect(prediction([0.5, 0.5]).top(1).map(\.cluster) == [0])
    #expect(prediction([0, 1]).top(nil).map(\.cluster) == [1])
    #expect(prediction([0.2, 0.5, 0.3]).leastProbable == 0)
  }

  @Test func curvesGrowToAllInputs() throws {
    var random = SeededGenerator(seed: 1)
    func inputs(_ count: Int) throws -> RoutedInputs {
      let labels = (0..<count).map { $0 % 3 }
      let values = labels.flatMap { label in
        random.normals(2).map { Double($0) + 2 * Double(label) }
      }
      return RoutedInputs(rows: try FeatureRows(values, count: count), labels: labels)
    }
    let (training, heldOut) = (try inputs(64), try inputs(60))
    let options = RouterOptions(model: .nearestCentroid)
    let router = try Router.fit(
      training.rows, labels: training.labels, classes: 3, options: options)
    let whole = try RouterReport(router: router, rows: heldOut.rows, labels: heldOut.labels)
    let curve = try LearningCurve(
      training: training, heldOut: heldOut, whole: whole, classes: 3, options: options)
    #expect(curve.points.map(\.count) == [8, 16, 32, 64])
    #expect(curve.points.last?.accuracy == whole.interval)
    let again = try LearningCurve(
      training: training, heldOut: heldOut, whole: whole, classes: 3, options: options)
    #expect(again == curve)
    let tiny = try LearningCurve(
      training: inputs(3), heldOut: heldOut, whole: whole, classes: 3, options: options)
    #expect(tiny.points.map(\.count) == [3])
  }

  @Test func labelsLeftOutOfTrainingAreUnknown() throws {
    var random = SeededGenerator(seed: 2)
    func inputs(_ count: Int) throws -> (RoutedInputs, [String]) {
      let labels = (0..<count).map { $0 % 3 }
      let values = labels.flatMap { label in
        random.normals(2).map { Double($0) + 20 * Double(label) }
      }
      return (
        RoutedInputs(rows: try FeatureRows(values, count: count), labels: labels),
        labels.map { ["a", "b", "far"][$0] }
      )
    }
    let (training, names) = try inputs(90)
    let (heldOut, heldOutNames) = try inputs(60)
    let options = RouterOptions(model: .logistic)
    let router = try Router.fit(
      training.rows, labels: training.labels, classes: 3, options: options)
    let found = try LeftOutLabel.measure(
      training: training, names: names, heldOut: heldOut, heldOutNames: heldOutNames,
      router: router, options: options)
    #expect(found.map(\.label) == ["a", "b", "far"])
    #expect(found.map(\.count) == [20, 20, 20])
    // Each label is a cluster of its own, which a router without it cannot know.
    #expect(found.allSatisfy { $0.accuracy.estimate == 0 && $0.regret == nil })
    #expect(found[2].unknown == 1)
    // Those in the middle are far from both means, though not from the mean of all.
    #expect(found[1].unknown == 1)
    let alone = try LeftOutLabel.measure(
      training: training, names: names.map { _ in "a" }, heldOut: heldOut,
      heldOutNames: heldOutNames, router: router, options: options)
    #expect(alone.isEmpty)
    #expect(throws: SparsityError.self) {
      try LeftOutLabel.measure(
        training: training, names: [], heldOut: heldOut, heldOutNames: heldOutNames,
        router: router, options: options)
    }
  }
}
