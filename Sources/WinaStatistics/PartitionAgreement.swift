/// An agreement of two partitions beside what shuffled labels agree.
public struct PermutedValue: Codable, Sendable, Equatable {
  /// The agreement.
  public let observed: Double
  /// The mean agreement of shuffled labels: what chance, or the strata alone, would give.
  public let nullMean: Double
  /// The share of shuffles that agree as much, (1 + #) / (R + 1).
  public let pValue: Double
}

/// How well clusters agree with labels, and whether more than by chance.
///
/// Shuffled within strata, such as bins of length or tasks, the labels keep whatever the strata say about
/// them: a small p value then means that clusters agree with labels beyond what the strata explain.
///
/// ### References
/// Hubert & Arabie, *Comparing partitions*, 1985; Good, *Permutation, Parametric and Bootstrap Tests of
/// Hypotheses*, 2005, §3.7 (blocks).
public struct PartitionAgreement: Codable, Sendable, Equatable {
  /// The adjusted Rand index.
  public let rand: PermutedValue
  /// The adjusted mutual information.
  ///
  /// Its p value is that of every index that grows with the mutual information: NMI, the V-measure, and
  /// the variation of information taken negative.
  public let information: PermutedValue
  /// The share of items whose label is the most frequent one of their cluster.
  public let purity: PermutedValue
  /// The number of items.
  public let items: Int
  /// The number of strata that labels were shuffled within.
  public let strata: Int
  /// The number of shuffles.
  public let repetitions: Int

  /// Measures the agreement and shuffles the labels.
  ///
  /// - Parameters:
  ///   - labels: The label of every item.
  ///   - clusters: The cluster of every item.
  ///   - strata: The stratum of every item, within which labels are shuffled; nil for one stratum.
  ///   - repetitions: The number of shuffles.
  ///   - seed: The seed of the shuffles.
  /// - Throws: ``StatisticsError`` when lengths differ, for no items or `repetitions < 1`.
  /// - Complexity: O(repetitions · n).
  public init(
    labels: [Int], clusters: [Int], within strata: [Int]? = nil, repetitions: Int = 1000,
    seed: UInt64
  ) throws {
    guard repetitions >= 1 else {
      throw StatisticsError.outOfRange("repetitions", "\(repetitions)", expected: "1…")
    }
    if let strata, strata.count != labels.count {
      throw StatisticsError.lengths("labels and strata", labels.count, strata.count)
    }
    let measures = try AgreementMeasures(labels, clusters)
    var places: [Int: [Int]] = [:]
    for item in labels.indices { places[strata?[item] ?? 0, default: []].append(item) }
    let blocks = places.sorted { $0.key < $1.key }.map(\.value)
    var random = RandomStream(seed: seed)
    var shuffled = measures.labels
    let observed = measures.values(of: shuffled)
    var sums = [Double](repeating: 0, count: observed.count)
    var extreme = [Int](repeating: 0, count: observed.count)
    for _ in 0..<repetitions {
      for block in blocks {
        var drawn = block.map { shuffled[$0] }
        random.shuffle(&drawn)
        for (place, label) in zip(block, drawn) { shuffled[place] = label }
      }
      for (index, value) in measures.values(of: shuffled).enumerated() {
        sums[index] += value
        // Equal tables may differ in the last bits.
        if value >= observed[index] - 1e-12 { extreme[index] += 1 }
      }
    }
    let found = observed.indices.map {
      PermutedValue(
        observed: observed[$0], nullMean: sums[$0] / Double(repetitions),
        pValue: Double(1 + extreme[$0]) / Double(repetitions + 1))
    }
    (rand, information, purity) = (found[0], found[1], found[2])
    items = labels.count
    self.strata = blocks.count
    self.repetitions = repetitions
  }
}

/// Indices of agreement of clusters with labels of given frequencies.
private struct AgreementMeasures {
  /// The labels as 0 ..< rows.
  let labels: [Int]
  private let clusters: [Int]
  private let rowSums: [Int]
  private let columnSums: [Int]
  private let expectedInformation: Double
  private let meanEntropy: Double
  /// Whether both partitions are one group, or all groups of one.
  private let isTrivial: Bool

  init(_ labels: [Int], _ clusters: [Int]) throws {
    let table = try PartitionSimilarity.contingency(labels, clusters)
    func numbers(_ values: [Int], _ names: [Int]) -> [Int] {
      let index = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
      return values.map { index[$0] ?? 0 }
    }
    self.labels = numbers(labels, table.rowLabels)
    self.clusters = numbers(clusters, table.columnLabels)
    rowSums = table.rowSums
    columnSums = table.columnSums
    meanEntropy =
      (PartitionSimilarity.entropy(rowSums) + PartitionSimilarity.entropy(columnSums)) / 2
    isTrivial =
      rowSums.count == columnSums.count && (rowSums.count == 1 || rowSums.count == labels.count)
    expectedInformation =
      isTrivial
      ? 0
      : PartitionSimilarity.expectedInformation(rowSums, columnSums, total: labels.count)
  }

  /// The adjusted Rand index, adjusted mutual information and purity of labels.
  func values(of labels: [Int]) -> [Double] {
    var counts = [[Int]](
      repeating: [Int](repeating: 0, count: columnSums.count), count: rowSums.count)
    for (row, column) in zip(labels, clusters) { counts[row][column] += 1 }
    let largest = columnSums.indices.reduce(0) { sum, column in
      sum + (counts.map { $0[column] }.max() ?? 0)
    }
    return [
      PartitionSimilarity.adjustedRand(counts, rowSums, columnSums),
      isTrivial
        ? 1
        : PartitionSimilarity.adjusted(
          PartitionSimilarity.mutualInformation(counts, rowSums, columnSums),
          expected: expectedInformation, limit: meanEntropy),
      Double(largest) / Double(labels.count),
    ]
  }
}
