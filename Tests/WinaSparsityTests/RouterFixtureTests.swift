import Foundation
import Testing
import WinaSparsity
import WinaTestSupport

/// Routers and their measures agree with scikit-learn, SciPy and PyTorch.
struct RouterFixtureTests {
  private struct Fixture: Decodable {
    struct Network: Decodable {
      let hidden: Int
      let balance, learningRate: Double
      let start, end, losses: [Double]
    }

    let l2: Double
    let classes: Int
    let train: [Double]
    let labels: [Int]
    let test: [Double]
    let answers: [Int]
    let loss: Double
    let probabilities: [Double]
    let macroF1, topTwo, negativeLogLikelihood, calibrationError: Double
    let temperature, calibratedNegativeLogLikelihood: Double
    let centroid, neighbours, votes: [Int]
    let costs: [Double]
    let leastCost: Double
    let networks: [Network]
  }

  private let fixture: Fixture

  init() throws {
    let path = SharedData.packageRoot + "/Tests/Fixtures/routing/routing.json"
    fixture = try JSONDecoder().decode(
      Fixture.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func fit(_ model: RouterModel, l2: Double? = nil) throws -> Router {
    try Router.fit(
      FeatureRows(fixture.train, count: fixture.labels.count), labels: fixture.labels,
      classes: fixture.classes, regrets: model == .regret ? fixture.costs : nil,
      options: RouterOptions(
        model: model, l2: l2 ?? fixture.l2, maximumIterations: 5000, tolerance: 1e-10))
  }

  private var test: FeatureRows {
    get throws { try FeatureRows(fixture.test, count: fixture.answers.count) }
  }

  /// The training features as a router standardises them.
  private var standardised: FeatureRows {
    get throws {
      let router = try fit(.nearestCentroid)
      let width = router.summary.dimension
      let values = fixture.train.enumerated().map {
        ($1 - router.mean[$0 % width]) / router.scale[$0 % width]
      }
      return try FeatureRows(values, count: fixture.labels.count)
    }
  }

  /// Tolerance: 1e-6 in the loss, which both minimise, and 1e-5 in probabilities.
  @Test func logisticRegressionReachesTheLossOfScikitLearn() throws {
    let router = try fit(.logistic)
    #expect(router.summary.converged)
    #expect(abs(try #require(router.summary.loss) - fixture.loss) < 1e-6)
    let found = try router.predictions(test).flatMap(\.probabilities)
    #expect(zip(found, fixture.probabilities).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(found.count == fixture.probabilities.count)
  }

  @Test func centroidsAndNeighboursPredictAsScikitLearn() throws {
    #expect(try fit(.nearestCentroid).predictions(test).map(\.cluster) == fixture.centroid)
    let neighbours = try fit(.knn).predictions(test)
    #expect(neighbours.map(\.cluster) == fixture.neighbours)
    let votes = neighbours.flatMap { prediction in
      prediction.probabilities.map { Int((6 * $0 - 0.25).rounded()) }
    }
    #expect(votes == fixture.votes)
  }

  /// Tolerance: 1e-5, as the probabilities.
  @Test func measuresAgreeWithScikitLearn() throws {
    let report = try RouterReport(
      router: fit(.logistic), rows: test, labels: fixture.answers, seed: 1)
    #expect(abs(report.macroF1 - fixture.macroF1) < 1e-9)
    #expect(abs(try #require(report.topTwo) - fixture.topTwo) < 1e-9)
    let likelihood = try #require(report.negativeLogLikelihood)
    #expect(abs(likelihood - fixture.negativeLogLikelihood) < 1e-5)
    #expect(abs(try #require(report.calibrationError) - fixture.calibrationError) < 1e-5)
  }

  /// Tolerance: 1e-3 in the temperature, whose loss is flat, and 1e-6 in the loss.
  @Test func theTemperatureIsThatOfSciPy() throws {
    let router = try fit(.logistic).calibrated(test, labels: fixture.answers)
    #expect(abs(router.summary.temperature - fixture.temperature) < 1e-3)
    let report = try RouterReport(router: router, rows: test, labels: fixture.answers)
    #expect(
      abs(
        try #require(report.negativeLogLikelihood) - fixture.calibratedNegativeLogLikelihood)
        < 1e-6)
    let before = try fit(.logistic).predictions(test).map(\.cluster)
    #expect(try router.predictions(test).map(\.cluster) == before)
  }

  @Test func theExpectedCostIsAsLowAsThatOfSciPy() throws {
    let router = try fit(.regret)
    #expect(abs(try #require(router.summary.loss) - fixture.leastCost) < 1e-6)
  }

  /// Tolerance: 1e-9 after 12 steps in double precision.
  @Test(arguments: [0, 1])
  func stepsOfTrainingAreThoseOfPyTorch(index: Int) throws {
    let expected = fixture.networks[index]
    let rows = try standardised
    let network = RouterNetwork(
      inputs: rows.width, hidden: expected.hidden, classes: fixture.classes,
      balance: expected.balance)
    var parameters = expected.start
    #expect(network.parameterCount == parameters.count)
    var optimiser = AdamW(count: parameters.count, learningRate: expected.learningRate)
    for loss in expected.losses {
      let (value, gradient) = network.evaluate(
        parameters, rows, members: 0..<rows.count, labels: fixture.labels)
      #expect(abs(value - loss) < 1e-9)
      optimiser.step(&parameters, along: gradient)
    }
    #expect(zip(parameters, expected.end).allSatisfy { abs($0 - $1) < 1e-9 })
  }
}
