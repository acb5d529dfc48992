import Foundation
import Testing
import WinaStatistics
import WinaTestSupport

/// Agreement of clusters with labels against scikit-learn's indices over all arrangements of labels.
@Suite("Partition agreement") struct PartitionAgreementTests {
  private struct Fixture: Decodable {
    struct Value: Decodable {
      let observed: Double
      let null_mean: Double
      let p: Double
    }

    struct Case: Decodable {
      let labels: [Int]
      let clusters: [Int]
      let strata: [Int]
      let purity: Double
      let variation: Double
      let whole: [String: Value]
      let within: [String: Value]
    }

    let cases: [Case]
  }

  private let cases: [Fixture.Case]

  init() throws {
    let path = SharedData.packageRoot + "/Tests/Fixtures/clusters/agreement.json"
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    cases = try JSONDecoder().decode(Fixture.self, from: data).cases
    #expect(cases.count == 4)
  }

  @Test func shufflesAgreeWithAllArrangements() throws {
    for one in cases {
      for (strata, expected) in [(nil, one.whole), (one.strata, one.within)] {
        let found = try PartitionAgreement(
          labels: one.labels, clusters: one.clusters, within: strata, repetitions: 20_000, seed: 1)
        for (value, name) in [
          (found.rand, "rand"), (found.information, "information"), (found.purity, "purity"),
        ] {
          let reference = try #require(expected[name])
          #expect(abs(value.observed - reference.observed) < 1e-9)
          // Twenty thousand shuffles err by less than 0.0036 (one deviation).
          #expect(abs(value.pValue - reference.p) < 0.015, "\(name) of \(one.labels)")
          #expect(abs(value.nullMean - reference.null_mean) < 0.02, "\(name) of \(one.labels)")
        }
        #expect(found.strata == Set(strata ?? [0]).count)
        #expect(found.items == 8 && found.repetitions == 20_000)
      }
    }
  }

  @Test func purityAndVariationAgree() throws {
    for one in cases {
      let (labels, clusters) = (one.labels, one.clusters)
      #expect(
        abs(try PartitionSimilarity.purity(labels: labels, clusters: clusters) - one.purity) < 1e-9)
      let variation = try PartitionSimilarity.variationOfInformation(labels, clusters)
      #expect(abs(variation - one.variation) < 1e-9)
    }
  }

  @Test func agreementThatStrataExplainIsNotSignificantWithinThem() throws {
    // Both follow the length of an item, and nothing else of it.
    var random = RandomStream(seed: 5)
    let lengths = (0..<300).map { _ in random.index(below: 3) }
    let labels = lengths.map { random.uniform() < 0.8 ? $0 : random.index(below: 3) }
    let clusters = lengths.map { random.uniform() < 0.8 ? $0 : random.index(below: 3) }
    let all = try PartitionAgreement(labels: labels, clusters: clusters, seed: 1)
    let within = try PartitionAgreement(
      labels: labels, clusters: clusters, within: lengths, seed: 1)
    #expect(all.information.pValue < 0.002)
    #expect(within.information.pValue > 0.05)
    #expect(within.information.observed == all.information.observed)
    #expect(abs(all.information.nullMean) < 0.01 && within.information.nullMean > 0.2)
    // Clusters that are the labels agree beyond the strata.
    let own = try PartitionAgreement(labels: labels, clusters: labels, within: lengths, seed: 1)
    #expect(own.information.pValue < 0.002 && own.information.observed == 1)
  }

  @Test func theSeedAloneDecides() throws {
    let (labels, clusters) = (cases[0].labels, cases[0].clusters)
    func agreement(_ seed: UInt64) throws -> PartitionAgreement {
      try PartitionAgreement(labels: labels, clusters: clusters, repetitions: 99, seed: seed)
    }
    #expect(try agreement(1) == agreement(1))
    #expect(try agreement(1) != agreement(2))
  }

  @Test func degeneratePartitionsAreDefined() throws {
    for (labels, clusters) in [([3], [9]), ([1, 1, 1], [0, 0, 0]), ([1, 1, 1], [0, 1, 0])] {
      let found = try PartitionAgreement(labels: labels, clusters: clusters, seed: 1)
      #expect(found.rand.pValue == 1 && found.information.pValue == 1 && found.purity.pValue == 1)
      #expect(found.purity.observed == 1)
    }
    let alone = try PartitionAgreement(
      labels: [0, 1, 2, 3], clusters: [0, 0, 1, 1], within: [0, 1, 2, 3], seed: 1)
    #expect(alone.rand.pValue == 1)
    #expect(try PartitionSimilarity.variationOfInformation([1, 1], [2, 2]) == 0)
    for (labels, clusters, strata) in [
      ([], [], nil), ([1], [1, 2], nil), ([1, 2], [1, 2], [0]),
    ] as [([Int], [Int], [Int]?)] {
      #expect(throws: StatisticsError.self) {
        try PartitionAgreement(labels: labels, clusters: clusters, within: strata, seed: 1)
      }
    }
    #expect(throws: StatisticsError.self) {
      try PartitionAgreement(labels: [1], clusters: [1], repetitions: 0, seed: 1)
    }
  }
}
