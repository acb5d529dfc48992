import Foundation
import WinaStatistics

/// How much tighter rows cluster than rows without structure do.
///
/// Rows and references are clustered alike, so what a clustering gains by chance cancels.
///
/// ### References
/// Tibshirani, Walther & Hastie, *Estimating the number of clusters in a data set via the gap
/// statistic*, 2001.
struct GapStatistic {
  /// What rows without structure are.
  enum Null {
    /// Uniform in the box of the rows.
    case box
    /// The rows with every column permuted by itself.
    case columns
  }

  /// The rows, shape [count, dimension], at least one.
  var rows: [Double]
  var dimension: Int
  var null: Null
  var seed: UInt64
  /// How many reference samples.
  var references: Int

  /// Returns the mean log-inertia of references less that of the rows, and its standard error
  /// sd √(1 + 1/references); `nil` for rows that clusters fit exactly.
  ///
  /// - Parameter cluster: Returns the cluster of every row.
  func value(cluster: (_ rows: [Double]) throws -> [Int]) throws -> (Double?, Double?) {
    let observed = try dispersion(rows, cluster)
    guard observed > 0 else { return (nil, nil) }
    let logs = try (0..<references).map { log(try dispersion(reference($0), cluster)) }
    let mean = logs.reduce(0, +) / Double(references)
    let spread = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(references)
    let error = spread.squareRoot() * (1 + 1 / Double(references)).squareRoot()
    let gap = mean - log(observed)
    return gap.isFinite ? (gap, error) : (nil, nil)
  }

  private func dispersion(
    _ rows: [Double], _ cluster: (_ rows: [Double]) throws -> [Int]
  ) throws -> Double {
    try ClusterPoints(rows, dimension: dimension, labels: cluster(rows)).withinDispersion
  }

  /// Reference rows; every number draws others.
  private func reference(_ number: Int) -> [Double] {
    var random = RandomStream(seed: seed, stream: UInt64(number))
    switch null {
    case .box:
      let columns = (0..<dimension).map { column in
        stride(from: column, to: rows.count, by: dimension).map { rows[$0] }
      }
      let bounds = columns.map { ($0.min() ?? 0, $0.max() ?? 0) }
      return rows.indices.map { index in
        let (low, high) = bounds[index % dimension]
        return low + random.uniform() * (high - low)
      }
    case .columns:
      var sample = rows
      for column in 0..<dimension {
        var values = stride(from: column, to: rows.count, by: dimension).map { rows[$0] }
        random.shuffle(&values)
        for (row, value) in values.enumerated() { sample[row * dimension + column] = value }
      }
      return sample
    }
  }
}
