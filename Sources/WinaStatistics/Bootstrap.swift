/// Bootstrap intervals that resample documents, within strata where these are given.
///
/// The resampling unit is one array entry. With strata (labels), every resample draws as many
/// entries from each stratum as it holds. Resample r of a seed is the same whatever the statistic,
/// so arms resampled with one seed stay paired.
///
/// ### References
/// Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, ch. 14; Davison & Hinkley,
/// *Bootstrap Methods and their Application*, 1997, §5.3 (acceleration with strata).
public enum Bootstrap {
  /// Returns the interval of the mean of paired differences.
  ///
  /// - Parameters:
  ///   - differences: One value per document: a metric in one arm minus the other.
  ///   - strata: The label of each document, or nil to resample over all of them.
  ///   - options: Seed, method, repetitions and confidence.
  /// - Throws: ``StatisticsError`` for fewer than two values or values that are not finite.
  public static func meanDifference(
    _ differences: [Double], strata: [Int]? = nil, options: BootstrapOptions
  ) throws -> BootstrapInterval {
    try requireFinite(differences, "paired differences")
    return try interval(count: differences.count, strata: strata, options: options) { indices in
      var sum = 0.0
      for index in indices { sum += differences[index] }
      return sum / Double(indices.count)
    }
  }

  /// Returns the interval of Σ numerators / Σ denominators, such as NLL per token.
  ///
  /// - Parameters:
  ///   - numerators: One sum per document.
  ///   - denominators: One positive weight per document, such as its number of scored tokens.
  ///   - strata: The label of each document, or nil.
  ///   - options: Seed, method, repetitions and confidence.
  /// - Throws: ``StatisticsError`` for fewer than two documents, lengths that differ, values that
  ///   are not finite or denominators that are not positive.
  public static func ratioOfSums(
    numerators: [Double], denominators: [Double], strata: [Int]? = nil, options: BootstrapOptions
  ) throws -> BootstrapInterval {
    try checkRatio(numerators, denominators)
    return try interval(count: numerators.count, strata: strata, options: options) { indices in
      var top = 0.0
      var bottom = 0.0
      for index in indices {
        top += numerators[index]
        bottom += denominators[index]
      }
      return top / bottom
    }
  }

  /// Returns the interval of the unweighted mean, over strata, of each stratum's ratio of sums.
  ///
  /// - Throws: ``StatisticsError`` as ``ratioOfSums(numerators:denominators:strata:options:)``.
  public static func macroRatio(
    numerators: [Double], denominators: [Double], strata: [Int], options: BootstrapOptions
  ) throws -> BootstrapInterval {
    try checkRatio(numerators, denominators)
    guard strata.count == numerators.count else {
      throw StatisticsError.lengths("strata", strata.count, numerators.count)
    }
    let labels = Set(strata).sorted()
    let position = Dictionary(uniqueKeysWithValues: zip(labels, labels.indices))
    let stratum = strata.map { position[$0, default: 0] }
    let zero = [Double](repeating: 0, count: labels.count)
    return try interval(count: numerators.count, strata: strata, options: options) { indices in
      var top = zero
      var bottom = zero
      for index in indices {
        top[stratum[index]] += numerators[index]
        bottom[stratum[index]] += denominators[index]
      }
      var sum = 0.0
      var present = 0
      for label in labels.indices where bottom[label] > 0 {
        sum += top[label] / bottom[label]
        present += 1
      }
      return sum / Double(present)
    }
  }

  /// Returns the interval of any statistic of resampled indices.
  ///
  /// A statistic that is the same on every resample gives an interval of zero width. A resample
  /// whose statistic is not a number is an error.
  ///
  /// - Parameters:
  ///   - count: How many documents there are.
  ///   - strata: The label of each document, or nil.
  ///   - options: Seed, method, repetitions and confidence.
  ///   - statistic: The statistic of the documents at the given indices (with repeats).
  /// - Throws: ``StatisticsError`` for fewer than two documents or options out of range.
  /// - Complexity: O(count · repetitions), and O(count²) more for BCa.
  public static func interval(
    count: Int, strata: [Int]? = nil, options: BootstrapOptions, statistic: ([Int]) -> Double
  ) throws -> BootstrapInterval {
    let groups = try members(count: count, strata: strata, options: options)
    let estimate = statistic(Array(0..<count))
    var random = RandomStream(seed: options.seed)
    var indices = [Int](repeating: 0, count: count)
    var values: [Double] = []
    values.reserveCapacity(options.repetitions)
    for _ in 0..<options.repetitions {
      var position = 0
      for group in groups {
        for _ in group {
          indices[position] = group[random.index(below: group.count)]
          position += 1
        }
      }
      values.append(statistic(indices))
    }
    try requireFinite([estimate] + values, "a bootstrap statistic")
    values.sort()
    let tail = (1 - options.confidence) / 2
    var levels = (tail, 1 - tail)
    if options.method == .bca, values[0] < values[values.count - 1] {
      levels = try correctedLevels(
        values, estimate: estimate, tail: tail,
        acceleration: acceleration(groups, count: count, statistic: statistic))
    }
    return BootstrapInterval(
      estimate: estimate, low: quantile(values, levels.0), high: quantile(values, levels.1),
      standardError: deviation(values), confidence: options.confidence,
      repetitions: options.repetitions, method: options.method)
  }

  /// Returns the indices of every stratum, strata in ascending order of label.
  private static func members(count: Int, strata: [Int]?, options: BootstrapOptions) throws
    -> [[Int]]
  {
    guard count >= 2 else { throw StatisticsError.tooFew("a bootstrap", have: count, need: 2) }
    guard options.repetitions >= 1 else {
      throw StatisticsError.outOfRange("repetitions", "\(options.repetitions)", expected: "1…")
    }
    try requireOpenUnit(options.confidence, "the confidence level")
    guard let strata else { return [Array(0..<count)] }
    guard strata.count == count else {
      throw StatisticsError.lengths("strata", strata.count, count)
    }
    let groups = Dictionary(grouping: 0..<count) { strata[$0] }
    return groups.keys.sorted().map { groups[$0, default: []] }
  }

  private static func correctedLevels(
    _ sorted: [Double], estimate: Double, tail: Double, acceleration: Double
  ) throws -> (Double, Double) {
    let below = sorted.reduce(0.0) { $0 + ($1 < estimate ? 1 : $1 == estimate ? 0.5 : 0) }
    let count = Double(sorted.count)
    let share = min(max(below / count, 0.5 / count), 1 - 0.5 / count)
    let bias = try NormalDistribution.quantile(share)
    func level(_ probability: Double) throws -> Double {
      let shifted = try bias + NormalDistribution.quantile(probability)
      let divisor = 1 - acceleration * shifted
      guard divisor > 0 else { return probability < 0.5 ? 0 : 1 }
      return NormalDistribution.cumulative(bias + shifted / divisor)
    }
    return (try level(tail), try level(1 - tail))
  }

  /// Returns the acceleration constant from leave-one-out values, centred within strata.
  private static func acceleration(
    _ groups: [[Int]], count: Int, statistic: ([Int]) -> Double
  ) -> Double {
    var cubes = 0.0
    var squares = 0.0
    for group in groups where group.count > 1 {
      let size = Double(group.count)
      let left = group.map { out in statistic((0..<count).filter { $0 != out }) }
      let mean = left.reduce(0, +) / size
      for value in left {
        let influence = (size - 1) * (mean - value)
        squares += influence * influence / (size * size)
        cubes += influence * influence * influence / (size * size * size)
      }
    }
    return squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
  }

  /// Returns the linearly interpolated quantile of sorted values.
  private static func quantile(_ sorted: [Double], _ level: Double) -> Double {
    let place = min(max(level, 0), 1) * Double(sorted.count - 1)
    let lower = Int(place)
    let upper = min(lower + 1, sorted.count - 1)
    return sorted[lower] + (sorted[upper] - sorted[lower]) * (place - Double(lower))
  }

  private static func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  private static func checkRatio(_ numerators: [Double], _ denominators: [Double]) throws {
    guard numerators.count == denominators.count else {
      throw StatisticsError.lengths("ratio of sums", numerators.count, denominators.count)
    }
    try requireFinite(numerators, "numerators")
    try requireFinite(denominators, "denominators")
    if let value = denominators.first(where: { $0 <= 0 }) {
      throw StatisticsError.outOfRange("a denominator", "\(value)", expected: "(0, ∞)")
    }
  }
}
