import Foundation
import Testing
import WinaSparsity
import WinaStatistics
import WinaTensor
import WinaTestSupport

/// Thresholds of groups between the pooled one and their own.
struct ThresholdPoolingTests {
  private let toy: ToyCapture
  private let shard: ShardCapture
  private let labels: [Int]
  private let set: HistogramSet

  /// Three groups whose scores differ in scale by their shift.
  init() throws {
    toy = try ToyCapture(layers: 2, methods: [.wina, .teal])
    labels = (0..<60).map { $0 % 3 }
    shard = try toy.capture(
      seeds: (0..<60).map { UInt64($0 + 1) }, groups: labels, shift: { Float($0) * 0.7 })
    set = try HistogramSet.grouped([shard], labels: labels, names: ["a", "b", "c"])
  }

  private func fit(_ beta: Double, _ shrinkage: Shrinkage = .none) throws -> SparsityProfile {
    try SparsityProfile.fit(
      set, shapes: toy.shapes,
      options: ProfileOptions(
        method: .teal, target: .sparsity(0.5), minimumTokens: 10, beta: beta, shrinkage: shrinkage))
  }

  private func threshold(_ profile: SparsityProfile, _ group: Int) throws -> Double {
    guard
      case .threshold(let value) = profile.gate(group: group, layer: 1, projection: .oProj)
    else { throw MissingThreshold() }
    return Double(value)
  }

  @Test func betaOneIsTheGroupsOwnAndBetaZeroThePooled() throws {
    let own = try fit(1)
    let slot = ScoreSlot.stream(.outputInput)
    for group in 0..<3 {
      #expect(
        try threshold(own, group)
          == set.quantile(group: group, layer: 1, slot: slot, 0.5)
          .roundedToFloat)
    }
    let pooled = try fit(0)
    let values = try (0..<3).map { try threshold(pooled, $0) }
    #expect(values[0] == values[1] && values[1] == values[2])
    #expect(abs(values[0] - (try set.quantile(group: nil, layer: 1, slot: slot, 0.5))) < 0.01)
    #expect(pooled.summary.beta == 0 && own.summary.beta == nil)
  }

  @Test(arguments: [0.25, 0.5, 0.75])
  func betweenThemThresholdsAreGeometricAndTheBudgetHolds(beta: Double) throws {
    let profile = try fit(beta)
    let own = profile.summary.methodSparsity
    let slot = ScoreSlot.stream(.outputInput)
    for group in 0..<3 {
      let pooled = try set.quantile(group: nil, layer: 1, slot: slot, own)
      let mine = try set.quantile(group: group, layer: 1, slot: slot, own)
      let expected = exp((1 - beta) * log(pooled) + beta * log(mine))
      #expect(abs(try threshold(profile, group) - expected) < 1e-5 * expected)
    }
    #expect(abs(profile.summary.expectedSparsity - 0.5) < 2e-3)
    // The groups' own sparsities move from those at the pooled threshold to one for all.
    let spread = { (profile: SparsityProfile) in
      (profile.summary.groupSparsity.max() ?? 0) - (profile.summary.groupSparsity.min() ?? 0)
    }
    #expect(spread(profile) < spread(try fit(0)))
    #expect(spread(profile) > spread(try fit(1)))
  }

  @Test func shrinkageByVarianceKeepsGroupsThatDifferAndPoolsThoseThatDoNot() throws {
    let distinct = try fit(1, .variance)
    let weights = try #require(distinct.summary.ownWeights)
    #expect(weights.allSatisfy { $0 > 0.8 && $0 < 1 })
    #expect(abs(distinct.summary.expectedSparsity - 0.5) < 2e-3)
    let alike = try toy.capture(seeds: (0..<60).map { UInt64($0 + 1) }, groups: labels)
    let same = try HistogramSet.grouped([alike], labels: labels, names: ["a", "b", "c"])
    let pooled = try SparsityProfile.fit(
      same, shapes: toy.shapes,
      options: ProfileOptions(
        method: .teal, target: .sparsity(0.5), minimumTokens: 10, shrinkage: .variance))
    let own = try #require(pooled.summary.ownWeights)
    #expect(own.allSatisfy { $0 < 0.5 })
  }

  @Test func aGroupOfOneSampleHasNoWeight() throws {
    let few = [0] + labels.dropFirst().map { max($0, 1) }
    let capture = try toy.capture(seeds: few.indices.map { UInt64($0 + 1) }, groups: few)
    let set = try HistogramSet.grouped([capture], labels: few, names: ["a", "b", "c"])
    #expect(set.samples[0] == 1)
    let profile = try SparsityProfile.fit(
      set, shapes: toy.shapes,
      options: ProfileOptions(
        method: .teal, target: .sparsity(0.5), minimumTokens: 1, shrinkage: .variance))
    #expect(profile.summary.ownWeights?[0] == 0)
  }

  @Test func anAllocationThatEndsAtTheTargetIsNoError() throws {
    struct Beyond: Error {}
    var evidence = ProfileEvidence()
    evidence.allocation = { _, target in
      guard target <= 0.5 else { throw Beyond() }
      return (0..<2).map { _ in Projection.allCases.map { _ in target } }
    }
    let profile = try SparsityProfile.fit(
      set, shapes: toy.shapes,
      options: ProfileOptions(
        method: .teal, target: .sparsity(0.5), minimumTokens: 10, beta: 0.5),
      evidence: evidence)
    #expect(abs(profile.summary.expectedSparsity - 0.5) < 0.05)
    evidence.allocation = { _, _ in throw Beyond() }
    #expect(throws: Beyond.self) {
      try SparsityProfile.fit(
        set, shapes: toy.shapes,
        options: ProfileOptions(
          method: .teal, target: .sparsity(0.5), minimumTokens: 10, beta: 0.5),
        evidence: evidence)
    }
  }

  @Test func mixingInPooledTokensIsMixingDistributions() throws {
    let slot = ScoreSlot.stream(.mlpInput)
    let tokens = 200.0
    let mixed = try set.quantile(
      group: 2, layer: 0, slot: slot, 0.4, mixedWithPooledTokens: tokens)
    // F_mixed at the mixed quantile is the mixture of the two distribution functions there.
    let size = Double(set.tokens[2])
    let own = try set.fraction(group: 2, layer: 0, slot: slot, atOrBelow: mixed)
    let pooled = try set.fraction(group: nil, layer: 0, slot: slot, atOrBelow: mixed)
    #expect(abs((size * own + tokens * pooled) / (size + tokens) - 0.4) < 3e-3)
    #expect(
      try set.quantile(group: 2, layer: 0, slot: slot, 0.4, mixedWithPooledTokens: 0)
        == set.quantile(group: 2, layer: 0, slot: slot, 0.4))
    let profile = try fit(1, .tokens(1e9))
    let low = try threshold(profile, 0)
    #expect(abs(low - (try threshold(profile, 2))) < 1e-3 * low)
  }

  @Test func theSpreadIsTheVarianceOfABootstrapOfSamples() throws {
    let slot = ScoreSlot.stream(.downInput)
    let index = try set.layout.index(of: slot)
    let members = (0..<60).filter { labels[$0] == 1 }
    let threshold = try set.quantile(group: 1, layer: 1, slot: slot, 0.5)
    let bin = ScoreSketch.bin(ofPattern: Int(Float16(threshold).bitPattern))
    let cells = set.layout.layers * set.layout.slots.count
    let cell = 1 * set.layout.slots.count + index
    func counts(_ sample: Int) -> (below: Double, all: Double) {
      let start = (sample * cells + cell) * ScoreSketch.binCount
      let row = shard.sketches[start..<(start + ScoreSketch.binCount)].map(Double.init)
      return (row[...bin].reduce(0, +), row.reduce(0, +))
    }
    let pairs = members.map(counts)
    var random = RandomStream(seed: 5)
    let shares = (0..<4000).map { _ -> Double in
      let drawn = members.map { _ in pairs[random.index(below: pairs.count)] }
      return drawn.reduce(0) { $0 + $1.below } / drawn.reduce(0) { $0 + $1.all }
    }
    let mean = shares.reduce(0, +) / Double(shares.count)
    let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(shares.count)
    let found = Double(set.spread[(1 * cells + cell) * ScoreSketch.binCount + bin])
    #expect(abs(found / variance - 1) < 0.1)
  }
}

extension Double {
  fileprivate var roundedToFloat: Double { Double(Float(self)) }
}

/// The gate is not a threshold.
private struct MissingThreshold: Error {}
