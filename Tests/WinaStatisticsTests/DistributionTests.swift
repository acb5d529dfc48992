import Testing
import WinaStatistics

@Suite("Histograms, diagonals and overlaps") struct DistributionTests {
  @Test func distancesMatchScipy() throws {
    let fixtures = try StatisticsFixture.load("histograms", as: [StatisticsFixture.Histogram].self)
    for fixture in fixtures {
      let (first, second) = (fixture.first, fixture.second)
      let ks = HistogramDistance.kolmogorovSmirnov
      let w1 = HistogramDistance.wasserstein
      #expect(agrees(try ks.between(first, second, centres: fixture.centres), fixture.ks))
      #expect(agrees(try w1.between(first, second, centres: fixture.centres), fixture.w1))
      #expect(try w1.between(first, first.map { 3 * $0 }, centres: fixture.centres) < 1e-12)
    }
  }

  /// Samples whose weights lie in one bin each, so that tokens of a sample are wholly dependent.
  private func samples(_ bins: [Int]) -> [[Double]] {
    bins.map { bin in (0..<4).map { $0 == bin ? 100 : 0 } }
  }

  @Test func permutationsExchangeSamplesNotTokens() throws {
    let centres = [0.0, 1, 2, 3]
    // Of six samples in two groups of three, 20 divisions are possible and 2 are as extreme.
    let apart = try HistogramDistance.wasserstein.permutationTest(
      samples([0, 0, 1, 2, 3, 3]), centres: centres,
      isFirst: [true, true, true, false, false, false], repetitions: 4000, seed: 1)
    #expect(abs(apart.pValue - 0.1) < 0.02)
    let same = try HistogramDistance.kolmogorovSmirnov.permutationTest(
      samples([1, 1, 1, 1]), centres: centres, isFirst: [true, false, true, false], seed: 1)
    #expect(same.observed == 0 && same.pValue == 1)
  }

  @Test func histogramsThatCannotBeComparedAreRefused() throws {
    let ks = HistogramDistance.kolmogorovSmirnov
    #expect(throws: StatisticsError.self) { try ks.between([1], [1, 2], centres: [1, 2]) }
    #expect(throws: StatisticsError.self) { try ks.between([0, 0], [1, 2], centres: [1, 2]) }
    #expect(throws: StatisticsError.self) { try ks.between([-1, 2], [1, 2], centres: [1, 2]) }
    #expect(throws: StatisticsError.self) { try ks.between([1, 2], [1, 2], centres: [2, 2]) }
    #expect(throws: StatisticsError.self) {
      try ks.permutationTest([[1.0]], centres: [1], isFirst: [true], seed: 1)
    }
    #expect(throws: StatisticsError.self) {
      try ks.permutationTest([[1.0], [1, 2]], centres: [1], isFirst: [true, false], seed: 1)
    }
  }

  @Test func aDiagonalThatDominatesIsFound() throws {
    let size = 5
    var matrix: [[Double]] = []
    for row in 0..<size {
      matrix.append((0..<size).map { Double(3 * $0 + 7 * row + (row == $0 ? 1 : 0)) })
    }
    let result = try DiagonalDominance(matrix, seed: 1)
    // Effects of rows and columns alone cancel: what is left is the 1 on the diagonal.
    #expect(agrees(result.statistic, 1))
    #expect(result.isExact && result.repetitions == 120)
    #expect(agrees(result.pValue, 1.0 / 120))
  }

  @Test func largeMatricesAreSampledAndFlatOnesShowNothing() throws {
    var random = RandomStream(seed: 6)
    let matrix = (0..<9).map { row in
      (0..<9).map { ($0 == row ? 1.0 : 0) + 0.2 * random.normal() }
    }
    let result = try DiagonalDominance(matrix, repetitions: 999, seed: 2)
    #expect(!result.isExact && result.pValue == 0.001)
    let flat = [[Double]](repeating: [1, 2, 3], count: 3)
    #expect(try DiagonalDominance(flat, seed: 1).pValue == 1)
    #expect(throws: StatisticsError.self) { try DiagonalDominance([[1]], seed: 1) }
    #expect(throws: StatisticsError.self) { try DiagonalDominance([[1, 2], [1]], seed: 1) }
    #expect(throws: StatisticsError.self) { try DiagonalDominance([[1, 2], [1, .nan]], seed: 1) }
  }

  @Test func overlapsAreRunsAndDuplicatesAreWholes() {
    let text = (0..<40).map { Int32($0 * 7 % 31) }
    var audit = NGramOverlap()
    audit.insert(text)
    #expect(audit.overlaps(Array(text[5..<18])))
    #expect(!audit.overlaps(Array(text[5..<17])))
    #expect(audit.overlaps([99] + text[20..<33] + [98]))
    var broken = text
    for place in stride(from: 0, to: 40, by: 12) { broken[place] = 77 }
    #expect(!audit.overlaps(broken))
    #expect(audit.isDuplicate(text) && !audit.isDuplicate(Array(text.dropLast())))
    audit.insert([1, 2, 3])
    let count = audit.count([text, [1, 2, 3], [3, 2, 1], broken])
    #expect(count == .init(overlapping: 1, duplicates: 2, total: 4, short: 2))
    #expect(NGramOverlap().count([]) == .init())
  }

  @Test func overlapsOfRandomTextsAreThoseOfAPlainSearch() {
    for seed in UInt64(0)..<60 {
      var random = RandomStream(seed: seed)
      let known = (0..<30).map { _ in Int32(random.index(below: 2)) }
      let other = (0..<12).map { _ in Int32(random.index(below: 2)) }
      var audit = NGramOverlap(length: 5)
      audit.insert(known)
      let runs = (0...25).map { Array(known[$0..<$0 + 5]) }
      let found = (0...7).contains { runs.contains(Array(other[$0..<$0 + 5])) }
      #expect(audit.overlaps(other) == found)
    }
  }
}
