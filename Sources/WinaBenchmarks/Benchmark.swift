import WinaPipeline

/// Something to measure beside something to compare it with.
protocol Benchmark {
  /// The name for `--filter`.
  static var name: String { get }

  /// Returns the cases, having asserted once that each does its work correctly.
  static func cases() throws -> [BenchmarkCase]
}

/// One measurement: the work, and a baseline that does the least that could do.
struct BenchmarkCase {
  /// What tells the case from others of its benchmark.
  var parameters: [String: JSONValue]
  /// What one run gets done, in ``unit`` times seconds.
  var amount: Double
  /// The unit of the throughput, such as `MB/s`.
  var unit: String
  /// Does the work once and returns the seconds that count.
  var run: () throws -> Double
  /// What the baseline is.
  var baselineName: String
  /// Does the baseline's work once and returns the seconds that count.
  var runBaseline: () throws -> Double
  /// What the ratio is.
  var ratio = Ratio.time
}

/// What the ratio of a case is.
enum Ratio: String {
  /// The case's time over the baseline's: below one is faster.
  case time = "case/baseline"
  /// The baseline's time over the case's: above one is faster.
  case speed = "baseline/case"
}

/// Returns the seconds that a closure takes.
func seconds(of work: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let elapsed = try clock.measure(work)
  let (whole, attoseconds) = elapsed.components
  return Double(whole) + Double(attoseconds) * 1e-18
}

/// A benchmark that found wrong results, which makes its times worthless.
struct BenchmarkError: Error, CustomStringConvertible {
  var description: String
}
