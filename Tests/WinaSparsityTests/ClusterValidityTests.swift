import Foundation
import Testing
import WinaSparsity
import WinaStatistics
import WinaTestSupport

/// Clusters and their indices against scikit-learn, and indices by their definitions.
struct ClusterValidityTests {
  private struct Fixture: Decodable {
    struct Case: Decodable {
      let dimension: Int
      let k: Int
      let rows: [Double]
      let labels: [Int]
      let starts: [Double]
      let kmeans: [Int]
      let centroids: [Double]
      let inertia: Double
      let silhouette: Double
      let calinski_harabasz: Double
      let davies_bouldin: Double
      let ari: Double
      let ami: Double
      let nmi: Double
      let homogeneity: Double
      let completeness: Double
      let v_measure: Double
      let average: [Int]
      let ward: [Int]
      let components: [Double]
      let variances: [Double]
    }

    let cases: [Case]
  }

  private let cases: [Fixture.Case]

  init() throws {
    let path = SharedData.packageRoot + "/Tests/Fixtures/clusters/clusters.json"
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    cases = try JSONDecoder().decode(Fixture.self, from: data).cases
    #expect(cases.count == 3)
  }

  @Test func kMeansFromTheSameCentroidsEndsInTheSameClusters() throws {
    for one in cases {
      let found = try KMeans.refine(
        one.rows, from: one.starts, dimension: one.dimension,
        options: KMeansOptions(k: one.k, seed: 1, tolerance: 0))
      #expect(abs(found.inertia / one.inertia - 1) < 1e-12)
      #expect(try PartitionSimilarity.adjustedRand(found.labels, one.kmeans) == 1)
    }
  }

  @Test func mergedClustersAreEqual() throws {
    for one in cases {
      for (linkage, expected) in [(Linkage.average, one.average), (.ward, one.ward)] {
        let found = try AgglomerativeClusters.fit(
          one.rows, dimension: one.dimension, k: one.k, linkage: linkage)
        #expect(try PartitionSimilarity.adjustedRand(found, expected) == 1)
      }
    }
  }

  @Test func indicesAgree() throws {
    for one in cases {
      let validity = try ClusterValidity(one.rows, dimension: one.dimension, labels: one.kmeans)
      #expect(abs((validity.silhouette ?? 0) - one.silhouette) < 1e-9)
      #expect(abs((validity.dispersionRatio ?? 0) / one.calinski_harabasz - 1) < 1e-9)
      #expect(abs((validity.overlap ?? 0) - one.davies_bouldin) < 1e-9)
      #expect(abs(validity.inertia / one.inertia - 1) < 1e-9)
      let (a, b) = (one.labels, one.kmeans)
      #expect(abs(try PartitionSimilarity.adjustedRand(a, b) - one.ari) < 1e-9)
      #expect(abs(try PartitionSimilarity.adjustedMutualInformation(a, b) - one.ami) < 1e-9)
      #expect(abs(try PartitionSimilarity.normalizedMutualInformation(a, b) - one.nmi) < 1e-9)
      let measure = try PartitionSimilarity.vMeasure(labels: a, clusters: b)
      #expect(abs(measure.homogeneity - one.homogeneity) < 1e-9)
      #expect(abs(measure.completeness - one.completeness) < 1e-9)
      #expect(abs(measure.value - one.v_measure) < 1e-9)
    }
  }

  @Test func componentsAgreeUpToTheirSigns() throws {
    for one in cases {
      let count = one.rows.count / one.dimension
      let found = PrincipalComponents(
        rows: one.rows, count: count, limit: one.variances.count)
      for (index, variance) in one.variances.enumerated() {
        #expect(abs(found.variances[index] / variance - 1) < 1e-9)
        let range = (index * one.dimension)..<((index + 1) * one.dimension)
        let product = range.reduce(0.0) { $0 + found.components[$1] * one.components[$1] }
        #expect(abs(abs(product) - 1) < 1e-9)
      }
    }
  }

  @Test func indicesOfDegenerateClustersAreNotAvailable() throws {
    let rows: [Double] = [0, 0, 1, 1, 5, 5]
    let one = try ClusterValidity(rows, dimension: 2, labels: [0, 0, 0])
    #expect(one.silhouette == nil && one.dispersionRatio == nil && one.overlap == nil)
    let alone = try ClusterValidity(rows, dimension: 2, labels: [0, 1, 2])
    #expect(alone.silhouette == nil && alone.dispersionRatio == nil)
    #expect(alone.inertia == 0)
    let equal = try ClusterValidity([1, 1, 1, 1], dimension: 1, labels: [0, 0, 2, 2])
    #expect(equal.silhouette == 0 && equal.dispersionRatio == nil && equal.overlap == 0)
    for (rows, labels) in [([], []), ([1, 2], [0]), ([.nan], [0]), ([1], [-1])]
      as [([Double], [Int])]
    {
      #expect(throws: SparsityError.self) {
        try ClusterValidity(rows, dimension: 1, labels: labels)
      }
    }
  }

  // MARK: The number of clusters

  private func planted(_ count: Int, seed: UInt64) -> [Double] {
    var random = RandomStream(seed: seed)
    return (0..<count).flatMap { index -> [Double] in
      let angle = Double(index % 4) * .pi / 2
      return [8 * cos(angle) + random.normal(), 8 * sin(angle) + random.normal()]
    }
  }

  @Test(arguments: ClusterCountRule.allCases)
  func everyRuleFindsThePlantedNumber(rule: ClusterCountRule) throws {
    let found = try ClusterCount.choose(
      rule, among: [8, 2, 4, 3, 6], fitted: planted(200, seed: 1), held: planted(120, seed: 2),
      dimension: 2, seed: 1
    ) { rows, k in
      try KMeans.fit(
        rows, dimension: 2, options: KMeansOptions(k: k, seed: 1, initialisations: 4)
      ).centroids
    }
    #expect(found.map(\.k) == [2, 3, 4, 6, 8])
    #expect(found.filter(\.isChosen).map(\.k) == [4])
    #expect(found.allSatisfy { $0.value != nil })
    #expect(throws: SparsityError.self) {
      try ClusterCount.choose(
        rule, among: [], fitted: [1], held: [1], dimension: 1, seed: 1
      ) { rows, _ in rows }
    }
  }

  /// The gap is recomputed from the rows that were clustered, by centroids that do not depend on them.
  @Test(arguments: [ClusterCountRule.gap, .permutedGap])
  func theGapIsToRowsWithoutStructure(rule: ClusterCountRule) throws {
    let held = planted(60, seed: 3)
    let centroids = [8.0, 0, -8, 0]
    var seen: [[Double]] = []
    let found = try ClusterCount.choose(
      rule, among: [2], fitted: planted(40, seed: 4), held: held, dimension: 2, seed: 5
    ) { rows, _ in
      seen.append(rows)
      return centroids
    }
    func columns(_ rows: [Double]) -> [[Double]] {
      (0..<2).map { column in stride(from: column, to: rows.count, by: 2).map { rows[$0] } }
    }
    func logDispersion(_ rows: [Double]) -> Double {
      let labels = ClusterCount.assign(rows, to: centroids, dimension: 2)
      let parts = (0..<2).map { cluster in
        let members = labels.indices.filter { labels[$0] == cluster }
        return (0..<2).reduce(0.0) { sum, column in
          let values = members.map { rows[$0 * 2 + column] }
          let mean = values.reduce(0, +) / Double(max(values.count, 1))
          return sum + values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        }
      }
      return log(parts[0] + parts[1])
    }
    #expect(seen.count == 21)
    #expect(seen.first == held, "the rows themselves are clustered as the references are")
    let references = seen.dropFirst()
    #expect(Set(references).count == 20)
    for reference in references {
      for (values, own) in zip(columns(reference), columns(held)) {
        if rule == .gap {
          let bounds = try #require(own.min())...(try #require(own.max()))
          #expect(values.allSatisfy(bounds.contains) && values.sorted() != own.sorted())
        } else {
          #expect(values.sorted() == own.sorted() && values != own)
        }
      }
    }
    let logs = references.map(logDispersion)
    let mean = logs.reduce(0, +) / 20
    let variance = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20
    let gap = try #require(found[0].value)
    let error = try #require(found[0].standardError)
    #expect(abs(gap - (mean - logDispersion(held))) < 1e-12)
    #expect(abs(error - (variance * 1.05).squareRoot()) < 1e-12)
  }

  @Test func strengthIsTheShareOfPairsThatStayTogether() {
    // Of cluster 0 the pairs (0,1) stay together, (0,2) and (1,2) do not.
    let strength = ClusterCount.predictionStrength(
      own: [0, 0, 0, 1, 1], predicted: [5, 5, 2, 3, 3], k: 2)
    #expect(abs((strength ?? 0) - 1.0 / 3) < 1e-12)
    // Clusters of one row each say nothing.
    #expect(ClusterCount.predictionStrength(own: [0, 1], predicted: [0, 0], k: 2) == nil)
  }

  @Test func stableClustersAgreeBetweenSubsamplesAndNoiseDoesNot() throws {
    func stability(_ rows: [Double]) throws -> Double {
      let values = try ClusterStability.subsampled(rows, dimension: 2, pairs: 6, seed: 1) {
        try KMeans.fit(
          $0, dimension: 2, options: KMeansOptions(k: 4, seed: 1, initialisations: 3)
        ).labels
      }
      return values.reduce(0, +) / Double(values.count)
    }
    #expect(try stability(planted(200, seed: 3)) > 0.99)
    var random = RandomStream(seed: 4)
    #expect(try stability((0..<400).map { _ in random.normal() }) < 0.9)
    #expect(throws: SparsityError.self) {
      try ClusterStability.subsampled([1], dimension: 1, pairs: 1, seed: 1) { _ in [0] }
    }
  }
}
