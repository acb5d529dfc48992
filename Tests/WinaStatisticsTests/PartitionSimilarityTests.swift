import Testing
import WinaStatistics

/// Reference values from numpy and scipy 1.17.1: entropies of the contingency table, and the
/// expected mutual information as the sum over `st.hypergeom(n, a, b).pmf(k)*k/n*log(n*k/(a*b))`.
@Suite("Partition similarity") struct PartitionSimilarityTests {
  @Test func adjustedRandMatchesO12() throws {
    #expect(try PartitionSimilarity.adjustedRand([0, 0, 1, 1], [5, 5, 2, 2]) == 1)
    #expect(agrees(try PartitionSimilarity.adjustedRand([0, 0, 1, 1], [0, 1, 0, 1]), -0.5))
  }

  @Test func measuresMatchReferenceValues() throws {
    let a = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]
    let b = [0, 0, 1, 1, 1, 2, 2, 2, 2, 0]
    #expect(agrees(try PartitionSimilarity.adjustedRand(a, b), 0.2045454545454545))
    #expect(agrees(try PartitionSimilarity.adjustedMutualInformation(a, b), 0.23728877770133577))
    #expect(agrees(try PartitionSimilarity.normalizedMutualInformation(a, b), 0.44270128334605013))
    let labels = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2]
    let clusters = [0, 1, 2, 3, 4, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2]
    #expect(agrees(try PartitionSimilarity.adjustedRand(labels, clusters), 0.23357664233576644))
    #expect(
      agrees(
        try PartitionSimilarity.adjustedMutualInformation(labels, clusters), 0.27159353566384775))
    let measure = try PartitionSimilarity.vMeasure(labels: labels, clusters: clusters)
    #expect(agrees(measure.homogeneity, 0.5528529449569095))
    #expect(agrees(measure.completeness, 0.402903609299254))
    #expect(agrees(measure.value, 0.4661154473760684))
  }

  @Test func limitsAreDefined() throws {
    let single = [1, 1, 1, 1]
    let apart = [1, 2, 3, 4]
    for partition in [single, apart] {
      #expect(try PartitionSimilarity.adjustedRand(partition, partition) == 1)
      #expect(try PartitionSimilarity.adjustedMutualInformation(partition, partition) == 1)
      #expect(try PartitionSimilarity.normalizedMutualInformation(partition, partition) == 1)
    }
    #expect(try PartitionSimilarity.adjustedRand(single, apart) == 0)
    #expect(try PartitionSimilarity.adjustedMutualInformation(single, apart) == 0)
    #expect(try PartitionSimilarity.normalizedMutualInformation(single, apart) == 0)
    #expect(try PartitionSimilarity.adjustedRand([3], [9]) == 1)
    #expect(throws: StatisticsError.self) { try PartitionSimilarity.adjustedRand([], []) }
    #expect(throws: StatisticsError.self) { try PartitionSimilarity.adjustedRand([1], [1, 2]) }
  }

  @Test func measuresIgnoreNamesAreSymmetricAndVanishByChance() throws {
    var adjusted = 0.0
    for seed in UInt64(0)..<40 {
      var random = RandomStream(seed: seed)
      let a = (0..<60).map { _ in random.index(below: 4) }
      let b = (0..<60).map { _ in random.index(below: 5) }
      let renamed = a.map { 100 - 7 * $0 }
      let rand = try PartitionSimilarity.adjustedRand(a, b)
      #expect(agrees(rand, try PartitionSimilarity.adjustedRand(b, renamed)))
      let information = try PartitionSimilarity.adjustedMutualInformation(a, b)
      #expect(agrees(information, try PartitionSimilarity.adjustedMutualInformation(b, renamed)))
      #expect(agrees(try PartitionSimilarity.adjustedMutualInformation(a, renamed), 1))
      adjusted += information / 40
    }
    #expect(abs(adjusted) < 0.02)
  }

  @Test func contingencyKeepsEveryItem() throws {
    let table = try PartitionSimilarity.contingency([9, 9, -1, 4], [0, 1, 1, 1])
    #expect(table.rowLabels == [-1, 4, 9])
    #expect(table.columnLabels == [0, 1])
    #expect(table.counts == [[0, 1], [0, 1], [1, 1]])
    #expect(table.rowSums == [1, 1, 2])
    #expect(table.columnSums == [1, 3])
  }
}
