import Testing
import WinaSparsity
import WinaTestSupport

@Suite("Score histograms") struct ScoreHistogramTests {
  @Test func inverseDistributionFollowsO3() throws {
    func icdf(_ q: Double) -> Double? {
      EmpiricalQuantile.inverse(counts: [1, 2, 1], q) { Double($0 + 1) }
    }
    #expect(icdf(0.5) == 1.5)
    #expect(icdf(0.25) == 1)
    #expect(icdf(1) == 3)
    #expect(EmpiricalQuantile.inverse(counts: [0, 0], 0.5) { Double($0) } == nil)
    // Values that never occur take no part, as in WINA's list of unique values.
    #expect(EmpiricalQuantile.inverse(counts: [0, 1, 0, 2, 0, 1], 0.5) { Double($0) } == 2)
  }

  @Test func histogramQuantilesUseTheSameRule() throws {
    var histogram = ScoreHistogram()
    for score: Float in [1, -2, 2, 3] { histogram.add(score) }
    #expect(try histogram.quantile(0.5) == 1.5)
    #expect(try histogram.quantile(0.25) == 1)
    #expect(try histogram.quantile(1) == 3)
    #expect(throws: SparsityError.self) { try histogram.quantile(1.01) }
    #expect(throws: SparsityError.self) { try histogram.quantile(.nan) }
    #expect(throws: SparsityError.self) { try ScoreHistogram().quantile(0.5) }
  }

  /// O13: counters of a union are the sums of the parts' counters, in any grouping and order.
  @Test func mergingEqualsCountingTogether() {
    for seed in UInt64(0)..<20 {
      var random = SeededGenerator(seed: seed)
      let parts = (0..<3).map { _ in random.normals(500, deviation: 3) }
      let all = histogram(of: parts.flatMap { $0 })
      var left = histogram(of: parts[0])
      left.merge(histogram(of: parts[1]))
      left.merge(histogram(of: parts[2]))
      var right = histogram(of: parts[2])
      right.merge(histogram(of: parts[1]))
      var outer = histogram(of: parts[0])
      outer.merge(right)
      #expect(left == all)
      #expect(outer == all)
      var sketch = histogram(of: parts[0]).sketch()
      sketch.merge(right.sketch())
      #expect(sketch == all.sketch())
    }
  }

  @Test func thresholdsZeroTheFractionAskedFor() throws {
    for seed in UInt64(0)..<50 {
      var random = SeededGenerator(seed: seed)
      let scores = random.normals(2000, deviation: seed % 2 == 0 ? 1 : 30)
      let exact = histogram(of: scores)
      let sketch = exact.sketch()
      for q in [0.1, 0.25, 0.5, 0.65, 0.9] {
        let threshold = try exact.quantile(q)
        let zeroed = Double(scores.count { Double(abs($0)) <= threshold }) / 2000
        #expect(abs(zeroed - q) <= 0.006, "seed \(seed), q \(q)")
        #expect(abs(exact.fraction(atOrBelow: threshold) - q) <= 0.006)
        let coarse = try sketch.quantile(q)
        #expect(abs(coarse - threshold) <= ScoreSketch.relativeError * threshold * 1.05)
        #expect(abs(sketch.fraction(atOrBelow: coarse) - q) <= 1e-9)
      }
    }
  }

  @Test func fractionsMatchASortedList() throws {
    var random = SeededGenerator(seed: 8)
    let scores = random.normals(500).map { Float(Float16($0)) }
    let exact = histogram(of: scores)
    for threshold in [-1, 0, 0.2, 0.7, 1.3, 2.9, 80_000] {
      let expected = Double(scores.count { Double(abs($0)) <= threshold }) / 500
      #expect(exact.fraction(atOrBelow: threshold) == expected)
    }
  }

  @Test func extremesAreCounted() throws {
    var histogram = ScoreHistogram()
    for score: Float in [0, -0.0, 1e-8, 65_504, 65_519, 65_520, 1e30, -.infinity] {
      histogram.add(score)
    }
    #expect(histogram.total == 8)
    #expect(histogram.overflow == 3)
    #expect(histogram.nanCount == 0)
    #expect(histogram.zeroFraction == 3.0 / 8)
    #expect(try histogram.quantile(1) == 65_504)
    #expect(try histogram.sketch().quantile(1) == 65_504)
    histogram.add(.nan)
    #expect(histogram.nanCount == 1)
    #expect(histogram.total == 8)
    #expect(ScoreHistogram().zeroFraction == 0)
    #expect(ScoreHistogram().fraction(atOrBelow: 1) == 0)
  }

  @Test func countersAreCheckedForSize() {
    #expect(throws: SparsityError.self) { try ScoreHistogram(counts: [1, 2]) }
    #expect(throws: SparsityError.self) { try ScoreSketch(counts: [1, 2]) }
  }

  private func histogram(of scores: [Float]) -> ScoreHistogram {
    var histogram = ScoreHistogram()
    for score in scores { histogram.add(score) }
    return histogram
  }
}
