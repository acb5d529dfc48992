import Foundation
import Testing
import WinaSparsity
import WinaStatistics
import WinaTensor
import WinaTestSupport

@Suite("Clustering") struct ClusteringTests {
  /// Rows around `k` distant centres; the truth is the index of the centre.
  private func blobs(seed: UInt64, k: Int, sizes: [Int], dimension: Int = 5) -> ([Double], [Int]) {
    var random = SeededGenerator(seed: seed)
    let centres = (0..<k).map { _ in random.normals(dimension, deviation: 20) }
    var rows: [Double] = []
    var truth: [Int] = []
    for (cluster, size) in sizes.enumerated() {
      for _ in 0..<size {
        let noise = random.normals(dimension)
        rows += zip(centres[cluster], noise).map { Double($0 + $1) }
        truth.append(cluster)
      }
    }
    return (rows, truth)
  }

  @Test func kMeansRecoversPlantedClustersInCanonicalOrder() throws {
    for seed in UInt64(0)..<10 {
      let (rows, truth) = blobs(seed: seed, k: 4, sizes: [10, 40, 20, 30])
      let result = try KMeans.fit(rows, dimension: 5, options: KMeansOptions(k: 4, seed: seed))
      #expect(try PartitionSimilarity.adjustedRand(result.labels, truth) > 0.95)
      let sizes = (0..<4).map { cluster in result.labels.count { $0 == cluster } }
      #expect(sizes == sizes.sorted(by: >))
      #expect(
        result == (try KMeans.fit(rows, dimension: 5, options: KMeansOptions(k: 4, seed: seed))))
    }
  }

  @Test func kMeansIsALocalOptimum() throws {
    var random = SeededGenerator(seed: 3)
    let rows = random.normals(300).map(Double.init)
    let options = KMeansOptions(k: 6, seed: 1, tolerance: 0)
    let result = try KMeans.fit(rows, dimension: 3, options: options)
    var sums = [Double](repeating: 0, count: 18)
    var counts = [Double](repeating: 0, count: 6)
    for row in 0..<100 {
      let label = result.labels[row]
      #expect(KMeans.nearest(rows[(row * 3)..<(row * 3 + 3)], centroids: result.centroids) == label)
      counts[label] += 1
      for column in 0..<3 { sums[label * 3 + column] += rows[row * 3 + column] }
    }
    for index in 0..<18 {
      #expect(abs(sums[index] / counts[index / 3] - result.centroids[index]) < 1e-12)
    }
  }

  @Test func moreStartsNeverHurt() throws {
    var random = SeededGenerator(seed: 4)
    let rows = random.normals(400).map(Double.init)
    func inertia(_ starts: Int) throws -> Double {
      try KMeans.fit(
        rows, dimension: 4, options: KMeansOptions(k: 8, seed: 2, initialisations: starts)
      ).inertia
    }
    #expect(try inertia(10) <= inertia(1))
  }

  @Test func impossibleClusterCountsAreErrors() throws {
    func code(_ rows: [Double], _ k: Int) -> SparsityError.Code? {
      do {
        _ = try KMeans.fit(rows, dimension: 2, options: KMeansOptions(k: k, seed: 1))
        return nil
      } catch { return (error as? SparsityError)?.code }
    }
    #expect(code([1, 2, 3, 4], 3) == .tooFewDistinctSamples)
    #expect(code([1, 2, 1, 2, 1, 2], 2) == .tooFewDistinctSamples)
    #expect(code([1, 2, 1, 2, 1, 3], 2) == nil)
    #expect(code([1, 2], 1) == nil)
    #expect(code([1, 2, 1, 2], 1) == nil)
    #expect(code([1, 2], 0) == .outOfRange)
    #expect(code([1, .nan, 3, 4], 1) == .notANumber)
    let all = try KMeans.fit(
      [1, 2, 3, 4, 9, 9], dimension: 2, options: KMeansOptions(k: 3, seed: 1))
    #expect(all.inertia == 0)
    #expect(Set(all.labels) == [0, 1, 2])
  }

  /// Samples whose mean |x| depends on their group through a few channels.
  private func planted(_ toy: ToyCapture, groups: [Int], seed: UInt64) -> [Float] {
    var random = SeededGenerator(seed: seed)
    var moments: [Float] = []
    for group in groups {
      for _ in 0..<toy.layout.layers {
        for channel in 0..<toy.layout.channels {
          moments.append((channel % 3 == group ? 2 : 0.5) * random.float(in: 0.8...1.2))
        }
      }
    }
    return moments
  }

  @Test(
    arguments: [
      FeatureOptions(components: 0), FeatureOptions(), FeatureOptions(score: .teal, components: 2),
      FeatureOptions(score: .winaAll, layers: [1], streams: [.mlpInput], transform: .none),
      FeatureOptions(normalise: .none, components: 1000),
    ])
  func activationsOfAKindClusterTogether(features: FeatureOptions) throws {
    let toy = try ToyCapture()
    let groups = (0..<36).map { $0 % 3 }
    let moments = planted(toy, groups: groups, seed: 5)
    let clustering = try Clustering.kmeans(
      moments: moments, layout: toy.layout, norms: toy.norms, features: features,
      options: KMeansOptions(k: 3, seed: 1))
    #expect(try PartitionSimilarity.adjustedRand(clustering.labels, groups) == 1)
    #expect(clustering.summary.sizes == [12, 12, 12])
    #expect(clustering.summary.groups == ["cluster-0", "cluster-1", "cluster-2"])
    let size = toy.layout.layers * toy.layout.channels
    for (index, label) in clustering.labels.enumerated() {
      let own = Array(moments[(index * size)..<((index + 1) * size)])
      #expect(try clustering.assign(SampleTraits(moments: own)) == label)
    }
    let fresh = planted(toy, groups: groups, seed: 6)
    for (index, label) in clustering.labels.enumerated() {
      let own = Array(fresh[(index * size)..<((index + 1) * size)])
      #expect(try clustering.assign(SampleTraits(moments: own)) == label)
    }
  }

  @Test func oneSampleAndEqualSamplesAreDefined() throws {
    let toy = try ToyCapture(layers: 1)
    let one = planted(toy, groups: [0], seed: 1)
    func cluster(_ moments: [Float], _ k: Int) throws -> Clustering {
      try Clustering.kmeans(
        moments: moments, layout: toy.layout, norms: toy.norms, features: FeatureOptions(),
        options: KMeansOptions(k: k, seed: 1))
    }
    let single = try cluster(one, 1)
    #expect(single.labels == [0])
    #expect(try single.assign(SampleTraits(moments: planted(toy, groups: [2], seed: 9))) == 0)
    #expect(try cluster(one + one + one, 1).summary.sizes == [3])
    for (moments, k) in [(one, 2), (one + one + one, 2), ([], 1)] {
      #expect(throws: SparsityError.self) { try cluster(moments, k) }
    }
    #expect(throws: SparsityError.self) { try cluster(one.map { _ in Float.nan }, 1) }
    let silent = try cluster(one.map { _ in 0 }, 1)
    #expect(silent.labels == [0])
  }

  @Test func randomGroupsDependOnDigestAndSeedAlone() throws {
    var random = SeededGenerator(seed: 7)
    let digests = (0..<4000).map { _ in
      (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
    let sizes = [50, 30, 0, 20]
    let clustering = try Clustering.random(digests: digests, like: sizes, seed: 11)
    let subset = try Clustering.random(digests: Array(digests[100..<200]), like: sizes, seed: 11)
    #expect(subset.labels == Array(clustering.labels[100..<200]))
    #expect(
      try digests.prefix(50).map { try clustering.assign(SampleTraits(digest: $0)) }
        == Array(clustering.labels.prefix(50)))
    for (count, share) in zip(clustering.summary.sizes, [0.5, 0.3, 0, 0.2]) {
      let deviation = (4000 * share * (1 - share)).squareRoot()
      #expect(abs(Double(count) - 4000 * share) <= 4 * deviation)
    }
    let other = try Clustering.random(digests: digests, like: sizes, seed: 12)
    let similarity = try PartitionSimilarity.adjustedRand(clustering.labels, other.labels)
    #expect(abs(similarity) < 0.02)
    #expect(throws: SparsityError.self) {
      try Clustering.random(digests: digests, like: [0, 0], seed: 1)
    }
    #expect(throws: SparsityError.self) { try clustering.assign(SampleTraits()) }
  }

  @Test func labelGroupsAreSortedAndKnowTheirNames() throws {
    let clustering = try Clustering.byLabel(["wiki", "code", "wiki", "math"])
    #expect(clustering.summary.groups == ["code", "math", "wiki"])
    #expect(clustering.labels == [2, 0, 2, 1])
    #expect(clustering.summary.sizes == [1, 1, 2])
    #expect(try clustering.assign(SampleTraits(label: "math")) == 1)
    let error = #expect(throws: SparsityError.self) {
      try clustering.assign(SampleTraits(label: "poetry"))
    }
    #expect(error?.message == "no group is labelled 'poetry'; there are code, math, wiki")
    #expect(throws: SparsityError.self) { try Clustering.byLabel([]) }
    let summary = try JSONDecoder().decode(
      Clustering.Summary.self, from: JSONEncoder().encode(clustering.summary))
    #expect(summary == clustering.summary)
  }
}
