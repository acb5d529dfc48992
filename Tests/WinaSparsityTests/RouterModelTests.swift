import Foundation
import Testing
import WinaSparsity
import WinaStatistics
import WinaTestSupport

/// What each kind of router does, and with data that leave it little to do.
struct RouterModelTests {
  /// Two clusters that no line divides: inputs near the origin, and inputs around them.
  private func ring(seed: UInt64, count: Int) -> (rows: [Double], labels: [Int]) {
    var random = SeededGenerator(seed: seed)
    var rows: [Double] = []
    var labels: [Int] = []
    for index in 0..<count {
      let radius = index % 2 == 0 ? 0.5 : 2.5
      let angle = Double.random(in: 0..<(2 * .pi), using: &random)
      let noise = random.normals(2, deviation: 0.15).map(Double.init)
      rows += [radius * cos(angle) + noise[0], radius * sin(angle) + noise[1]]
      labels.append(index % 2)
    }
    return (rows, labels)
  }

  private func accuracy(_ model: RouterModel, seed: UInt64 = 1) throws -> Double {
    let (train, test) = (ring(seed: 1, count: 300), ring(seed: 2, count: 200))
    let router = try Router.fit(
      features: train.rows, labels: train.labels, classes: 2,
      options: RouterOptions(model: model, seed: seed, epochs: 200, batch: 32, learningRate: 0.01))
    return try RouterReport(router: router, features: test.rows, labels: test.labels).accuracy
  }

  @Test func hiddenUnitsAndNeighboursSeeWhatLinesCannot() throws {
    #expect(try accuracy(.mlp) > 0.95)
    #expect(try accuracy(.knn) > 0.95)
    #expect(try accuracy(.logistic) < 0.7)
    #expect(try accuracy(.majority) == 0.5)
  }

  @Test(arguments: [RouterModel.mlp, .moeGate])
  func trainingFollowsFromTheSeed(model: RouterModel) throws {
    let data = ring(seed: 3, count: 120)
    func fit(_ seed: UInt64) throws -> Router {
      try Router.fit(
        features: data.rows, labels: data.labels, classes: 2,
        options: RouterOptions(model: model, seed: seed, epochs: 8, batch: 16))
    }
    #expect(try fit(4) == fit(4))
    #expect(try fit(4).weights != fit(5).weights)
  }

  @Test func trainingStopsWhenTheHeldOutPartGetsNoBetter() throws {
    var random = SeededGenerator(seed: 6)
    let rows = random.normals(400).map(Double.init)
    let labels = (0..<100).map { _ in Int.random(in: 0..<2, using: &random) }
    let options = RouterOptions(model: .mlp, epochs: 400, batch: 16, learningRate: 0.03)
    let router = try Router.fit(features: rows, labels: labels, classes: 2, options: options)
    #expect(router.summary.converged)
    // 85 inputs in batches of 16 are 6 steps an epoch.
    #expect(router.summary.iterations < 100 * 6)
    let few = try Router.fit(
      features: Array(rows[..<40]), labels: Array(labels[..<10]), classes: 2, options: options)
    #expect(few.summary.iterations > 0)
  }

  @Test func balancingSpreadsInputsOverClusters() throws {
    var random = SeededGenerator(seed: 8)
    let rows = random.normals(600).map(Double.init)
    let labels = (0..<200).map { $0 % 10 == 0 ? 1 : 0 }
    func shareOfFirst(_ balance: Double) throws -> Double {
      let router = try Router.fit(
        features: rows, labels: labels, classes: 2,
        options: RouterOptions(
          model: .moeGate, epochs: 60, learningRate: 0.05, heldOut: 0, patience: 60,
          balance: balance))
      let all = try router.predictions(FeatureRows(rows, count: 200))
      return all.reduce(0) { $0 + $1.probabilities[0] } / 200
    }
    let (free, balanced) = (try shareOfFirst(0), try shareOfFirst(3))
    #expect(free > 0.8)
    #expect(abs(balanced - 0.5) < abs(free - 0.5) - 0.1)
  }

  @Test func regretLooksAtCostsAndNotAtLabels() throws {
    let count = 80
    var random = SeededGenerator(seed: 9)
    let rows = random.normals(count).map(Double.init)
    // The label says 2 for all, but 0 is cheap for negative inputs and 1 for the others.
    let costs = rows.flatMap { $0 < 0 ? [0.1, 1.0, 0.6] : [1.0, 0.1, 0.6] }
    let labels = [Int](repeating: 2, count: count)
    let inputs = try FeatureRows(rows, count: count)
    let router = try Router.fit(
      inputs, labels: labels, classes: 3, regrets: costs,
      options: RouterOptions(model: .regret, l2: 1e-4))
    #expect(!router.summary.isMajority)
    let report = try RouterReport(router: router, rows: inputs, labels: labels, regrets: costs)
    let regret = try #require(report.regret)
    #expect(regret.regret.mean < 0.05)
    #expect(abs(regret.ownCluster.mean - 0.5) < 1e-12)
    #expect(abs(regret.oracleDivergence - 0.1) < 1e-12)
    #expect(regret.oracleAgreement.estimate > 0.9)
    let scaled = try Router.fit(
      inputs, labels: labels, classes: 3, regrets: costs.map { $0 * 1000 },
      options: RouterOptions(model: .regret, l2: 1e-4))
    #expect(
      try scaled.predictions(inputs).map(\.cluster) == router.predictions(inputs).map(\.cluster))
  }

  @Test func regretGradientMatchesFiniteDifferences() throws {
    var random = SeededGenerator(seed: 10)
    let rows = try FeatureRows(random.normals(24).map(Double.init), count: 8)
    let costs = random.normals(24).map { abs(Double($0)) }
    let loss = RegretLoss(rows: rows, costs: costs, classes: 3, l2: 0.1)
    let point = random.normals(loss.parameterCount).map(Double.init)
    let gradient = loss.evaluate(point).gradient
    for index in point.indices {
      var (up, down) = (point, point)
      up[index] += 1e-5
      down[index] -= 1e-5
      let slope = (loss.evaluate(up).value - loss.evaluate(down).value) / 2e-5
      #expect(abs(slope - gradient[index]) < 1e-7)
    }
  }

  @Test func regretNeedsCosts() throws {
    let rows = try FeatureRows([1, 2, 3], count: 3)
    let options = RouterOptions(model: .regret)
    #expect(throws: SparsityError.self) {
      try Router.fit(rows, labels: [0, 1, 0], classes: 2, options: options)
    }
    let unknown = [Double](repeating: .nan, count: 6)
    #expect(throws: SparsityError.self) {
      try Router.fit(rows, labels: [0, 1, 0], classes: 2, regrets: unknown, options: options)
    }
    // Equal costs leave the gate at zero, and inputs of which nothing is known do not count.
    let flat = try Router.fit(
      rows, labels: [0, 1, 0], classes: 2, regrets: [0, 0, 0, 0, .nan, 1], options: options)
    #expect(flat.weights == [0, 0])
    #expect(try flat.predict([2]).probabilities == [0.5, 0.5])
  }

  @Test(arguments: RouterModel.allCases)
  func constantFeaturesPredictThePrior(model: RouterModel) throws {
    let labels = [1, 1, 1, 0]
    let rows = try FeatureRows([Double](repeating: 4, count: 8), count: 4)
    let router = try Router.fit(
      rows, labels: labels, classes: 3, regrets: [0, 0, 0] + [0.0, 0, 0] + [2, 1, 2, 2, 1, 2],
      options: RouterOptions(model: model, epochs: 300, learningRate: 0.05))
    let prediction = try router.predict([4, 4])
    // A tie of the nearest means goes to the lower number; training inputs outvote it.
    #expect(prediction.cluster == (model == .nearestCentroid ? 0 : 1))
    #expect(try router.predict([4, 5]).isUnknown == (model != .majority))
    #expect(!prediction.isUnknown)
  }

  @Test func aSingleInputMakesARouter() throws {
    for model in RouterModel.allCases {
      let rows = try FeatureRows([3, 4], count: 1)
      let router = try Router.fit(
        rows, labels: [1], classes: 2, regrets: [2, 1], options: RouterOptions(model: model))
      #expect(try router.predict([3, 4]).cluster == 1)
      let report = try RouterReport(
        router: router, rows: rows, labels: [1], regrets: [2, 1])
      #expect(report.accuracy == 1)
      #expect(report.regret?.regret.mean == 0)
      #expect(report.regret?.regret.low == nil)
    }
  }

  @Test(arguments: RouterModel.allCases)
  func badFeaturesAreRefused(model: RouterModel) throws {
    let options = RouterOptions(model: model)
    let rows = try FeatureRows([1, .nan], count: 2)
    #expect(throws: SparsityError.self) {
      try Router.fit(rows, labels: [0, 1], classes: 2, regrets: [1, 2, 2, 1], options: options)
    }
    let router = try Router.fit(
      FeatureRows([1, 2], count: 2), labels: [0, 1], classes: 2, regrets: [1, 2, 2, 1],
      options: options)
    #expect(throws: SparsityError.self) { try router.predict([.infinity]) }
    #expect(throws: SparsityError.self) { try router.predict([1, 2]) }
    var wrong = options
    wrong.neighbours = 0
    #expect(throws: SparsityError.self) {
      try Router.fit(
        FeatureRows([1, 2], count: 2), labels: [0, 1], classes: 2, options: wrong)
    }
  }

  @Test func inputsBeyondTheFarthestTrainingInputAreUnknown() throws {
    // 0 and 2 are 1.5 from the mean of the others, 10 and 12 are 2 from each other.
    let rows = try FeatureRows([0, 1, 2, 10, 12], count: 5)
    let router = try Router.fit(rows, labels: [0, 0, 0, 1, 1], classes: 2)
    let scale = router.scale[0] * router.scale[0]
    #expect(zip(router.reach.limits, [2.25, 4]).allSatisfy { abs($0 * scale - $1) < 1e-9 })
    for (value, isUnknown) in [
      (-0.4, false), (-0.6, true), (2.6, true), (8.9, true), (12.9, false), (13.1, true),
    ] {
      #expect(try router.predict([value]).isUnknown == isUnknown)
    }
    let single = try Router.fit(
      FeatureRows([0, 5], count: 2), labels: [0, 1], classes: 2)
    #expect(single.reach.limits.isEmpty)
    #expect(try !single.predict([1e6]).isUnknown)
  }

  @Test func costsAreCountedByModel() throws {
    let data = ring(seed: 11, count: 40)
    func router(_ model: RouterModel) throws -> Router {
      try Router.fit(
        FeatureRows(data.rows, count: 40), labels: data.labels, classes: 2,
        regrets: [Double](repeating: 1, count: 80),
        options: RouterOptions(model: model, hiddenUnits: 3, epochs: 1))
    }
    #expect(try router(.logistic).macs == 4)
    #expect(try router(.moeGate).macs == 4)
    #expect(try router(.regret).macs == 4)
    #expect(try router(.nearestCentroid).macs == 4)
    #expect(try router(.mlp).macs == 3 * 2 + 2 * 3)
    #expect(try router(.knn).macs == 80)
    #expect(try router(.majority).macs == 0)
    #expect(try router(.logistic).parameterCount == 4 + 2 + 4)
    let sparse = try Router.fit(
      HashedNgrams.features([[1, 2], [3]], buckets: 64), labels: [0, 1], classes: 2)
    #expect(sparse.macs(storedFeatures: 3) == 6)
  }
}
