import Testing
import WinaStatistics

/// Reference values: scipy 1.17.1, `st.binomtest(2, 12, .5).pvalue`,
/// `2*st.binom.cdf(2,12,.5) - st.binom.pmf(2,12,.5)`, `st.permutation_test((x,), np.mean,
/// permutation_type='samples', n_resamples=np.inf)`, `st.false_discovery_control(p)`.
@Suite("Hypothesis tests") struct HypothesisTests {
  @Test func mcNemarMatchesO11() throws {
    let result = try McNemar.exact(b: 10, c: 2)
    #expect(agrees(result.pValue, 158.0 / 4096))
    #expect(agrees(result.midPValue, 0.022460937499999976))
    #expect(result.oddsRatio == 5)
    let other = try McNemar.exact(b: 17, c: 33)
    #expect(agrees(other.pValue, 0.032839137564268484))
    #expect(agrees(other.midPValue, 0.02409290769844931))
  }

  @Test func mcNemarIsSymmetricAndDefinedWithoutDiscordance() throws {
    for (b, c) in [(0, 5), (3, 9), (40, 41), (6, 6), (0, 1)] {
      let one = try McNemar.exact(b: b, c: c)
      let two = try McNemar.exact(b: c, c: b)
      #expect(one.pValue == two.pValue)
      #expect(one.midPValue <= one.pValue)
    }
    let none = try McNemar.exact(b: 0, c: 0)
    #expect(none.pValue == 1)
    #expect(none.midPValue == 1)
    #expect(none.oddsRatio == nil)
    #expect(throws: StatisticsError.self) { try McNemar.exact(b: -1, c: 3) }
  }

  @Test func smallSignFlipTestsAreExact() throws {
    let differences = [0.3, -0.1, 0.8, 1.4, 0.2, -0.5, 2.9, 0.7]
    let result = try PairedPermutation.signFlip(differences, seed: 1)
    #expect(result.isExact)
    #expect(result.repetitions == 256)
    #expect(result.pValue == 0.078125)
  }

  @Test func largeSignFlipTestsApproachTheExactValue() throws {
    let result = try PairedPermutation.signFlip(Sample.skewed, repetitions: 200_000, seed: 4)
    #expect(!result.isExact)
    #expect(abs(result.pValue - 0.000980377197265625) < 3e-4)
    #expect(
      result == (try PairedPermutation.signFlip(Sample.skewed, repetitions: 200_000, seed: 4)))
  }

  @Test func signFlipIsDefinedForDegenerateInput() throws {
    #expect(try PairedPermutation.signFlip([0, 0, 0], seed: 1).pValue == 1)
    #expect(try PairedPermutation.signFlip([2], seed: 1).pValue == 1)
    let zeros = [Double](repeating: 0, count: 40)
    #expect(try PairedPermutation.signFlip(zeros, repetitions: 100, seed: 1).pValue == 1)
    #expect(throws: StatisticsError.self) { try PairedPermutation.signFlip([], seed: 1) }
    #expect(throws: StatisticsError.self) { try PairedPermutation.signFlip([.nan, 1], seed: 1) }
    #expect(throws: StatisticsError.self) {
      try PairedPermutation.signFlip([1], repetitions: 0, seed: 1)
    }
  }

  @Test func signFlipHoldsItsLevelUnderTheNull() throws {
    var rejected = 0
    for seed in UInt64(0)..<400 {
      var random = RandomStream(seed: seed, stream: 1)
      let differences = (0..<25).map { _ in random.normal() }
      let p = try PairedPermutation.signFlip(differences, repetitions: 199, seed: seed).pValue
      if p <= 0.05 { rejected += 1 }
    }
    #expect((6...38).contains(rejected))  // 20 expected, ±4 standard deviations
  }

  @Test func correctionsMatchReferenceValues() throws {
    let p = [0.01, 0.04, 0.03, 0.005, 0.2]
    for (actual, expected) in zip(try MultipleTesting.holm(p), [0.04, 0.09, 0.09, 0.025, 0.2]) {
      #expect(agrees(actual, expected))
    }
    let rates = try MultipleTesting.benjaminiHochberg(p)
    for (actual, expected) in zip(rates, [0.025, 0.05, 0.05, 0.025, 0.2]) {
      #expect(agrees(actual, expected))
    }
    #expect(try MultipleTesting.holm([]).isEmpty)
    #expect(try MultipleTesting.holm([0.7, 0.9]) == [1, 1])
    #expect(throws: StatisticsError.self) { try MultipleTesting.holm([0.1, .nan]) }
    #expect(throws: StatisticsError.self) { try MultipleTesting.benjaminiHochberg([1.1]) }
  }

  @Test func randomPartitionNullCountsTiesAgainstTheClaim() throws {
    let null = (1...20).map(Double.init)
    #expect(try RandomPartitionNull.pValue(observed: 21, null: null) == 1.0 / 21)
    #expect(try RandomPartitionNull.pValue(observed: 20, null: null) == 2.0 / 21)
    #expect(try RandomPartitionNull.pValue(observed: 0, null: null) == 1)
    #expect(throws: StatisticsError.self) { try RandomPartitionNull.pValue(observed: 1, null: []) }
  }
}
