import Foundation
import Testing
import WinaSparsity
import WinaTensor
import WinaTestSupport

@Suite("Histogram sets and profiles") struct SparsityProfileTests {
  @Test func groupedSetsSplitThePooledOneAndIgnoreShards() throws {
    let toy = try ToyCapture(layers: 1, methods: [.wina])
    let labels = [0, 1, 1, 0, 1]
    let whole = try toy.capture(seeds: [1, 2, 3, 4, 5])
    let parts = [try toy.capture(seeds: [1, 2]), try toy.capture(seeds: [3, 4, 5])]
    let grouped = try HistogramSet.grouped([whole], labels: labels, names: ["a", "b"])
    #expect(grouped == (try HistogramSet.grouped(parts, labels: labels, names: ["a", "b"])))
    #expect(try HistogramSet.pooled([whole]) == HistogramSet.pooled(parts))
    #expect(grouped.samples == [2, 3])
    #expect(grouped.tokens == [24, 36])
    #expect(grouped.resolution == .sketch)
    let pooled = try HistogramSet.pooled(parts)
    #expect(pooled.counts == grouped.pooledCounts)
    #expect(pooled.pooledMeans == grouped.pooledMeans)
    let halves = grouped.counts.count / 2
    for bin in stride(from: 0, to: halves, by: 17) {
      let pooledBin = bin * 32
      let sum = pooled.counts[pooledBin..<(pooledBin + 32)].reduce(0, +)
      #expect(grouped.counts[bin] + grouped.counts[halves + bin] == sum)
    }
  }

  @Test func groupMeansAreWeightedByTokens() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    let shards = [
      try toy.capture(seeds: [1], tokens: 8, shift: { _ in 2 }),
      try toy.capture(seeds: [2], tokens: 24, shift: { _ in -1 }),
    ]
    let set = try HistogramSet.grouped(shards, labels: [0, 1], names: ["a", "b"])
    for channel in 0..<toy.layout.channels {
      let a = Double(try shards[0].gatedMoments.mean[channel])
      let b = Double(try shards[1].gatedMoments.mean[channel])
      #expect(set.groupMeans[channel] == Float(a))
      #expect(abs(set.pooledMeans[channel] - Float((6 * a + 18 * b) / 24)) < 1e-6)
    }
  }

  @Test func badGroupsAreRefused() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    let shard = try toy.capture(seeds: [1, 2], groups: [0, 1], exactGroups: 2)
    #expect(throws: SparsityError.self) { try HistogramSet.pooled([]) }
    #expect(throws: SparsityError.self) {
      try HistogramSet.grouped([shard], labels: [0], names: ["a"])
    }
    #expect(throws: SparsityError.self) {
      try HistogramSet.grouped([shard], labels: [0, 2], names: ["a", "b"])
    }
    #expect(throws: SparsityError.self) {
      try HistogramSet.grouped([shard], labels: [1, 0], names: ["a", "b"])
    }
    let exact = try HistogramSet.grouped([shard], labels: [0, 1], names: ["a", "b"])
    #expect(exact.resolution == .exact)
    let other = try ToyCapture(layers: 1, methods: [.wina]).capture(seeds: [1])
    #expect(throws: SparsityError.self) { try HistogramSet.pooled([shard, other]) }
  }

  @Test(arguments: [ScoreMethod.wina, .winaAll, .teal], [0.25, 0.5, 0.65])
  func thresholdsReachTheTargetOnTheirOwnData(method: ScoreMethod, sparsity: Double) throws {
    let toy = try ToyCapture()
    let set = try HistogramSet.pooled([toy.capture(seeds: Array(1...20))])
    let profile = try SparsityProfile.fit(
      set, shapes: toy.shapes, options: ProfileOptions(method: method, sparsity: sparsity))
    #expect(abs(profile.summary.expectedSparsity - sparsity) < 0.003)
    #expect(profile.summary.methodSparsity == sparsity)
    for layer in 0..<2 {
      for projection in Projection.allCases {
        let slot = try #require(method.slot(for: projection))
        let expected = try set.quantile(group: nil, layer: layer, slot: slot, sparsity)
        #expect(
          profile.gate(group: 0, layer: layer, projection: projection)
            == .threshold(Float(expected)))
      }
    }
  }

  @Test func topKKeepsTheFloorAndNeedsNoHistogram() throws {
    let toy = try ToyCapture(layers: 1, methods: [.wina])
    let set = try HistogramSet.pooled([toy.capture(seeds: [1])])
    let profile = try SparsityProfile.fit(
      set, shapes: toy.shapes, options: ProfileOptions(sparsity: 0.7, gate: .topK))
    #expect(profile.gate(group: 0, layer: 0, projection: .downProj) == .keep(3))
    #expect(profile.gate(group: 0, layer: 0, projection: .qProj) == .keep(1))
    #expect(profile.thresholds.allSatisfy { $0.isNaN })
    #expect(KeptInputs.count(of: 10, sparsity: 0.9) == 1)
    #expect(KeptInputs.count(of: 4096, sparsity: 0.5) == 2048)
    #expect(KeptInputs.count(of: 5, sparsity: 0.5) == 2)
  }

  @Test func aGroupedTopKProfileThatCannotDifferIsAnError() throws {
    let toy = try ToyCapture(layers: 1, methods: [.wina])
    let shard = try toy.capture(seeds: [1, 2])
    let set = try HistogramSet.grouped([shard], labels: [0, 1], names: ["a", "b"])
    for centring in [CentringKind.none, .global] {
      let error = #expect(throws: SparsityError.self) {
        try SparsityProfile.fit(
          set, shapes: toy.shapes,
          options: ProfileOptions(sparsity: 0.5, gate: .topK, centring: centring))
      }
      #expect(error?.code == .ineffectiveGroups)
      #expect(error?.message.contains("k depends on the sparsity and the width alone") == true)
    }
    let centred = try SparsityProfile.fit(
      set, shapes: toy.shapes, options: ProfileOptions(sparsity: 0.5, gate: .topK, centring: .group)
    )
    let means = try #require(centred.means)
    #expect(
      means.mean(group: 0, layer: 0, stream: .mlpInput)
        != means.mean(group: 1, layer: 0, stream: .mlpInput))
    let one = try HistogramSet.grouped([shard], labels: [0, 0], names: ["only"])
    #expect(throws: Never.self) {
      try SparsityProfile.fit(
        one, shapes: toy.shapes, options: ProfileOptions(sparsity: 0.5, gate: .topK))
    }
  }

  @Test func smallAndEmptyGroupsFallBackWithANote() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    let shard = try toy.capture(seeds: Array(1...9))
    let labels = [0, 0, 0, 0, 0, 0, 0, 0, 1]
    let set = try HistogramSet.grouped([shard], labels: labels, names: ["big", "small", "empty"])
    let options = ProfileOptions(method: .teal, sparsity: 0.5, minimumTokens: 50)
    let profile = try SparsityProfile.fit(set, shapes: toy.shapes, options: options)
    let pooled = try set.quantile(group: nil, layer: 0, slot: .stream(.outputInput), 0.5)
    for group in [1, 2] {
      #expect(profile.gate(group: group, layer: 0, projection: .oProj) == .threshold(Float(pooled)))
    }
    let own = try set.quantile(group: 0, layer: 0, slot: .stream(.outputInput), 0.5)
    #expect(profile.gate(group: 0, layer: 0, projection: .oProj) == .threshold(Float(own)))
    #expect(
      profile.summary.notes == [
        "group 'small' has 12 gated tokens, fewer than 50: it uses the pooled thresholds",
        "group 'empty' has 0 gated tokens, fewer than 50: it uses the pooled thresholds",
      ])
    let means = try #require(try set.centringMeans(.group))
    let global = try #require(try set.centringMeans(.global))
    #expect(
      means.mean(group: 2, layer: 0, stream: .mlpInput)
        == global.mean(group: 7, layer: 0, stream: .mlpInput))
  }

  @Test func catsReachesOnlyWhatItsProjectionsWeigh() throws {
    // Llama-2-7B: up and down are 2·11008 of 4·4096 + 3·11008 columns of 4096 weights.
    let shapes = try llama2Shapes()
    let share = SparsityBudget.gatedShare(.cats, shapes: shapes)
    #expect(abs(share - 2 * 11_008.0 / (4 * 4096 + 3 * 11_008)) < 1e-12)
    let quarter = try SparsityBudget.forModel(0.25, method: .cats, shapes: shapes)
    #expect(quarter == .reachable(0.25 / share))
    #expect(
      try SparsityBudget.forModel(0.5, method: .cats, shapes: shapes)
        == .unreachable(maximum: share))
    #expect(try SparsityBudget.forModel(0.65, method: .wina, shapes: shapes) == .reachable(0.65))
    let error = #expect(throws: SparsityError.self) {
      try SparsityBudget.forModel(65, method: .wina, shapes: shapes)
    }
    #expect(error?.hint == "sparsity is a fraction: write 0.65")
    #expect(throws: SparsityError.self) {
      try SparsityBudget.forModel(-0.1, method: .wina, shapes: shapes)
    }
  }

  @Test func catsProfilesAreModelWideOrNotAvailable() throws {
    let toy = try ToyCapture(methods: [.cats])
    let set = try HistogramSet.pooled([toy.capture(seeds: Array(1...20))])
    let fitted = try SparsityProfile.fit(
      set, shapes: toy.shapes, options: ProfileOptions(method: .cats, sparsity: 0.25))
    #expect(abs(fitted.summary.expectedSparsity - 0.25) < 0.005)
    #expect(fitted.summary.methodSparsity > 0.5)
    #expect(fitted.gate(group: 0, layer: 0, projection: .gateProj) == .dense)
    #expect(
      fitted.gate(group: 0, layer: 0, projection: .upProj)
        == fitted.gate(group: 0, layer: 0, projection: .downProj))
    let out = try SparsityProfile.fit(
      set, shapes: toy.shapes, options: ProfileOptions(method: .cats, sparsity: 0.65))
    #expect(
      out.summary.unreachable
        == "cats gates 41.7 % of the weights of a layer and cannot reach a model-wide sparsity of "
        + "65.0 %")
    #expect(out.gate(group: 0, layer: 1, projection: .upProj) == .dense)
    #expect(throws: SparsityError.self) {
      try SparsityProfile.fit(
        set, shapes: toy.shapes,
        options: ProfileOptions(method: .cats, sparsity: 0.2, centring: .global))
    }
    #expect(throws: SparsityError.self) {
      try SparsityProfile.fit(
        set, shapes: toy.shapes, options: ProfileOptions(method: .cats, sparsity: 0.2, gate: .topK))
    }
  }

  @Test func centringMustMatchTheCapturedScores() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    let plain = try HistogramSet.pooled([toy.capture(seeds: [1, 2], shift: { _ in 1 })])
    let means = try #require(try plain.centringMeans(.global))
    let centred = try HistogramSet.pooled([
      toy.capture(seeds: [1, 2], centring: means, shift: { _ in 1 })
    ])
    func options(_ centring: CentringKind) -> ProfileOptions {
      ProfileOptions(method: .teal, sparsity: 0.5, centring: centring)
    }
    for (set, kind) in [(plain, CentringKind.global), (centred, .none), (plain, .group)] {
      let error = #expect(throws: SparsityError.self) {
        try SparsityProfile.fit(set, shapes: toy.shapes, options: options(kind))
      }
      #expect(error?.code == .centringMismatch)
    }
    let profile = try SparsityProfile.fit(
      centred, shapes: toy.shapes, options: options(.global),
      evidence: ProfileEvidence(means: means))
    #expect(profile.means == means)
    #expect(abs(profile.summary.expectedSparsity - 0.5) < 0.03)
    // The same means follow from the centred capture, whose moments are those of x itself.
    #expect(try centred.centringMeans(.global) == means)
  }

  @Test func missingScoresAndZeroTargetsAreClear() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    let set = try HistogramSet.pooled([toy.capture(seeds: [1])])
    let error = #expect(throws: SparsityError.self) {
      try SparsityProfile.fit(set, shapes: toy.shapes, options: ProfileOptions(sparsity: 0.5))
    }
    #expect(error?.code == .missingScore)
    #expect(error?.message.contains("weighted.k_proj") == true)
    let dense = try SparsityProfile.fit(
      set, shapes: toy.shapes, options: ProfileOptions(method: .teal, sparsity: 0))
    #expect(dense.gate(group: 0, layer: 0, projection: .qProj) == .dense)
    #expect(dense.summary.expectedSparsity == 0)
  }

  @Test func clustersFindTheirGroup() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    let shard = try toy.capture(seeds: [1, 2])
    let options = ProfileOptions(method: .teal, sparsity: 0.5, minimumTokens: 0)
    let pooled = try SparsityProfile.fit(
      HistogramSet.pooled([shard]), shapes: toy.shapes, options: options)
    #expect(try pooled.group(forCluster: 5) == 0)
    let grouped = try SparsityProfile.fit(
      HistogramSet.grouped([shard], labels: [0, 1], names: ["a", "b"]), shapes: toy.shapes,
      options: options)
    #expect(try grouped.group(forCluster: 1) == 1)
    #expect(throws: SparsityError.self) { try grouped.group(forCluster: 2) }
    let rebuilt = try SparsityProfile(
      summary: JSONDecoder().decode(
        SparsityProfile.Summary.self, from: JSONEncoder().encode(grouped.summary)),
      thresholds: grouped.thresholds, keep: grouped.keep, means: nil)
    #expect(rebuilt == grouped)
  }

  private func llama2Shapes() throws -> ProjectionShapes {
    var inputs: [Projection: Int] = [:]
    var outputs: [Projection: Int] = [:]
    for projection in Projection.allCases {
      inputs[projection] = projection == .downProj ? 11_008 : 4096
      outputs[projection] = projection == .gateProj || projection == .upProj ? 11_008 : 4096
    }
    return try ProjectionShapes(inputs: inputs, outputs: outputs)
  }
}
