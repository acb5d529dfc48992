/// How finely a distribution of scores is kept.
public enum ScoreResolution: String, Codable, Sendable {
  /// One counter per fp16 pattern; see ``ScoreHistogram``.
  case exact
  /// One counter per 32 patterns; see ``ScoreSketch``.
  case sketch

  /// The number of counters of one distribution.
  public var binCount: Int {
    switch self {
    case .exact: ScoreHistogram.binCount
    case .sketch: ScoreSketch.binCount
    }
  }
}

/// Reads quantiles and fractions from counters in place, without copying them.
struct ScoreCounts {
  static let exact = ScoreCounts(resolution: .exact)
  static let sketch = ScoreCounts(resolution: .sketch)

  let resolution: ScoreResolution

  func quantile(_ counts: ArraySlice<UInt64>, _ q: Double) throws -> Double {
    guard (0...1).contains(q) else {
      throw SparsityError.range("a quantile", "\(q)", expected: "0…1")
    }
    let value: Double? =
      switch resolution {
      case .exact:
        EmpiricalQuantile.inverse(counts: counts.prefix(HalfPattern.infinity + 1), q) {
          $0 < HalfPattern.infinity ? HalfPattern.values[$0] : HalfPattern.greatest
        }
      case .sketch: interpolated(counts, q)
      }
    guard let value else { throw SparsityError.noData("a quantile of scores") }
    return value
  }

  func fraction(_ counts: ArraySlice<UInt64>, atOrBelow threshold: Double) -> Double {
    let total = counts.prefix(HalfPattern.infinity + 1).reduce(0, +)
    guard total > 0, threshold >= 0 else { return 0 }
    switch resolution {
    case .exact:
      let below = counts.prefix(HalfPattern.count(atOrBelow: threshold)).reduce(0, +)
      return Double(below) / Double(total)
    case .sketch:
      var below = 0.0
      for (bin, count) in counts.enumerated() where count > 0 {
        let (low, high) = Self.edges(ofBin: bin)
        if threshold >= high {
          below += Double(count)
        } else if threshold > low {
          below += Double(count) * (threshold - low) / (high - low)
        }
      }
      return below / Double(total)
    }
  }

  private func interpolated(_ counts: ArraySlice<UInt64>, _ q: Double) -> Double? {
    let total = counts.reduce(0, +)
    guard total > 0 else { return nil }
    let target = q * Double(total)
    var cumulative: UInt64 = 0
    var last = 0.0
    for (bin, count) in counts.enumerated() where count > 0 {
      let (low, high) = Self.edges(ofBin: bin)
      if Double(cumulative + count) >= target {
        return low + (high - low) * (target - Double(cumulative)) / Double(count)
      }
      cumulative += count
      last = high
    }
    return last
  }

  /// Returns the smallest value of a bin and the smallest of the next; the last ones are clamped.
  private static func edges(ofBin bin: Int) -> (low: Double, high: Double) {
    let first = bin * 32
    let low = first < HalfPattern.infinity ? HalfPattern.values[first] : HalfPattern.greatest
    let next = first + 32
    let high = next < HalfPattern.infinity ? HalfPattern.values[next] : HalfPattern.greatest
    return (low, high)
  }
}
