import Testing
import WinaStatistics

@Suite("Tests against the references") struct ReferenceTests {
  private static func fixture() throws -> StatisticsFixture.Tests {
    try StatisticsFixture.load("tests", as: StatisticsFixture.Tests.self)
  }

  @Test func mcNemarMatchesStatsmodels() throws {
    for expected in try Self.fixture().mcnemar {
      let result = try McNemar.exact(b: expected.b, c: expected.c)
      #expect(agrees(result.pValue, expected.exact, within: 1e-11))
      #expect(agrees(result.midPValue, expected.mid, within: 1e-11))
    }
  }

  @Test func correctionsMatchStatsmodels() throws {
    for expected in try Self.fixture().correction {
      let holm = try MultipleTesting.holm(expected.p)
      let rates = try MultipleTesting.benjaminiHochberg(expected.p)
      #expect(zip(holm, expected.holm).allSatisfy { agrees($0, $1) })
      #expect(zip(rates, expected.bh).allSatisfy { agrees($0, $1) })
      #expect(holm.count == expected.p.count && rates.count == expected.p.count)
    }
  }

  @Test func signFlipMatchesScipy() throws {
    for expected in try Self.fixture().signFlip {
      let result = try PairedPermutation.signFlip(expected.differences, seed: 1)
      #expect(result.isExact)
      #expect(agrees(result.pValue, expected.p))
    }
  }

  @Test func sampledSignsGiveTheExactProbability() throws {
    var random = RandomStream(seed: 12)
    let differences = (0..<19).map { _ in random.normal() + 0.4 }
    // All 2¹⁹ assignments, by doubling the list of sums.
    var sums = [0.0]
    for value in differences { sums = sums.flatMap { [$0 + value, $0 - value] } }
    let observed = abs(differences.reduce(0, +))
    let exact = Double(sums.count { abs($0) >= observed - 1e-9 }) / Double(sums.count)
    let sampled = try PairedPermutation.signFlip(differences, repetitions: 100_000, seed: 2)
    #expect(abs(sampled.pValue - exact) < 5 * (exact / 100_000).squareRoot())
  }

  @Test func studentMatchesScipy() throws {
    let fixture = try Self.fixture()
    for expected in fixture.student {
      let value = StudentDistribution.cumulative(expected.t, degrees: expected.degrees)
      #expect(abs(value / expected.cdf - 1) < 1e-11)
    }
    for expected in fixture.quantiles {
      let value = try StudentDistribution.quantile(expected.p, degrees: expected.degrees)
      #expect(agrees(value, expected.t, within: 1e-11))
    }
    #expect(throws: StatisticsError.self) { try StudentDistribution.quantile(1, degrees: 3) }
  }

  @Test func equivalenceMatchesStatsmodels() throws {
    for expected in try Self.fixture().tost {
      let result = try Equivalence.paired(expected.differences, margin: expected.margin)
      #expect(agrees(result.lowerPValue, expected.lower, within: 1e-10))
      #expect(agrees(result.upperPValue, expected.upper, within: 1e-10))
      #expect(agrees(result.pValue, expected.p, within: 1e-10))
      #expect(result.count == expected.differences.count)
    }
  }

  @Test func equivalenceIsDefinedForDegenerateInput() throws {
    #expect(try Equivalence.paired([0.25, 0.25, 0.25], margin: 0.5).pValue == 0)
    #expect(try Equivalence.paired([0.3, 0.3], margin: 0.2).pValue == 1)
    #expect(throws: StatisticsError.self) { try Equivalence.paired([1], margin: 1) }
    #expect(throws: StatisticsError.self) { try Equivalence.paired([1, 2], margin: 0) }
    #expect(throws: StatisticsError.self) { try Equivalence.paired([1, .nan], margin: 1) }
  }

  @Test func anIntervalWithinTheMarginIsEquivalence() throws {
    let interval = try Bootstrap.meanDifference(
      Sample.skewed, options: BootstrapOptions(seed: 1, repetitions: 2000, confidence: 0.9))
    #expect(try Equivalence.includes(interval, margin: 1.2))
    #expect(try !Equivalence.includes(interval, margin: interval.high))
    #expect(throws: StatisticsError.self) { try Equivalence.includes(interval, margin: -1) }
  }

  @Test func wilsonMatchesStatsmodels() throws {
    for expected in try Self.fixture().wilson {
      let interval = try Proportion.wilson(
        successes: expected.k, total: expected.n, confidence: expected.confidence)
      #expect(agrees(interval.low, expected.low) && agrees(interval.high, expected.high))
    }
  }

  @Test func detectableEffectsApproachThoseOfTheTTest() throws {
    for expected in try Self.fixture().power {
      let effect = try MinimumDetectableEffect.pairedMean(standardDeviation: 1, count: expected.n)
      #expect(abs(effect / expected.effect - 1) < 1.5 / Double(expected.n))
    }
  }
}
