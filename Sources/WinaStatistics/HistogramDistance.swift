/// Distances between two weighted histograms over the same bins, and their permutation test.
///
/// Tokens of one sample depend on one another, so a test must exchange samples, not tokens:
/// ``permutationTest(_:centres:isFirst:distance:repetitions:seed:)`` does.
public enum HistogramDistance: String, Codable, Sendable, CaseIterable {
  /// The largest difference of the cumulative distributions (Kolmogorov–Smirnov).
  case kolmogorovSmirnov = "ks"
  /// The area between the cumulative distributions, in the unit of the centres (Wasserstein-1).
  case wasserstein = "w1"

  /// Returns the distance between two histograms.
  ///
  /// - Parameters:
  ///   - first: Weights of the bins, each at least 0, with a positive sum.
  ///   - second: The same of the other histogram.
  ///   - centres: The values of the bins, ascending.
  /// - Throws: ``StatisticsError`` for lengths that differ, empty histograms, negative or infinite
  ///   weights, or centres that do not ascend.
  /// - Complexity: O(bins).
  public func between(_ first: [Double], _ second: [Double], centres: [Double]) throws -> Double {
    guard first.count == centres.count, second.count == centres.count else {
      throw StatisticsError.lengths(
        "bins", first.count == centres.count ? second.count : first.count, centres.count)
    }
    try HistogramDistance.requireAscending(centres)
    let (a, b) = (try HistogramDistance.total(first), try HistogramDistance.total(second))
    guard a > 0, b > 0 else { throw StatisticsError.tooFew("a histogram", have: 0, need: 1) }
    return distance(first, second, a, b, centres)
  }

  /// Tests whether the histograms of two groups of samples differ, by exchanging whole samples.
  ///
  /// The statistic is the distance between both groups' pooled histograms; p is
  /// (1 + #{null ≥ observed}) / (R + 1).
  ///
  /// - Parameters:
  ///   - samples: [samples][bins], the weights of every sample.
  ///   - centres: The values of the bins, ascending.
  ///   - isFirst: Whether each sample belongs to the first group; both need one.
  ///   - repetitions: How often the groups are drawn anew, keeping their sizes.
  ///   - seed: The seed of that.
  /// - Throws: ``StatisticsError`` as ``between(_:_:centres:)`` and for an empty group.
  /// - Complexity: O(repetitions · samples · bins).
  public func permutationTest(
    _ samples: [[Double]], centres: [Double], isFirst: [Bool], repetitions: Int = 1000,
    seed: UInt64
  ) throws -> PermutationResult {
    guard samples.count == isFirst.count else {
      throw StatisticsError.lengths("groups of samples", isFirst.count, samples.count)
    }
    guard isFirst.contains(true), isFirst.contains(false) else {
      throw StatisticsError.tooFew("groups of samples", have: samples.isEmpty ? 0 : 1, need: 2)
    }
    guard repetitions >= 1 else {
      throw StatisticsError.outOfRange("repetitions", "\(repetitions)", expected: "1…")
    }
    for sample in samples {
      guard sample.count == centres.count else {
        throw StatisticsError.lengths("bins", sample.count, centres.count)
      }
      _ = try HistogramDistance.total(sample)
    }
    try HistogramDistance.requireAscending(centres)
    func statistic(_ membership: [Bool]) throws -> Double {
      var pooled = [[Double]](repeating: [Double](repeating: 0, count: centres.count), count: 2)
      for (sample, first) in zip(samples, membership) {
        let side = first ? 0 : 1
        for (bin, weight) in sample.enumerated() { pooled[side][bin] += weight }
      }
      let totals = pooled.map { $0.reduce(0, +) }
      // A group of empty samples has no distribution, and no distance from another.
      guard totals[0] > 0, totals[1] > 0 else { return 0 }
      return distance(pooled[0], pooled[1], totals[0], totals[1], centres)
    }
    let observed = try statistic(isFirst)
    var random = RandomStream(seed: seed)
    var shuffled = isFirst
    var reached = 0
    for _ in 0..<repetitions {
      random.shuffle(&shuffled)
      if try statistic(shuffled) >= observed - 1e-12 * abs(observed) { reached += 1 }
    }
    return PermutationResult(
      observed: observed, pValue: Double(1 + reached) / Double(repetitions + 1),
      repetitions: repetitions, isExact: false)
  }

  private func distance(
    _ first: [Double], _ second: [Double], _ a: Double, _ b: Double, _ centres: [Double]
  ) -> Double {
    var (left, right) = (0.0, 0.0)
    var result = 0.0
    for bin in centres.indices {
      left += first[bin]
      right += second[bin]
      let gap = abs(left / a - right / b)
      switch self {
      case .kolmogorovSmirnov: result = max(result, gap)
      case .wasserstein:
        if bin + 1 < centres.count { result += gap * (centres[bin + 1] - centres[bin]) }
      }
    }
    return result
  }

  private static func total(_ weights: [Double]) throws -> Double {
    try requireFinite(weights, "weights of a histogram")
    if let weight = weights.first(where: { $0 < 0 }) {
      throw StatisticsError.outOfRange("a weight", "\(weight)", expected: "[0, ∞)")
    }
    return weights.reduce(0, +)
  }

  private static func requireAscending(_ centres: [Double]) throws {
    try requireFinite(centres, "centres of bins")
    for (left, right) in zip(centres, centres.dropFirst()) where left >= right {
      throw StatisticsError.outOfRange("a centre", "\(right)", expected: "(\(left), ∞)")
    }
  }
}
