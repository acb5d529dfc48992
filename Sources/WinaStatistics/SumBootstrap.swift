import Dispatch
import Synchronization

/// Resamples of documents, drawn once and shared by every statistic of their sums.
///
/// A statistic that is a function of sums (a mean, a ratio, a difference of curves) needs of a
/// resample only the sums of its columns, and these are taken for all columns in one pass. Every
/// statistic of one `SumBootstrap` sees the same resamples, so statistics stay paired, and those of a
/// stratum are those of its own bootstrap. Resample r is drawn from stream r of the seed, so that
/// results do not depend on `threads`.
///
/// Resampling is by *unit*, within strata: a unit is an entry, or with `units` all the entries of one
/// document (cluster bootstrap), which are drawn together.
///
/// ### References
/// Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, ch. 14; Davison & Hinkley,
/// *Bootstrap Methods and their Application*, 1997, §3.8 (clusters), §5.3 (acceleration with strata).
public struct SumBootstrap: Sendable {
  /// How intervals are made.
  public let options: BootstrapOptions
  /// The labels of the strata, in the order in which ``StratumSums`` counts them.
  public let strata: [Int]
  /// How many units are resampled.
  public let units: Int

  private let columns: Int
  /// The units, stratum by stratum; column sums of each, unit-major.
  private let rows: [Double]
  private let ranges: [Range<Int>]
  /// The sums of every resample, shape [repetitions, strata, columns].
  private let resampled: [Double]
  private let observed: [Double]

  /// Sums up columns over every resample.
  ///
  /// - Parameters:
  ///   - columns: At least one column with one value per entry, such as NLL and tokens.
  ///   - strata: The label of each entry, or nil to resample over all of them.
  ///   - units: The document of each entry, whose entries are drawn together, or nil where each entry
  ///     is one. A document has entries of one stratum only.
  ///   - options: Seed, method, repetitions and confidence.
  ///   - threads: The number of threads; the sums do not depend on it.
  /// - Throws: ``StatisticsError`` for fewer than two units, lengths that differ, values that are not
  ///   finite, a unit in two strata, or options out of range.
  /// - Complexity: O(units · columns · repetitions).
  public init(
    columns: [[Double]], strata: [Int]? = nil, units: [Int]? = nil, options: BootstrapOptions,
    threads: Int = 1
  ) throws {
    guard let count = columns.first?.count else {
      throw StatisticsError.tooFew("the columns of a bootstrap", have: 0, need: 1)
    }
    for column in columns {
      guard column.count == count else {
        throw StatisticsError.lengths("columns", column.count, count)
      }
      try requireFinite(column, "a column of a bootstrap")
    }
    let layout = try ResamplingUnits(count: count, strata: strata, units: units, options: options)
    self.options = options
    self.strata = layout.labels
    self.columns = columns.count
    self.units = layout.units.count
    ranges = layout.ranges
    rows = layout.units.flatMap { members in
      columns.map { column in members.reduce(0.0) { $0 + column[$1] } }
    }
    observed = SumBootstrap.sums(rows, ranges: ranges, columns: columns.count) { $0 }
    resampled = SumBootstrap.resampled(
      rows, ranges: ranges, columns: columns.count, options: options, threads: threads)
  }

  /// Returns the interval of a statistic of the sums.
  ///
  /// A statistic that is the same on every resample gives an interval of zero width.
  ///
  /// - Throws: ``StatisticsError`` (`notFinite`) when the statistic of a resample is no number.
  /// - Complexity: One call for every repetition, and one more for every unit with BCa.
  public func interval(
    _ statistic: (StratumSums) throws -> Double
  ) throws -> BootstrapInterval {
    let width = ranges.count * columns
    let estimate = try statistic(sums(observed, at: 0))
    let values = try (0..<options.repetitions).map {
      try statistic(sums(resampled, at: $0 * width))
    }
    return try BootstrapInterval(
      estimate: estimate, resampled: values, options: options,
      leaveOneOut: { try leaveOneOut(statistic) })
  }

  /// Returns the interval of Σ numerators / Σ denominators over all strata.
  ///
  /// - Throws: ``StatisticsError`` as ``interval(_:)``.
  public func ratio(_ numerator: Int, _ denominator: Int) throws -> BootstrapInterval {
    try interval { $0.ratio(numerator, denominator) }
  }

  /// Returns the interval of the ratio within one stratum, counted as in ``strata``.
  ///
  /// - Throws: ``StatisticsError`` as ``interval(_:)``, and for a stratum of one unit.
  public func ratio(
    _ numerator: Int, _ denominator: Int, in stratum: Int
  ) throws -> BootstrapInterval {
    guard ranges[stratum].count > 1 else {
      throw StatisticsError.tooFew("a bootstrap", have: ranges[stratum].count, need: 2)
    }
    return try interval { $0.ratio(numerator, denominator, in: stratum) }
  }

  /// Returns the interval of the unweighted mean over strata of their ratios.
  ///
  /// - Throws: ``StatisticsError`` as ``interval(_:)``.
  public func macroRatio(_ numerator: Int, _ denominator: Int) throws -> BootstrapInterval {
    try interval { $0.macroRatio(numerator, denominator) }
  }

  private func sums(_ values: [Double], at offset: Int) -> StratumSums {
    StratumSums(values, offset: offset, strata: ranges.count, columns: columns)
  }

  /// The statistic without each unit in turn, by stratum; strata of one unit have none.
  private func leaveOneOut(_ statistic: (StratumSums) throws -> Double) throws -> [[Double]] {
    try ranges.enumerated().map { stratum, range in
      guard range.count > 1 else { return [] }
      return try range.map { unit in
        var left = observed
        for column in 0..<columns {
          left[stratum * columns + column] -= rows[unit * columns + column]
        }
        return try statistic(sums(left, at: 0))
      }
    }
  }
}

extension SumBootstrap {
  /// Sums of the rows that `choose` names in place of each unit, by stratum.
  private static func sums(
    _ rows: [Double], ranges: [Range<Int>], columns: Int, choose: (Int) -> Int
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: ranges.count * columns)
    for (stratum, range) in ranges.enumerated() {
      for unit in range {
        let row = choose(unit) * columns
        for column in 0..<columns { sums[stratum * columns + column] += rows[row + column] }
      }
    }
    return sums
  }

  private static func resampled(
    _ rows: [Double], ranges: [Range<Int>], columns: Int, options: BootstrapOptions, threads: Int
  ) -> [Double] {
    let blockSize = 64
    let count = (options.repetitions + blockSize - 1) / blockSize
    let draw = { @Sendable (block: Int) -> [Double] in
      let first = block * blockSize
      return drawn(
        first..<min(first + blockSize, options.repetitions), rows, ranges: ranges,
        columns: columns, seed: options.seed)
    }
    guard threads > 1, count > 1 else { return (0..<count).flatMap(draw) }
    let next = Atomic(0)
    let blocks = Mutex([[Double]](repeating: [], count: count))
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
      while true {
        let block = next.add(1, ordering: .relaxed).oldValue
        if block >= count { return }
        let values = draw(block)
        blocks.withLock { $0[block] = values }
      }
    }
    return blocks.withLock { Array($0.joined()) }
  }

  /// The sums of some resamples, four columns at a time.
  private static func drawn(
    _ repetitions: Range<Int>, _ rows: [Double], ranges: [Range<Int>], columns: Int, seed: UInt64
  ) -> [Double] {
    let width = (columns + 3) / 4
    let packed = packed(rows, columns: columns, width: width)
    var result: [Double] = []
    result.reserveCapacity(repetitions.count * ranges.count * columns)
    var sums = [SIMD4<Double>](repeating: .zero, count: width)
    for repetition in repetitions {
      var random = RandomStream(seed: seed, stream: UInt64(repetition))
      for range in ranges {
        for part in 0..<width { sums[part] = .zero }
        for _ in range {
          let row = (range.lowerBound + random.index(below: range.count)) * width
          for part in 0..<width { sums[part] += packed[row + part] }
        }
        for column in 0..<columns { result.append(sums[column / 4][column % 4]) }
      }
    }
    return result
  }

  private static func packed(_ rows: [Double], columns: Int, width: Int) -> [SIMD4<Double>] {
    let count = rows.count / columns
    var packed = [SIMD4<Double>](repeating: .zero, count: count * width)
    for unit in 0..<count {
      for column in 0..<columns {
        packed[unit * width + column / 4][column % 4] = rows[unit * columns + column]
      }
    }
    return packed
  }
}
