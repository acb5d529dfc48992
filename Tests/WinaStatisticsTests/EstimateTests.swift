import Testing
import WinaStatistics

/// Reference values: scipy 1.17.1, `st.binomtest(k, n).proportion_ci(c, method='wilson')`,
/// `st.norm.cdf`, `st.norm.ppf`, `st.binom.cdf(40, 200, .25)`, `st.binom.pmf(3, 1000, .01)`,
/// `gammaln(1001) - gammaln(401) - gammaln(601)`.
@Suite("Estimates and distributions") struct EstimateTests {
  @Test func wilsonMatchesScipy() throws {
    let eight = try Proportion.wilson(successes: 8, total: 10)
    #expect(agrees(eight.low, 0.4901624715366418))
    #expect(agrees(eight.high, 0.9433178485456248))
    let none = try Proportion.wilson(successes: 0, total: 20)
    #expect(none.low == 0)
    #expect(agrees(none.high, 0.16112515805281935))
    let piqa = try Proportion.wilson(successes: 1385, total: 1838, confidence: 0.99)
    #expect(agrees(piqa.low, 0.7267626118335868))
    #expect(agrees(piqa.high, 0.7784864223884866))
    #expect(try Proportion.wilson(successes: 20, total: 20).high == 1)
    #expect(throws: StatisticsError.self) { try Proportion.wilson(successes: 0, total: 0) }
    #expect(throws: StatisticsError.self) { try Proportion.wilson(successes: 3, total: 2) }
  }

  /// The stored standard errors of lm-evaluation-harness runs (O10).
  @Test func standardErrorsMatchTheHarness() throws {
    let piqa = try SampleMean.binary(successes: 1384, total: 1838)
    #expect(agrees(piqa.mean, 0.7529923830250272))
    #expect(agrees(try #require(piqa.standardError), 0.010062268140772617))
    let winogrande = try SampleMean.binary(successes: 764, total: 1267)
    #expect(agrees(try #require(winogrande.standardError), 0.0137510925198067))
    let values = [Double](repeating: 1, count: 764) + [Double](repeating: 0, count: 503)
    #expect(agrees(try #require(try SampleMean(values).standardError), 0.0137510925198067))
    #expect(try SampleMean([3]).standardError == nil)
    #expect(throws: StatisticsError.self) { try SampleMean([]) }
  }

  @Test func normalDistributionMatchesScipy() throws {
    for (z, p) in [
      (-8, 6.22096057427174e-16), (-1.96, 0.024997895148220435), (0.3, 0.6179114221889526),
      (2.5, 0.9937903346742238),
    ] {
      #expect(abs(NormalDistribution.cumulative(z) / p - 1) < 1e-12)
    }
    for (p, z) in [
      (1e-12, -7.034483825301131), (0.025, -1.9599639845400545), (0.3, -0.5244005127080409),
      (0.999, 3.090232306167813), (0.5, 0),
    ] {
      #expect(agrees(try NormalDistribution.quantile(p), z, within: 1e-12))
    }
    #expect(throws: StatisticsError.self) { try NormalDistribution.quantile(0) }
    #expect(throws: StatisticsError.self) { try NormalDistribution.quantile(.nan) }
  }

  @Test func quantileInvertsTheCumulativeDistribution() throws {
    for seed in UInt64(0)..<200 {
      var random = RandomStream(seed: seed)
      let p = max(1e-300, random.uniform() * (seed % 2 == 0 ? 1 : 1e-9))
      let back = NormalDistribution.cumulative(try NormalDistribution.quantile(p))
      #expect(abs(back / p - 1) < 1e-11)
    }
  }

  @Test func binomialMatchesScipy() {
    #expect(agrees(Binomial.cumulative(40, trials: 200, probability: 0.25), 0.05784982913671249))
    let mass = Binomial.mass(3, trials: 1000, probability: 0.01)
    #expect(abs(mass / 0.007393222778222839 - 1) < 1e-11)
    #expect(agrees(Binomial.logCoefficient(1000, 400), 669.352145125546))
    #expect(Binomial.logCoefficient(5, 6) == -.infinity)
    #expect(Binomial.cumulative(-1, trials: 3, probability: 0.5) == 0)
    #expect(Binomial.cumulative(3, trials: 3, probability: 0.5) == 1)
  }

  @Test func detectableEffectsMatchTheFormula() throws {
    let effect = try MinimumDetectableEffect.pairedMean(standardDeviation: 0.4, count: 50)
    #expect(agrees(effect, 0.15848159246397384))
    #expect(
      try MinimumDetectableEffect.requiredCount(effect: 0.01, discordance: 0.1) == 7849)
    let accuracy = try MinimumDetectableEffect.pairedAccuracy(discordance: 0.1, count: 7849)
    #expect(abs(accuracy - 0.01) < 1e-6)
    #expect(throws: StatisticsError.self) {
      try MinimumDetectableEffect.pairedMean(standardDeviation: 1, count: 0)
    }
  }

  @Test func curvesInterpolateAndRefuseToExtrapolate() throws {
    let curve = try Curve([
      CurvePoint(x: 3, y: 30), CurvePoint(x: 1, y: 10), CurvePoint(x: 2, y: 14),
      CurvePoint(x: 2, y: 16), CurvePoint(x: 2, y: 18),
    ])
    #expect(curve.points.map(\.x) == [1, 2, 3])
    #expect(try curve.value(at: 2) == 16)
    #expect(try curve.value(at: 1.5) == 13)
    #expect(try curve.value(at: 1) == 10)
    #expect(try curve.value(at: 3) == 30)
    #expect {
      try curve.value(at: 3.01)
    } throws: { error in
      (error as? StatisticsError)?.code == .outsideCurve
    }
    #expect(throws: StatisticsError.self) { try curve.value(at: .nan) }
    #expect(throws: StatisticsError.self) { try Curve([]) }
    #expect(try Curve([CurvePoint(x: 1, y: 5)]).value(at: 1) == 5)
  }

  @Test func messagesNameTheFactAndTheRemedy() {
    let error = #expect(throws: StatisticsError.self) {
      try Curve([CurvePoint(x: 1, y: 5), CurvePoint(x: 2, y: 6)]).value(at: 4)
    }
    #expect(
      error?.description == """
        x = 4.0 lies outside the measured range 1.0…2.0
          hint: measure the curve over a wider range; values are not extrapolated
        """)
  }
}
