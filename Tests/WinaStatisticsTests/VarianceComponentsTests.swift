import Testing
import WinaStatistics

@Suite("Variance components") struct VarianceComponentsTests {
  private static func fixture() throws -> StatisticsFixture.Variance {
    try StatisticsFixture.load("variance", as: StatisticsFixture.Variance.self)
  }

  @Test func crossedDesignsMatchTheReference() throws {
    let fixture = try Self.fixture()
    let result = try VarianceComponents.crossed(fixture.values.flatMap(\.self))
    #expect(agrees(result.seed.variance, fixture.crossed["seed"] ?? 0))
    #expect(agrees(result.item.variance, fixture.crossed["item"] ?? 0))
    #expect(agrees(result.residual.variance, fixture.crossed["residual"] ?? 0))
    #expect(agrees(result.mean, fixture.crossed["mean"] ?? 0))
    #expect(result.seed.degrees == 19 && result.residual.degrees == 19 * 29)
    let variance =
      result.seed.variance / 20 + result.item.variance / 30 + result.residual.variance / 600
    #expect(agrees(result.standardError * result.standardError, variance))
  }

  @Test func nestedSeedsOverItemsMatchTheReference() throws {
    let fixture = try Self.fixture()
    let result = try VarianceComponents.nestedCrossed(fixture.values)
    #expect(agrees(result.outer.variance, fixture.nestedCrossed["outer"] ?? 0))
    #expect(agrees(result.inner.variance, fixture.nestedCrossed["inner"] ?? 0))
    #expect(agrees(result.item.variance, fixture.nestedCrossed["item"] ?? 0))
    #expect(agrees(result.residual.variance, fixture.nestedCrossed["residual"] ?? 0))
  }

  /// statsmodels stops its search for the likelihood's maximum at about 1e-4.
  @Test func nestedDesignsMatchRestrictedMaximumLikelihood() throws {
    let fixture = try Self.fixture()
    let result = try VarianceComponents.nested(fixture.nestedValues)
    for (name, value) in [
      ("outer", result.outer.variance), ("inner", result.inner.variance),
      ("residual", result.residual.variance),
    ] {
      #expect(agrees(value, fixture.nested[name] ?? 0))
      #expect(agrees(value, fixture.nestedREML[name] ?? 0, within: 5e-4))
    }
  }

  @Test func equalResultsHaveNoVariance() throws {
    let result = try VarianceComponents.crossed([[1, 2, 3], [1, 2, 3]])
    #expect(result.seed.variance == 0 && result.residual.variance == 0)
    #expect(result.item.variance == 1)
    // Seeds that differ less than chance: the estimate is below zero and reported as zero.
    #expect(try VarianceComponents.crossed([[1, -1], [-1, 1]]).seed.variance == 0)
  }

  @Test func unbalancedOrSingleDesignsAreRefused() {
    #expect(throws: StatisticsError.self) { try VarianceComponents.crossed([[1, 2]]) }
    #expect(throws: StatisticsError.self) { try VarianceComponents.crossed([[1], [2]]) }
    #expect(throws: StatisticsError.self) { try VarianceComponents.crossed([[1, 2], [1]]) }
    #expect(throws: StatisticsError.self) { try VarianceComponents.crossed([[1, 2], [1, .nan]]) }
    #expect(throws: StatisticsError.self) {
      try VarianceComponents.nested([[[1, 2], [1, 2]], [[1, 2]]])
    }
    #expect(throws: StatisticsError.self) { try VarianceComponents.nestedCrossed([]) }
    #expect(throws: StatisticsError.self) {
      try VarianceComponents.nested([[[1, 2]], [[1, 2]]])
    }
  }

  @Test func componentsAreRecoveredOnAverage() throws {
    var sums = (seed: 0.0, item: 0.0, residual: 0.0)
    for seed in UInt64(0)..<200 {
      var random = RandomStream(seed: seed, stream: 3)
      let items = (0..<10).map { _ in 2 * random.normal() }
      let values = (0..<6).map { _ in
        let own = random.normal()
        return items.map { own + $0 + 0.5 * random.normal() }
      }
      let result = try VarianceComponents.crossed(values)
      sums.seed += result.seed.variance / 200
      sums.item += result.item.variance / 200
      sums.residual += result.residual.variance / 200
    }
    #expect(abs(sums.seed - 1) < 0.2 && abs(sums.item - 4) < 0.6)
    #expect(abs(sums.residual - 0.25) < 0.02)
  }
}
