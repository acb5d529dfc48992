/// An exact histogram of scores rounded to half precision.
///
/// 32,768 counters indexed by the bit pattern of |score| as fp16. Patterns of non-negative floats
/// order like their values, so quantiles are prefix sums and merging is addition.
///
/// - Invariant: counter 0x7C00 holds the overflow (|score| above 65,504), counters above it NaN.
public struct ScoreHistogram: Sendable, Equatable {
  /// The number of counters.
  public static let binCount = 32_768

  /// The counter of every pattern, ``binCount`` of them.
  public private(set) var counts: [UInt64]

  /// Makes an empty histogram.
  public init() { counts = [UInt64](repeating: 0, count: Self.binCount) }

  /// Takes over counters, such as those read from an artifact.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) unless there are ``binCount`` of them.
  public init(counts: some Collection<UInt64>) throws {
    guard counts.count == Self.binCount else {
      throw SparsityError.shape("a score histogram", have: counts.count, expected: Self.binCount)
    }
    self.counts = Array(counts)
  }

  /// Counts one score by its magnitude.
  public mutating func add(_ score: Float) { counts[HalfPattern.pattern(of: score)] += 1 }

  /// Adds the counters of another histogram.
  public mutating func merge(_ other: ScoreHistogram) {
    for bin in counts.indices { counts[bin] += other.counts[bin] }
  }

  /// The number of scores, overflow included and NaN excluded.
  public var total: UInt64 { counts[...HalfPattern.infinity].reduce(0, +) }

  /// The number of scores above the largest half-precision value.
  public var overflow: UInt64 { counts[HalfPattern.infinity] }

  /// The number of scores that were not a number.
  public var nanCount: UInt64 { counts[(HalfPattern.infinity + 1)...].reduce(0, +) }

  /// The share of scores that are zero at half precision.
  public var zeroFraction: Double {
    let total = total
    return total == 0 ? 0 : Double(counts[0]) / Double(total)
  }

  /// Returns the score below which a share `q` of the scores lies, by the rule of WINA's code.
  ///
  /// Overflowed scores count as 65,504.
  ///
  /// - Throws: ``SparsityError`` for `q` outside 0...1 or an empty histogram.
  /// - Complexity: O(``binCount``).
  public func quantile(_ q: Double) throws -> Double {
    try ScoreCounts.exact.quantile(counts[...], q)
  }

  /// Returns the share of scores at or below a threshold: those that the gate |s| > t zeroes.
  public func fraction(atOrBelow threshold: Double) -> Double {
    ScoreCounts.exact.fraction(counts[...], atOrBelow: threshold)
  }

  /// Returns the 1,024-bin sketch of this histogram.
  public func sketch() -> ScoreSketch {
    var sketch = ScoreSketch()
    sketch.add(counts)
    return sketch
  }
}
