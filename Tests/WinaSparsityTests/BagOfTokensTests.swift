import Foundation
import Testing
import WinaSparsity
import WinaStatistics
import WinaTestSupport

@Suite("Bags of tokens") struct BagOfTokensTests {
  /// Samples of two topics with words of their own and one word in common.
  private static let samples: [[Int32]] = {
    var random = SeededGenerator(seed: 1)
    return (0..<20).map { sample in
      let topic = Int32(sample % 2) * 10
      return [0] + (0..<8).map { _ in topic + Int32.random(in: 1...7, using: &random) }
    }
  }()

  private func fitted(components: Int = 0) throws -> Clustering {
    try Clustering.fit(
      tokens: Self.samples, components: components, method: .kmeans(KMeansOptions(k: 2, seed: 1)))
  }

  @Test(arguments: [0, 5]) func topicsAreFoundAndFittedSamplesStayInTheirGroup(
    components: Int
  ) throws {
    let clustering = try fitted(components: components)
    let topics = Self.samples.indices.map { $0 % 2 }
    #expect(try PartitionSimilarity.adjustedRand(clustering.labels, topics) == 1)
    for (sample, label) in zip(Self.samples, clustering.labels) {
      #expect(try clustering.assign(SampleTraits(tokens: sample)) == label)
    }
  }

  @Test func featuresAreCountsTimesInverseFrequencyAtUnitLength() throws {
    let transform = try #require(try fitted().transform)
    let features = try transform.features(
      moments: [2, 1] + [Float](repeating: 0, count: transform.weights.count - 2))
    let frequency = Self.samples.count { $0.contains(1) }
    let weights = [20, frequency].map { log(21 / Double(1 + $0)) + 1 }
    let raw = [2 * weights[0], weights[1]]
    let length = (raw[0] * raw[0] + raw[1] * raw[1]).squareRoot()
    #expect(transform.weights.count == 18)
    #expect(abs(features[0] - raw[0] / length) < 1e-6)
    #expect(abs(features[1] - raw[1] / length) < 1e-6)
    #expect(features[2...].allSatisfy { $0 == 0 })
  }

  @Test func unknownTokensDoNotCount() throws {
    let clustering = try fitted()
    let sample = Self.samples[3]
    #expect(
      try clustering.assign(SampleTraits(tokens: sample + [5000, 70_000]))
        == clustering.assign(SampleTraits(tokens: sample)))
    #expect((0..<2).contains(try clustering.assign(SampleTraits(tokens: []))))
  }

  @Test func whatCannotBeClusteredIsAnError() throws {
    let clustering = try fitted()
    let missing = #expect(throws: SparsityError.self) {
      try clustering.assign(SampleTraits(moments: [1, 2], label: "a"))
    }
    #expect(missing?.code == .unassignable)
    func code(_ samples: [[Int32]], k: Int = 1) -> SparsityError.Code? {
      do {
        _ = try Clustering.fit(
          tokens: samples, components: 2, method: .kmeans(KMeansOptions(k: k, seed: 1)))
        return nil
      } catch { return (error as? SparsityError)?.code }
    }
    #expect(code([]) == .noData)
    #expect(code([[-1, 2]]) == .outOfRange)
    #expect(code([[1, 2], [2, 1]], k: 2) == .tooFewDistinctSamples)
    #expect(code([[1, 2], [2, 1]]) == nil)
  }
}
