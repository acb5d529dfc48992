import Foundation

/// How two partitions of the same items overlap.
public struct ContingencyTable: Codable, Sendable, Equatable {
  /// The distinct labels of the first partition, ascending.
  public let rowLabels: [Int]
  /// The distinct labels of the second partition, ascending.
  public let columnLabels: [Int]
  /// The number of items of each pair of labels, indexed `[row][column]`.
  public let counts: [[Int]]

  /// The number of items of each label of the first partition.
  public var rowSums: [Int] { counts.map { $0.reduce(0, +) } }

  /// The number of items of each label of the second partition.
  public var columnSums: [Int] {
    columnLabels.indices.map { column in counts.reduce(0) { $0 + $1[column] } }
  }
}

/// How well clusters recover labels.
public struct VMeasure: Codable, Sendable, Equatable {
  /// 1 when every cluster holds items of one label only.
  public let homogeneity: Double
  /// 1 when all items of a label are in one cluster.
  public let completeness: Double
  /// The harmonic mean of both.
  public let value: Double
}

/// Similarity of two partitions of the same items, given as one label per item.
///
/// Labels are names without order: any integers will do. Entropies are natural.
public enum PartitionSimilarity {
  /// Returns the adjusted Rand index: 1 for equal partitions, 0 on average for random ones.
  ///
  /// Two partitions that are both a single cluster, or both all singletons, are equal and give 1.
  ///
  /// - Throws: ``StatisticsError`` when the lengths differ or there are no items.
  ///
  /// ### References
  /// Hubert & Arabie, *Comparing partitions*, 1985.
  public static func adjustedRand(_ a: [Int], _ b: [Int]) throws -> Double {
    let table = try contingency(a, b)
    return adjustedRand(table.counts, table.rowSums, table.columnSums)
  }

  static func adjustedRand(_ counts: [[Int]], _ rowSums: [Int], _ columnSums: [Int]) -> Double {
    let joint = counts.reduce(0.0) { $0 + $1.reduce(0.0) { $0 + pairs($1) } }
    let rows = rowSums.reduce(0.0) { $0 + pairs($1) }
    let columns = columnSums.reduce(0.0) { $0 + pairs($1) }
    let all = pairs(rowSums.reduce(0, +))
    if all == 0 { return 1 }
    let expected = rows * columns / all
    let maximum = (rows + columns) / 2
    return maximum == expected ? 1 : (joint - expected) / (maximum - expected)
  }

  /// Returns the mutual information adjusted for chance, normalised by the mean entropy.
  ///
  /// The expected mutual information is the exact sum over the hypergeometric model.
  ///
  /// - Throws: ``StatisticsError`` when the lengths differ or there are no items.
  /// - Complexity: O(R·C·n) terms at most.
  ///
  /// ### References
  /// Vinh, Epps & Bailey, *Information theoretic measures for clusterings comparison*, 2010.
  public static func adjustedMutualInformation(_ a: [Int], _ b: [Int]) throws -> Double {
    let table = try contingency(a, b)
    let rows = table.rowSums
    let columns = table.columnSums
    if rows.count == columns.count, rows.count == 1 || rows.count == a.count { return 1 }
    let mean = (entropy(rows) + entropy(columns)) / 2
    return adjusted(
      mutualInformation(table),
      expected: expectedInformation(rows, columns, total: a.count), limit: mean)
  }

  /// Mutual information, with what chance gives at 0 and its limit at 1.
  static func adjusted(_ information: Double, expected: Double, limit: Double) -> Double {
    let excess = information - expected
    let room = limit - expected
    if abs(room) < 1e-15 { return abs(excess) < 1e-15 ? 0 : (excess < 0 ? -1 : 1) }
    return excess / room
  }

  /// Returns the mutual information over the mean of both entropies.
  ///
  /// Two single-cluster partitions are equal and give 1.
  ///
  /// - Throws: ``StatisticsError`` when the lengths differ or there are no items.
  public static func normalizedMutualInformation(_ a: [Int], _ b: [Int]) throws -> Double {
    let table = try contingency(a, b)
    let mean = (entropy(table.rowSums) + entropy(table.columnSums)) / 2
    return mean == 0 ? 1 : min(1, mutualInformation(table) / mean)
  }

  /// Returns homogeneity, completeness and their harmonic mean.
  ///
  /// - Throws: ``StatisticsError`` when the lengths differ or there are no items.
  ///
  /// ### References
  /// Rosenberg & Hirschberg, *V-Measure*, 2007.
  public static func vMeasure(labels: [Int], clusters: [Int]) throws -> VMeasure {
    let table = try contingency(labels, clusters)
    let information = mutualInformation(table)
    let labelEntropy = entropy(table.rowSums)
    let clusterEntropy = entropy(table.columnSums)
    let homogeneity = labelEntropy == 0 ? 1 : min(1, information / labelEntropy)
    let completeness = clusterEntropy == 0 ? 1 : min(1, information / clusterEntropy)
    let sum = homogeneity + completeness
    return VMeasure(
      homogeneity: homogeneity, completeness: completeness,
      value: sum == 0 ? 0 : 2 * homogeneity * completeness / sum)
  }

  /// Returns the share of items whose label is the most frequent one of their cluster.
  ///
  /// - Throws: ``StatisticsError`` when the lengths differ or there are no items.
  public static func purity(labels: [Int], clusters: [Int]) throws -> Double {
    let table = try contingency(labels, clusters)
    let largest = table.columnLabels.indices.reduce(0) { sum, column in
      sum + (table.counts.map { $0[column] }.max() ?? 0)
    }
    return Double(largest) / Double(labels.count)
  }

  /// Returns the information in nats that the partitions do not share: a distance, 0 for equal ones.
  ///
  /// - Throws: ``StatisticsError`` when the lengths differ or there are no items.
  ///
  /// ### References
  /// Meilă, *Comparing clusterings*, 2007.
  public static func variationOfInformation(_ a: [Int], _ b: [Int]) throws -> Double {
    let table = try contingency(a, b)
    return max(
      0, entropy(table.rowSums) + entropy(table.columnSums) - 2 * mutualInformation(table))
  }

  /// Counts the items of every pair of labels.
  ///
  /// - Throws: ``StatisticsError`` when the lengths differ or there are no items.
  public static func contingency(_ a: [Int], _ b: [Int]) throws -> ContingencyTable {
    guard a.count == b.count else {
      throw StatisticsError.lengths("two partitions", a.count, b.count)
    }
    guard !a.isEmpty else { throw StatisticsError.tooFew("a partition", have: 0, need: 1) }
    let rowLabels = Set(a).sorted()
    let columnLabels = Set(b).sorted()
    let rowIndex = Dictionary(uniqueKeysWithValues: zip(rowLabels, rowLabels.indices))
    let columnIndex = Dictionary(uniqueKeysWithValues: zip(columnLabels, columnLabels.indices))
    let empty = [Int](repeating: 0, count: columnLabels.count)
    var counts = [[Int]](repeating: empty, count: rowLabels.count)
    for (first, second) in zip(a, b) {
      guard let row = rowIndex[first], let column = columnIndex[second] else { continue }
      counts[row][column] += 1
    }
    return ContingencyTable(rowLabels: rowLabels, columnLabels: columnLabels, counts: counts)
  }

  private static func pairs(_ n: Int) -> Double { Double(n) * Double(n - 1) / 2 }

  static func entropy(_ sums: [Int]) -> Double {
    let total = Double(sums.reduce(0, +))
    return max(0, sums.reduce(0.0) { $0 - Double($1) / total * log(Double($1) / total) })
  }

  private static func mutualInformation(_ table: ContingencyTable) -> Double {
    mutualInformation(table.counts, table.rowSums, table.columnSums)
  }

  static func mutualInformation(_ table: [[Int]], _ rows: [Int], _ columns: [Int]) -> Double {
    let total = Double(rows.reduce(0, +))
    var sum = 0.0
    for (row, counts) in table.enumerated() {
      for (column, count) in counts.enumerated() where count > 0 {
        let joint = Double(count)
        sum += joint / total * log(joint * total / (Double(rows[row]) * Double(columns[column])))
      }
    }
    return max(0, sum)
  }

  static func expectedInformation(_ rows: [Int], _ columns: [Int], total: Int) -> Double {
    let n = Double(total)
    var sum = 0.0
    for a in rows {
      for b in columns {
        let fixed =
          logFactorial(a) + logFactorial(b) + logFactorial(total - a) + logFactorial(total - b)
          - logFactorial(total)
        for joint in stride(from: max(1, a + b - total), through: min(a, b), by: 1) {
          let weight =
            fixed - logFactorial(joint) - logFactorial(a - joint) - logFactorial(b - joint)
            - logFactorial(total - a - b + joint)
          let value = Double(joint) / n * log(n * Double(joint) / (Double(a) * Double(b)))
          sum += value * exp(weight)
        }
      }
    }
    return sum
  }
}
