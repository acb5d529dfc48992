import Testing
import WinaStatistics

/// Reference intervals: scipy 1.17.1, `st.bootstrap((x,), np.mean, n_resamples=1_000_000,
/// method='BCa', rng=1)` and, for ratios, `st.bootstrap((num, den), lambda a, b, axis:
/// a.sum(axis)/b.sum(axis), paired=True, vectorized=True, …)`.
@Suite("Bootstrap") struct BootstrapTests {
  @Test(arguments: [
    (BootstrapMethod.percentile, 0.2825, 1.0825), (BootstrapMethod.bca, 0.3325, 1.1875),
  ])
  func meanIntervalsMatchScipy(method: BootstrapMethod, low: Double, high: Double) throws {
    let options = BootstrapOptions(seed: 1, method: method, repetitions: 100_000)
    let interval = try Bootstrap.meanDifference(Sample.skewed, options: options)
    #expect(agrees(interval.estimate, 0.645))
    #expect(abs(interval.low - low) < 0.01)
    #expect(abs(interval.high - high) < 0.015)
    #expect(abs(interval.standardError - 0.2054) < 0.003)
  }

  @Test(arguments: [
    (BootstrapMethod.percentile, 1.09155, 1.42857), (BootstrapMethod.bca, 1.12821, 1.45887),
  ])
  func ratioIntervalsMatchScipy(method: BootstrapMethod, low: Double, high: Double) throws {
    let options = BootstrapOptions(seed: 2, method: method, repetitions: 100_000)
    let interval = try Bootstrap.ratioOfSums(
      numerators: Sample.numerators, denominators: Sample.denominators, options: options)
    #expect(agrees(interval.estimate, 234.0 / 182))
    #expect(abs(interval.low - low) < 0.004)
    #expect(abs(interval.high - high) < 0.004)
  }

  @Test func strataAreResampledWithinThemselves() throws {
    // Between-stratum spread alone: no resample can change the mean.
    let values = [0.0, 0, 0, 10, 10, 10]
    let options = BootstrapOptions(seed: 1, repetitions: 500)
    let fixed = try Bootstrap.meanDifference(values, strata: [4, 4, 4, 9, 9, 9], options: options)
    #expect(fixed.low == 5 && fixed.high == 5 && fixed.standardError == 0)
    let free = try Bootstrap.meanDifference(values, options: options)
    #expect(free.low < 3 && free.high > 7)
  }

  @Test func macroRatioWeighsStrataEqually() throws {
    let interval = try Bootstrap.macroRatio(
      numerators: [1, 1, 30, 30], denominators: [1, 1, 10, 10], strata: [0, 0, 1, 1],
      options: BootstrapOptions(seed: 3, repetitions: 200))
    #expect(interval.estimate == 2)
    #expect(interval.low == 2 && interval.high == 2)
  }

  @Test func intervalsAreReproducibleAndSeedDependent() throws {
    let first = try Bootstrap.meanDifference(
      Sample.skewed, options: BootstrapOptions(seed: 5, repetitions: 300))
    let again = try Bootstrap.meanDifference(
      Sample.skewed, options: BootstrapOptions(seed: 5, repetitions: 300))
    let other = try Bootstrap.meanDifference(
      Sample.skewed, options: BootstrapOptions(seed: 6, repetitions: 300))
    #expect(first == again)
    #expect(first.low != other.low || first.high != other.high)
  }

  @Test func degenerateInputIsDefinedOrRefused() throws {
    let options = BootstrapOptions(seed: 1, repetitions: 100)
    let constant = try Bootstrap.meanDifference([2, 2, 2], options: options)
    #expect(constant.low == 2 && constant.high == 2 && constant.standardError == 0)
    #expect(throws: StatisticsError.self) { try Bootstrap.meanDifference([1], options: options) }
    #expect(throws: StatisticsError.self) {
      try Bootstrap.meanDifference([1, .infinity], options: options)
    }
    #expect(throws: StatisticsError.self) {
      try Bootstrap.meanDifference([1, 2], strata: [1], options: options)
    }
    #expect(throws: StatisticsError.self) {
      try Bootstrap.ratioOfSums(numerators: [1, 2], denominators: [0, 1], options: options)
    }
    #expect(throws: StatisticsError.self) {
      try Bootstrap.meanDifference(
        [1, 2], options: BootstrapOptions(seed: 1, repetitions: 10, confidence: 1))
    }
  }

  @Test func intervalsCoverTheTruthAboutAsOftenAsTheyClaim() throws {
    var covered = 0
    for seed in UInt64(0)..<200 {
      var random = RandomStream(seed: seed, stream: 9)
      let values = (0..<40).map { _ in random.normal() + 1 }
      let interval = try Bootstrap.meanDifference(
        values, options: BootstrapOptions(seed: seed, repetitions: 400))
      if (interval.low...interval.high).contains(1) { covered += 1 }
    }
    #expect(covered >= 174)  // 190 expected, four standard deviations below
  }
}
