import Foundation

/// Arithmetic on rows of log-probabilities.
enum RowKernels {
  static func exponential(_ x: Double) -> Double { exp(x) }
  static func logarithm(_ x: Double) -> Double { log(x) }

  /// Turns every row of logits into log-probabilities in place.
  static func logSoftmax(_ logits: inout [Float], columns: Int) {
    for start in stride(from: 0, to: logits.count, by: columns) {
      var peak = -Float.infinity
      for index in start..<(start + columns) { peak = max(peak, logits[index]) }
      var sum: Float = 0
      for index in start..<(start + columns) { sum += exp(logits[index] - peak) }
      let shift = peak + log(sum)
      for index in start..<(start + columns) { logits[index] -= shift }
    }
  }

  /// The column of the largest value, the first of equals.
  static func likeliest(_ rows: [Float], row: Int, columns: Int) -> Int32 {
    var best = 0
    let start = row * columns
    for column in 1..<columns where rows[start + column] > rows[start + best] { best = column }
    return Int32(best)
  }

  /// `Σ exp(p) (p − q)` over one row of each.
  static func divergence(
    _ p: [Float], row: Int, from q: [Float], row other: Int, columns: Int
  ) -> Double {
    var sum = 0.0
    for column in 0..<columns {
      let lp = p[row * columns + column]
      let lq = q[other * columns + column]
      if lp > -.infinity { sum += Double(exp(lp)) * Double(lp - lq) }
    }
    return sum
  }
}
