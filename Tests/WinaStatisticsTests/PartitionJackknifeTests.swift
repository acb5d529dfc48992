import Testing
import WinaStatistics
import WinaTestSupport

/// Intervals of agreement of partitions.
struct PartitionJackknifeTests {
  private func partitions(
    _ count: Int, groups: Int, same: Double, seed: UInt64
  ) -> (a: [Int], b: [Int]) {
    var random = RandomStream(seed: seed)
    let a = (0..<count).map { _ in random.index(below: groups) }
    let b = a.map { random.uniform() < same ? $0 : random.index(below: groups) }
    return (a, b)
  }

  /// Beside indices of all items but one, each computed from the items.
  @Test(arguments: [(30, 3, 0.6), (41, 5, 0.9), (12, 8, 0.3), (9, 9, 1.0)])
  func errorsAreThoseOfLeavingOutEveryItem(count: Int, groups: Int, same: Double) throws {
    let (a, b) = partitions(count, groups: groups, same: same, seed: UInt64(count))
    let found = try PartitionJackknife(a, b)
    func check(
      _ estimate: AgreementEstimate, _ index: ([Int], [Int]) throws -> Double
    ) throws {
      let left = try a.indices.map { item in
        let rest = a.indices.filter { $0 != item }
        return try index(rest.map { a[$0] }, rest.map { b[$0] })
      }
      let mean = left.reduce(0, +) / Double(count)
      let sum = left.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let error = (sum * Double(count - 1) / Double(count)).squareRoot()
      #expect(abs(estimate.estimate - (try index(a, b))) < 1e-12)
      #expect(abs(estimate.standardError - error) < 1e-9)
      #expect(abs(estimate.low - (estimate.estimate - 1.959963984540054 * error)) < 1e-9)
      #expect(estimate.high <= 1 && estimate.high >= estimate.estimate)
    }
    try check(found.rand, PartitionSimilarity.adjustedRand)
    try check(found.information, PartitionSimilarity.adjustedMutualInformation)
  }

  @Test func intervalsCoverTheIndexOfThePopulation() throws {
    let (a, b) = partitions(200_000, groups: 4, same: 0.7, seed: 1)
    let truth = try PartitionSimilarity.adjustedRand(a, b)
    let covered = try (0..<400).count { sample in
      let (a, b) = partitions(150, groups: 4, same: 0.7, seed: UInt64(100 + sample))
      let interval = try PartitionJackknife(a, b).rand
      return interval.low <= truth && truth <= interval.high
    }
    // Of 400 at 95 %, four standard errors of a binomial are 18.
    #expect(covered >= 380 - 18, "\(covered) of 400")
  }

  @Test func degeneratePartitionsHaveADefinedInterval() throws {
    let equal = try PartitionJackknife([0, 0, 1, 1, 2], [5, 5, 3, 3, 9])
    #expect(equal.rand.low == 1 && equal.rand.high == 1 && equal.information.estimate == 1)
    let one = try PartitionJackknife([0, 0, 0], [1, 1, 1])
    #expect(one.rand.estimate == 1 && one.rand.standardError == 0)
    let none = try PartitionJackknife([0, 0, 0, 0], [0, 1, 2, 3])
    #expect(none.rand.estimate == 0 && none.rand.low.isFinite && none.information.low.isFinite)
    #expect(throws: StatisticsError.self) { try PartitionJackknife([0, 1], [0, 1]) }
    #expect(throws: StatisticsError.self) { try PartitionJackknife([0, 1, 2], [0, 1]) }
  }
}
