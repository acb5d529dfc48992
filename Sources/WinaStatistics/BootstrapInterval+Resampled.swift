extension BootstrapInterval {
  /// Makes the interval of an estimate from its values on resamples.
  ///
  /// - Parameters:
  ///   - estimate: The statistic of the data as they are.
  ///   - resampled: The statistic of every resample.
  ///   - options: Method and confidence.
  ///   - leaveOneOut: The statistic without each unit in turn, one list for every stratum (empty for
  ///     strata of one unit). Asked for with BCa only.
  /// - Throws: ``StatisticsError`` when a value is not finite.
  init(
    estimate: Double, resampled: [Double], options: BootstrapOptions,
    leaveOneOut: () throws -> [[Double]]
  ) throws {
    try requireFinite([estimate], "the statistic of a bootstrap")
    try requireFinite(resampled, "a bootstrap statistic")
    let values = resampled.sorted()
    let tail = (1 - options.confidence) / 2
    var levels = (tail, 1 - tail)
    if options.method == .bca, values[0] < values[values.count - 1] {
      levels = try Self.correctedLevels(
        values, estimate: estimate, tail: tail, acceleration: Self.acceleration(leaveOneOut()))
    }
    self.init(
      estimate: estimate, low: Self.quantile(values, levels.0),
      high: Self.quantile(values, levels.1), standardError: Self.deviation(values),
      confidence: options.confidence, repetitions: options.repetitions, method: options.method)
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
  private static func acceleration(_ leaveOneOut: [[Double]]) throws -> Double {
    var cubes = 0.0
    var squares = 0.0
    for left in leaveOneOut where left.count > 1 {
      try requireFinite(left, "a leave-one-out statistic")
      let size = Double(left.count)
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
}
