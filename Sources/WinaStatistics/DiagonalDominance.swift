/// Whether a square matrix of profile by cluster is better on its diagonal than beside it.
///
/// Entry (j, i) says how well profile j does on the samples of cluster i, larger being better. Clusters
/// differ in difficulty and profiles in strength, so the null exchanges which profile belongs to which
/// cluster: it permutes rows, which leaves both alone.
public struct DiagonalDominance: Codable, Sendable, Equatable {
  /// The mean of the diagonal minus the mean beside it.
  public let statistic: Double
  /// The one-sided p value of the statistic under permuted rows.
  public let pValue: Double
  /// How many permutations were looked at.
  public let repetitions: Int
  /// Whether these were all K!.
  public let isExact: Bool
  /// The number K of clusters.
  public let count: Int

  /// The largest K for which all permutations are enumerated: 7! = 5,040.
  public static let exactLimit = 7

  /// Tests a matrix.
  ///
  /// - Parameters:
  ///   - matrix: [profiles][clusters], square, at least 2 by 2.
  ///   - repetitions: Random permutations above ``exactLimit``.
  ///   - seed: The seed of these.
  /// - Throws: ``StatisticsError`` for fewer than two clusters, a matrix that is not square, values
  ///   that are not finite, or `repetitions < 1`.
  public init(_ matrix: [[Double]], repetitions: Int = 10_000, seed: UInt64) throws {
    let size = matrix.count
    guard size > 1 else { throw StatisticsError.tooFew("a matrix", have: size, need: 2) }
    guard repetitions >= 1 else {
      throw StatisticsError.outOfRange("repetitions", "\(repetitions)", expected: "1…")
    }
    for row in matrix {
      guard row.count == size else {
        throw StatisticsError.lengths("a square matrix", row.count, size)
      }
      try requireFinite(row, "entries of the matrix")
    }
    let all = matrix.reduce(0.0) { $0 + $1.reduce(0, +) }
    let scale = matrix.reduce(0.0) { $0 + $1.reduce(0) { $0 + abs($1) } }
    func diagonal(_ rows: [Int]) -> Double {
      rows.enumerated().reduce(0.0) { $0 + matrix[$1.element][$1.offset] }
    }
    let observed = diagonal(Array(0..<size))
    let bar = observed - 1e-12 * scale
    let n = Double(size)
    statistic = observed / n - (all - observed) / (n * (n - 1))
    count = size
    isExact = size <= Self.exactLimit
    var rows = Array(0..<size)
    var reached = 0
    if isExact {
      var total = 0
      Self.permute(&rows, from: 0) { order in
        total += 1
        if diagonal(order) >= bar { reached += 1 }
      }
      self.repetitions = total
      pValue = Double(reached) / Double(total)
    } else {
      var random = RandomStream(seed: seed)
      for _ in 0..<repetitions {
        random.shuffle(&rows)
        if diagonal(rows) >= bar { reached += 1 }
      }
      self.repetitions = repetitions
      pValue = Double(1 + reached) / Double(repetitions + 1)
    }
  }

  private static func permute(_ rows: inout [Int], from start: Int, _ visit: ([Int]) -> Void) {
    guard start < rows.count - 1 else { return visit(rows) }
    for other in start..<rows.count {
      rows.swapAt(start, other)
      permute(&rows, from: start + 1, visit)
      rows.swapAt(start, other)
    }
  }
}
