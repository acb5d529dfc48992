import Foundation

/// The likeliest tokens of one position, and the rest as one.
struct TopTokens {
  /// The tokens, likeliest first and by id among equals.
  private(set) var ids: [Int32] = []
  /// Their log-probabilities.
  private(set) var logProbabilities: [Float] = []
  /// The log-probability of all other tokens together.
  private(set) var rest: Float

  /// Selects from one row of log-probabilities.
  ///
  /// - Complexity: O(V + V·log 64) at worst; a token that does not enter costs one comparison.
  init(_ rows: [Float], row: Int, columns: Int) {
    let start = row * columns
    let limit = min(DenseReference.topCount, columns)
    ids.reserveCapacity(limit + 1)
    logProbabilities.reserveCapacity(limit + 1)
    for column in 0..<columns {
      let value = rows[start + column]
      if ids.count == limit, value <= logProbabilities[limit - 1] { continue }
      var low = 0
      var high = ids.count
      while low < high {
        let middle = (low + high) / 2
        if logProbabilities[middle] >= value { low = middle + 1 } else { high = middle }
      }
      ids.insert(Int32(column), at: low)
      logProbabilities.insert(value, at: low)
      if ids.count > limit {
        ids.removeLast()
        logProbabilities.removeLast()
      }
    }
    let smallest = logProbabilities.last ?? -.infinity
    var mass = 0.0
    var ties = ids.filter { rows[start + Int($0)] == smallest }.count
    for column in 0..<columns {
      let value = rows[start + column]
      if value > smallest { continue }
      if value == smallest, ties > 0 {
        ties -= 1
        continue
      }
      mass += exp(Double(value))
    }
    rest = Float(log(mass))
  }
}
