import Testing
import WinaSparsity
import WinaStatistics
import WinaTensor
import WinaTestSupport

/// Algorithms beside k-means, and what samples are compared by.
struct ClusterAlgorithmTests {
  /// Three planted groups of unequal size and spread.
  private func planted() -> (rows: [Double], labels: [Int]) {
    var random = RandomStream(seed: 3)
    var rows: [Double] = []
    var labels: [Int] = []
    for (group, size) in [30, 20, 10].enumerated() {
      for _ in 0..<size {
        rows += [
          Double(group) * 5 + random.normal() * 0.4, Double(group % 2) * 4 + random.normal() * 0.4,
        ]
        labels.append(group)
      }
    }
    return (rows, labels)
  }

  // MARK: Agglomerative

  @Test(arguments: Linkage.allCases)
  func mergingFindsPlantedGroupsByFallingSize(linkage: Linkage) throws {
    let (rows, labels) = planted()
    let found = try AgglomerativeClusters.fit(rows, dimension: 2, k: 3, linkage: linkage)
    #expect(found == labels)
  }

  /// Merges two nearest clusters at a time by the definitions, without any update formula.
  private func slow(_ rows: [Double], k: Int, linkage: Linkage) -> [Set<Int>] {
    func distance(_ a: Set<Int>, _ b: Set<Int>) -> Double {
      func mean(_ members: Set<Int>) -> (Double, Double) {
        let sums = members.reduce((0.0, 0.0)) { ($0.0 + rows[$1 * 2], $0.1 + rows[$1 * 2 + 1]) }
        return (sums.0 / Double(members.count), sums.1 / Double(members.count))
      }
      switch linkage {
      case .average:
        var sum = 0.0
        for i in a {
          for j in b {
            let (x, y) = (rows[i * 2] - rows[j * 2], rows[i * 2 + 1] - rows[j * 2 + 1])
            sum += (x * x + y * y).squareRoot()
          }
        }
        return sum / Double(a.count * b.count)
      case .ward:
        let (m, n) = (mean(a), mean(b))
        let square = (m.0 - n.0) * (m.0 - n.0) + (m.1 - n.1) * (m.1 - n.1)
        return (2 * Double(a.count * b.count) / Double(a.count + b.count) * square).squareRoot()
      }
    }
    var clusters = (0..<(rows.count / 2)).map { Set([$0]) }
    while clusters.count > k {
      var best = (distance: Double.infinity, i: 0, j: 0)
      for i in clusters.indices {
        for j in (i + 1)..<clusters.count {
          let found = distance(clusters[i], clusters[j])
          if found < best.distance { best = (found, i, j) }
        }
      }
      clusters[best.i].formUnion(clusters.remove(at: best.j))
    }
    return clusters
  }

  @Test(arguments: Linkage.allCases, [1, 2, 4, 9, 18])
  func chainsFindTheMergesOfTheDefinition(linkage: Linkage, k: Int) throws {
    var random = RandomStream(seed: 17)
    let rows = (0..<36).map { _ in random.normal() }
    let found = try AgglomerativeClusters.fit(rows, dimension: 2, k: k, linkage: linkage)
    let groups = Set(
      Dictionary(grouping: found.indices) { found[$0] }.values.map { Set($0) })
    #expect(groups == Set(slow(rows, k: k, linkage: linkage)))
    let sizes = (0..<k).map { cluster in found.filter { $0 == cluster }.count }
    #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 >= $1 })
  }

  @Test func degenerateRowsAreDefinedOrErrors() throws {
    #expect(try AgglomerativeClusters.fit([1, 2], dimension: 2, k: 1, linkage: .ward) == [0])
    let equal = [Double](repeating: 1, count: 8)
    #expect(try AgglomerativeClusters.fit(equal, dimension: 2, k: 1, linkage: .average).count == 4)
    for (rows, k) in [([], 1), ([1, 2], 2), ([1, 2], 0), ([.nan, 1], 1)] as [([Double], Int)] {
      #expect(throws: SparsityError.self) {
        try AgglomerativeClusters.fit(rows, dimension: 2, k: k, linkage: .average)
      }
    }
    let many = [Double](repeating: 0, count: AgglomerativeClusters.largestCount + 1)
    let error = #expect(throws: SparsityError.self) {
      try AgglomerativeClusters.fit(many, dimension: 1, k: 2, linkage: .average)
    }
    #expect(error?.hint.contains("kmeans") == true)
  }

  // MARK: Directions and batches

  @Test func directionsAreTheSameAtAnyLength() throws {
    var random = RandomStream(seed: 2)
    var rows: [Double] = []
    var labels: [Int] = []
    for index in 0..<90 {
      let group = index % 3
      let angle = [(1.0, 0.1), (0.1, 1.0), (-1.0, 0.4)][group]
      let length = 0.1 + random.uniform() * 20
      rows += [
        length * (angle.0 + random.normal() * 0.05), length * (angle.1 + random.normal() * 0.05),
      ]
      labels.append(group)
    }
    let result = try KMeans.fit(
      rows, dimension: 2, options: KMeansOptions(k: 3, seed: 1, isSpherical: true))
    #expect(try PartitionSimilarity.adjustedRand(result.labels, labels) == 1)
    for cluster in 0..<3 {
      let centroid = result.centroids[(cluster * 2)..<(cluster * 2 + 2)]
      #expect(abs(centroid.reduce(0) { $0 + $1 * $1 } - 1) < 1e-12)
    }
    #expect(KMeans.unit([3, 4, 0, 0], dimension: 2) == [0.6, 0.8, 0, 0])
  }

  @Test func batchesFindWhatWholeIterationsFind() throws {
    var random = RandomStream(seed: 6)
    var rows: [Double] = []
    var labels: [Int] = []
    for index in 0..<6000 {
      rows += (0..<4).map { Double((index % 4 == $0) ? 6 : 0) + random.normal() }
      labels.append(index % 4)
    }
    var options = KMeansOptions(k: 4, seed: 1, initialisations: 3)
    let whole = try KMeans.fit(rows, dimension: 4, options: options)
    options.batchAbove = 1000
    let batches = try KMeans.fit(rows, dimension: 4, options: options)
    #expect(batches.inertia < whole.inertia * 1.001)
    #expect(try PartitionSimilarity.adjustedRand(batches.labels, labels) > 0.99)
    #expect(try KMeans.fit(rows, dimension: 4, options: options) == batches)
  }

  // MARK: Length

  @Test func binsHoldEquallyManySamplesAndNewOnesFindThem() throws {
    let lengths = (0..<100).map { 10 + $0 }
    let bins = try Clustering.lengthBins(lengths, bins: 4)
    #expect(bins.summary.sizes == [25, 25, 25, 25])
    #expect(bins.summary.groups == ["up to 34", "35 to 59", "60 to 84", "85 and more"])
    func bin(_ count: Int) throws -> Int {
      try bins.assign(SampleTraits(tokens: [Int32](repeating: 0, count: count)))
    }
    #expect(try [1, 34, 35, 84, 85, 5000].map(bin) == [0, 0, 1, 2, 3, 3])
    #expect(throws: SparsityError.self) { try bins.assign(SampleTraits()) }
    #expect(try Clustering.lengthBins([5, 5], bins: 1).summary.groups == ["all"])
  }

  @Test(arguments: 0..<30)
  func binsAreNeverEmptyHoweverLengthsRepeat(seed: UInt64) throws {
    var random = RandomStream(seed: seed)
    let values = (0..<(3 + random.index(below: 6))).map { _ in 1 + random.index(below: 12) }
    let lengths = (0..<40).map { _ in values[random.index(below: values.count)] }
    let distinct = Set(lengths).count
    for bins in 1...distinct {
      #expect(try Clustering.lengthBins(lengths, bins: bins).summary.sizes.allSatisfy { $0 > 0 })
    }
    #expect(throws: SparsityError.self) { try Clustering.lengthBins(lengths, bins: distinct + 1) }
  }

  @Test func randomGroupsMatchOthersInEveryBinOfLength() throws {
    var random = RandomStream(seed: 8)
    // Group 0 is short, group 1 long: random groups of equal sizes alone would not be.
    let lengths = (0..<4000).map {
      $0 % 2 == 0 ? 10 + random.index(below: 10) : 60 + random.index(below: 40)
    }
    let members = (0..<4000).map { $0 % 2 }
    let digests = (0..<4000).map { index in
      (0..<32).map { place in
        UInt8(truncatingIfNeeded: RandomStream.mixed(UInt64(index * 32 + place)))
      }
    }
    let groups = try Clustering.random(
      digests: digests, lengths: lengths, like: members, groups: 2, seed: 5)
    func tokens(_ labels: [Int], _ group: Int) -> Double {
      zip(labels, lengths).reduce(0) { $0 + ($1.0 == group ? Double($1.1) : 0) }
    }
    for group in 0..<2 {
      let wanted = tokens(members, group)
      #expect(abs(tokens(groups.labels, group) / wanted - 1) < 0.05)
    }
    // In this case, and only in one like it, the lengths give the groups away.
    #expect(try PartitionSimilarity.adjustedRand(groups.labels, members) > 0.99)
    let mixed = members.map { _ in random.index(below: 2) }
    let other = try Clustering.random(
      digests: digests, lengths: lengths, like: mixed, groups: 2, seed: 5)
    #expect(abs(try PartitionSimilarity.adjustedRand(other.labels, mixed)) < 0.01)
    for index in stride(from: 0, to: 4000, by: 371) {
      let sample = SampleTraits(
        tokens: [Int32](repeating: 0, count: lengths[index]), digest: digests[index])
      #expect(try other.assign(sample) == other.labels[index])
    }
  }

  // MARK: Features

  @Test func ratesAndDistributionsAreThoseOfTheTokens() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    var random = SeededGenerator(seed: 9)
    let values = random.normals(5 * 6)
    let norms = (0..<6).map { _ in random.float(in: 0.5...2) }
    let factors: [[[Float]?]] = [[norms, nil, nil, nil]]
    let rates = RouteFeatures(
      kind: .activeRate([[0.6, 1, 1, 1]]), layout: toy.layout, norms: factors)
    var counts = [Float](repeating: 0, count: rates.width)
    rates.add(values, rows: 1..<4, layer: 0, stream: .attentionInput, into: &counts)
    let shares = rates.finish(counts, tokens: 3)
    for channel in 0..<6 {
      let active = (1..<4).filter { abs(values[$0 * 6 + channel]) * norms[channel] > 0.6 }.count
      #expect(shares[channel] == Float(active) / 3)
    }
    let bins = RouteFeatures(kind: .histogram, layout: toy.layout, norms: factors)
    var histogram = [Float](repeating: 0, count: bins.width)
    bins.add(values, rows: 0..<5, layer: 0, stream: .attentionInput, into: &histogram)
    let distribution = bins.finish(histogram, tokens: 5)
    #expect(abs(distribution[..<64].reduce(0, +) - 1) < 1e-6)
    #expect(distribution[64...].allSatisfy { $0 == 0 })
    // Two bins an octave: scores of [1, 1.5) lie in bin 30, for 1 is the fp16 pattern 0x3C00.
    let inside = values.enumerated().filter {
      let score = abs(Float(Float16($0.element * norms[$0.offset % 6])))
      return score >= 1 && score < 1.5
    }
    #expect(abs(distribution[30] * 30 - Float(inside.count)) < 1e-4)
  }

  @Test func standardisedFeaturesIgnoreTheUnitsOfChannels() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    let plain = try toy.capture(seeds: Array(1...30)).routeMeans
    let width = toy.layout.channels
    let scaled = plain.enumerated().map { $0.element * Float(1 + $0.offset % width * 7) }
    let options = FeatureOptions(
      score: .teal, transform: .none, normalise: .zscore, components: 5)
    let method = ClusterMethod.kmeans(KMeansOptions(k: 3, seed: 1))
    let one = try Clustering.fit(
      moments: plain, layout: toy.layout, norms: toy.norms, features: options, method: method)
    let other = try Clustering.fit(
      moments: scaled, layout: toy.layout, norms: toy.norms, features: options, method: method)
    #expect(one.labels == other.labels)
    for sample in 0..<30 {
      let moments = Array(scaled[(sample * width)..<((sample + 1) * width)])
      #expect(try other.assign(SampleTraits(moments: moments)) == other.labels[sample])
    }
    var bare = options
    bare.components = 0
    #expect(throws: SparsityError.self) {
      try Clustering.fit(
        moments: plain, layout: toy.layout, norms: toy.norms, features: bare, method: method)
    }
  }

  @Test func channelsThatAreAlwaysOrNeverActiveDoNotCount() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    let width = toy.layout.channels
    var rates = [Float](repeating: 0.5, count: 20 * width)
    for sample in 0..<20 {
      rates[sample * width] = sample % 2 == 0 ? 1 : 0.98
      rates[sample * width + 1] = sample % 2 == 0 ? 0.01 : 0
      rates[sample * width + 2] = sample % 4 < 2 ? 0.3 : 0.7
    }
    let clustering = try Clustering.fit(
      moments: rates, layout: toy.layout, norms: toy.norms,
      features: FeatureOptions(
        kind: .activeRate, score: .teal, transform: .none, normalise: .none, components: 0),
      method: .kmeans(KMeansOptions(k: 2, seed: 1)))
    #expect(
      try PartitionSimilarity.adjustedRand(
        clustering.labels, (0..<20).map { $0 % 4 < 2 ? 0 : 1 }) == 1)
  }
}
