/// A coarse histogram of scores: 32 neighbouring fp16 patterns per counter.
///
/// A bin spans 1/32 of an octave. A quantile is interpolated within its bin, so it is off by at
/// most one bin: ``relativeError`` of its value, or 2⁻¹⁹ absolute for scores below 2⁻¹⁴. The share
/// of exact zeros is not kept apart from other scores below 2⁻¹⁹.
public struct ScoreSketch: Sendable, Equatable {
  /// The number of counters.
  public static let binCount = 1024

  /// The largest relative error of a quantile above 2⁻¹⁴.
  public static let relativeError = 1.0 / 32

  /// The largest absolute error of a quantile below 2⁻¹⁴.
  public static let absoluteError = 0x1p-19

  /// The counter of every bin, ``binCount`` of them.
  public private(set) var counts: [UInt64]

  /// Makes an empty sketch.
  public init() { counts = [UInt64](repeating: 0, count: Self.binCount) }

  /// Takes over counters, such as those read from an artifact.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) unless there are ``binCount`` of them.
  public init(counts: some Collection<UInt64>) throws {
    guard counts.count == Self.binCount else {
      throw SparsityError.shape("a score sketch", have: counts.count, expected: Self.binCount)
    }
    self.counts = Array(counts)
  }

  /// Returns the bin of a fp16 pattern.
  public static func bin(ofPattern pattern: Int) -> Int { pattern >> 5 }

  /// Counts one score by its magnitude.
  public mutating func add(_ score: Float) {
    counts[Self.bin(ofPattern: HalfPattern.pattern(of: score))] += 1
  }

  /// Adds the counters of another sketch.
  public mutating func merge(_ other: ScoreSketch) {
    for bin in counts.indices { counts[bin] += other.counts[bin] }
  }

  /// Adds exact counters by fp16 pattern.
  mutating func add(_ exact: [UInt64]) {
    for (pattern, count) in exact.enumerated() where count > 0 {
      counts[Self.bin(ofPattern: pattern)] += count
    }
  }

  /// The number of scores, overflow included.
  public var total: UInt64 { counts.reduce(0, +) }

  /// Returns the score below which a share `q` of the scores lies, interpolated within its bin.
  ///
  /// - Throws: ``SparsityError`` for `q` outside 0...1 or an empty sketch.
  public func quantile(_ q: Double) throws -> Double {
    try ScoreCounts.sketch.quantile(counts[...], q)
  }

  /// Returns the share of scores at or below a threshold, interpolated within its bin.
  public func fraction(atOrBelow threshold: Double) -> Double {
    ScoreCounts.sketch.fraction(counts[...], atOrBelow: threshold)
  }
}
