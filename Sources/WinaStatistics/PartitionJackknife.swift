/// An index of agreement of two partitions with an interval over items.
public struct AgreementEstimate: Codable, Sendable, Equatable {
  /// The index of all items.
  public let estimate: Double
  /// The standard error.
  public let standardError: Double
  /// The lower limit at 95 %.
  public let low: Double
  /// The upper limit at 95 %, at most 1.
  public let high: Double
}

/// Intervals of indices of agreement, by leaving out one item at a time.
///
/// A bootstrap would draw items twice, which agree with themselves in either partition. Leaving out an
/// item changes one cell of the contingency table, so that one index a cell is enough.
///
/// ### References
/// Efron & Stein, *The jackknife estimate of variance*, 1981.
public struct PartitionJackknife: Codable, Sendable, Equatable {
  /// The adjusted Rand index.
  public let rand: AgreementEstimate
  /// The adjusted mutual information.
  public let information: AgreementEstimate

  /// Measures two partitions of the same items.
  ///
  /// - Throws: ``StatisticsError`` when lengths differ or for fewer than three items.
  /// - Complexity: O((R·C)²·n/max(R, C)) for R and C groups.
  public init(_ a: [Int], _ b: [Int]) throws {
    let table = try PartitionSimilarity.contingency(a, b)
    guard a.count > 2 else {
      throw StatisticsError.tooFew("the interval of an agreement", have: a.count, need: 3)
    }
    var left: [(weight: Double, rand: Double, information: Double)] = []
    for row in table.counts.indices {
      for column in table.counts[row].indices where table.counts[row][column] > 0 {
        var counts = table.counts
        counts[row][column] -= 1
        let index = Self.indices(counts)
        left.append((Double(table.counts[row][column]), index.rand, index.information))
      }
    }
    let all = Self.indices(table.counts)
    rand = Self.estimate(all.rand, left.map { ($0.weight, $0.rand) })
    information = Self.estimate(all.information, left.map { ($0.weight, $0.information) })
  }

  /// The indices of a table, whose empty rows and columns do not count.
  private static func indices(_ table: [[Int]]) -> (rand: Double, information: Double) {
    let rows = table.filter { $0.contains { $0 > 0 } }
    let columns = (rows.first ?? []).indices.filter { column in rows.contains { $0[column] > 0 } }
    let counts = rows.map { row in columns.map { row[$0] } }
    let rowSums = counts.map { $0.reduce(0, +) }
    let columnSums = columns.indices.map { column in counts.reduce(0) { $0 + $1[column] } }
    let total = rowSums.reduce(0, +)
    let isTrivial =
      rowSums.count == columnSums.count && (rowSums.count == 1 || rowSums.count == total)
    let limit =
      (PartitionSimilarity.entropy(rowSums) + PartitionSimilarity.entropy(columnSums)) / 2
    return (
      PartitionSimilarity.adjustedRand(counts, rowSums, columnSums),
      isTrivial
        ? 1
        : PartitionSimilarity.adjusted(
          PartitionSimilarity.mutualInformation(counts, rowSums, columnSums),
          expected: PartitionSimilarity.expectedInformation(rowSums, columnSums, total: total),
          limit: limit)
    )
  }

  private static func estimate(
    _ value: Double, _ left: [(weight: Double, value: Double)]
  ) -> AgreementEstimate {
    let count = left.reduce(0) { $0 + $1.weight }
    let mean = left.reduce(0) { $0 + $1.weight * $1.value } / count
    let spread = left.reduce(0) { $0 + $1.weight * ($1.value - mean) * ($1.value - mean) }
    let error = (spread * (count - 1) / count).squareRoot()
    let half = 1.959963984540054 * error
    return AgreementEstimate(
      estimate: value, standardError: error, low: value - half, high: min(1, value + half))
  }
}
