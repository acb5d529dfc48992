import Testing
import WinaStatistics

@Suite("Bootstrap of sums") struct SumBootstrapTests {
  /// Monte Carlo error: scipy drew 200,000 resamples and 100,000 are drawn here, so limits agree to
  /// some hundredths of a standard error.
  @Test func intervalsByEntryAndByDocumentMatchScipy() throws {
    let fixture = try StatisticsFixture.load("bootstrap", as: StatisticsFixture.Bootstrap.self)
    #expect(fixture.intervals.count == 6)
    for expected in fixture.intervals {
      let method = try #require(BootstrapMethod(rawValue: expected.method))
      let options = BootstrapOptions(seed: 3, method: method, repetitions: 100_000)
      let interval =
        expected.statistic == "mean"
        ? try Bootstrap.meanDifference(fixture.differences, options: options)
        : try Bootstrap.ratioOfSums(
          numerators: fixture.numerators, denominators: fixture.denominators,
          units: expected.unit == "document" ? fixture.documents : nil, options: options)
      let slack = 0.04 * expected.error
      #expect(agrees(interval.estimate, expected.estimate))
      #expect(abs(interval.low - expected.low) < slack, "\(expected)")
      #expect(abs(interval.high - expected.high) < slack, "\(expected)")
      #expect(abs(interval.standardError / expected.error - 1) < 0.01)
    }
  }

  @Test func documentsWidenTheIntervalOfDependentEntries() throws {
    let fixture = try StatisticsFixture.load("bootstrap", as: StatisticsFixture.Bootstrap.self)
    let options = BootstrapOptions(seed: 1)
    let byEntry = try Bootstrap.ratioOfSums(
      numerators: fixture.numerators, denominators: fixture.denominators, options: options)
    let byDocument = try Bootstrap.ratioOfSums(
      numerators: fixture.numerators, denominators: fixture.denominators,
      units: fixture.documents, options: options)
    #expect(byDocument.standardError > 1.2 * byEntry.standardError)
  }

  @Test func anyStatisticOfIndicesHasTheSameResamples() throws {
    for method in BootstrapMethod.allCases {
      let options = BootstrapOptions(seed: 8, method: method, repetitions: 400)
      let strata = Sample.numerators.indices.map { $0 % 3 }
      let units = Sample.numerators.indices.map { $0 % 3 == 0 ? $0 / 6 * 6 : $0 }
      let sums = try Bootstrap.ratioOfSums(
        numerators: Sample.numerators, denominators: Sample.denominators, strata: strata,
        units: units, options: options)
      let indices = try Bootstrap.interval(
        count: Sample.numerators.count, strata: strata, units: units, options: options
      ) { indices in
        indices.reduce(0.0) { $0 + Sample.numerators[$1] }
          / indices.reduce(0.0) { $0 + Sample.denominators[$1] }
      }
      #expect(agrees(sums.low, indices.low) && agrees(sums.high, indices.high))
      #expect(agrees(sums.standardError, indices.standardError))
    }
  }

  @Test func resultsDoNotDependOnThreadsOrOnOtherColumns() throws {
    var random = RandomStream(seed: 4)
    let columns = (0..<9).map { _ in (0..<57).map { _ in random.normal() + 3 } }
    let strata = (0..<57).map { $0 % 4 }
    let options = BootstrapOptions(seed: 2, repetitions: 333)
    let one = try SumBootstrap(columns: columns, strata: strata, options: options)
    for threads in [2, 5] {
      let many = try SumBootstrap(
        columns: columns, strata: strata, options: options, threads: threads)
      #expect(try many.ratio(7, 8) == one.ratio(7, 8))
      #expect(try many.macroRatio(0, 3) == one.macroRatio(0, 3))
    }
    let alone = try SumBootstrap(
      columns: [columns[7], columns[8]], strata: strata, options: options)
    #expect(try alone.ratio(0, 1) == one.ratio(7, 8))
    #expect(try alone.ratio(0, 1, in: 2) == one.ratio(7, 8, in: 2))
  }

  @Test func statisticsOfOneBootstrapArePaired() throws {
    let shifted = Sample.skewed.map { $0 + 5 }
    let ones = Sample.skewed.map { _ in 1.0 }
    let bootstrap = try SumBootstrap(
      columns: [Sample.skewed, shifted, ones], options: BootstrapOptions(seed: 1, repetitions: 200))
    let gap = try bootstrap.interval { $0.ratio(1, 2) - $0.ratio(0, 2) }
    #expect(abs(gap.low - 5) < 1e-12 && abs(gap.high - 5) < 1e-12)
  }

  @Test func strataOfOneUnitStandStill() throws {
    let options = BootstrapOptions(seed: 1, repetitions: 100)
    let bootstrap = try SumBootstrap(
      columns: [[1, 2, 3], [1, 1, 1]], strata: [0, 0, 7], options: options)
    #expect(bootstrap.strata == [0, 7])
    #expect(throws: StatisticsError.self) { try bootstrap.ratio(0, 1, in: 1) }
    #expect(try bootstrap.ratio(0, 1).estimate == 2)
  }

  @Test func degenerateInputIsRefused() throws {
    let options = BootstrapOptions(seed: 1, repetitions: 100)
    #expect(throws: StatisticsError.self) { try SumBootstrap(columns: [], options: options) }
    #expect(throws: StatisticsError.self) { try SumBootstrap(columns: [[1]], options: options) }
    #expect(throws: StatisticsError.self) {
      try SumBootstrap(columns: [[1, 2], [1]], options: options)
    }
    #expect(throws: StatisticsError.self) {
      try SumBootstrap(columns: [[1, .nan]], options: options)
    }
    #expect(throws: StatisticsError.self) {
      try SumBootstrap(columns: [[1, 2, 3]], units: [5, 5, 5], options: options)
    }
    let split = #expect(throws: StatisticsError.self) {
      try SumBootstrap(
        columns: [[1, 2, 3]], strata: [0, 1, 1], units: [5, 5, 6], options: options)
    }
    #expect(split?.message == "document 5 has entries in more than one stratum")
    let zero = try SumBootstrap(columns: [[1, 2], [0, 1]], options: options)
    #expect(throws: StatisticsError.self) { try zero.ratio(0, 1) }
  }
}
