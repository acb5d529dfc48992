import WinaPipeline

/// The times of a case.
struct Measurement {
  let benchmark: String
  let parameters: [String: JSONValue]
  let unit: String
  let amount: Double
  let baselineName: String
  /// The median of the samples, in seconds.
  let median: Double
  /// The median of the baseline's samples, in seconds.
  let baselineMedian: Double
  /// The median of the ratios of neighbouring samples.
  let ratio: Double
  /// What the ratio is.
  let ratioKind: Ratio

  /// Measures a case after one warm-up, its samples interleaved with the baseline's so that whatever
  /// else the machine does falls on both.
  init(of item: BenchmarkCase, in benchmark: String, samples: Int) throws {
    _ = try item.run()
    _ = try item.runBaseline()
    var times: [Double] = []
    var baselineTimes: [Double] = []
    for _ in 0..<max(samples, 7) {
      times.append(try item.run())
      baselineTimes.append(try item.runBaseline())
    }
    self.benchmark = benchmark
    parameters = item.parameters
    unit = item.unit
    amount = item.amount
    baselineName = item.baselineName
    median = Measurement.median(times)
    baselineMedian = Measurement.median(baselineTimes)
    ratioKind = item.ratio
    ratio = Measurement.median(
      zip(times, baselineTimes).map { item.ratio == .time ? $0 / $1 : $1 / $0 })
  }

  /// The throughput in ``unit``.
  var value: Double { amount / median }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The measurement as a member of the array that `--json` prints.
  var json: JSONValue {
    .object([
      "benchmark": .string(benchmark), "case": .object(parameters),
      "median_seconds": .double(median), "unit": .string(unit), "value": .double(value),
      "baseline": .string(baselineName), "baseline_seconds": .double(baselineMedian),
      "ratio": .double(ratio), "ratio_of": .string(ratioKind.rawValue),
    ])
  }

  /// The cells of the table, as ``Measurement/headings`` names them.
  var cells: [String] {
    let name = parameters.sorted { $0.key < $1.key }.map { key, value in
      if case .string(let text) = value { return "\(key)=\(text)" }
      return "\(key)=\(value.canonicalText)"
    }.joined(separator: " ")
    return [
      benchmark, name, Measurement.text(median * 1000), "\(Measurement.text(value)) \(unit)",
      baselineName, Measurement.text(baselineMedian * 1000), Measurement.text(ratio),
      ratioKind.rawValue,
    ]
  }

  static let headings = ["benchmark", "case", "ms", "rate", "baseline", "ms", "ratio", "of"]

  /// Returns a number with about three digits.
  private static func text(_ value: Double) -> String {
    if value >= 100 { return String(Int(value.rounded())) }
    let factor: Double = value >= 10 ? 10 : value >= 1 ? 100 : 1000
    return "\((value * factor).rounded() / factor)"
  }
}
