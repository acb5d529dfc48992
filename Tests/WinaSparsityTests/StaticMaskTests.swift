import Testing
import WinaSparsity
import WinaTensor

/// Masks that do not depend on the token.
struct StaticMaskTests {
  private let toy: ToyCapture
  private let shard: ShardCapture
  private let grouped: HistogramSet

  init() throws {
    toy = try ToyCapture(layers: 2, methods: [.winaAll, .teal])
    let labels = (0..<40).map { $0 % 2 }
    shard = try toy.capture(
      seeds: (0..<40).map { UInt64($0 + 1) }, groups: labels, shift: { Float($0) * 0.6 })
    grouped = try HistogramSet.grouped([shard], labels: labels, names: ["a", "b"])
  }

  private func fit(
    _ target: ProfileTarget, _ set: HistogramSet, method: ScoreMethod = .teal,
    centring: CentringKind = .none
  ) throws -> SparsityProfile {
    try SparsityProfile.fit(
      set, shapes: toy.shapes,
      options: ProfileOptions(
        method: method, target: target, gate: .fixed, centring: centring, minimumTokens: 10),
      evidence: ProfileEvidence(norms: toy.norms))
  }

  private func mask(_ profile: SparsityProfile, _ group: Int, _ projection: Projection) -> [Bool] {
    guard case .fixed(let mask) = profile.gate(group: group, layer: 1, projection: projection)
    else { return [] }
    return mask
  }

  /// E[s²] of one group straight from the samples' moments.
  private func importance(
    _ group: Int, _ projection: Projection, method: ScoreMethod, centred: Bool = false
  ) throws -> [Double] {
    let layout = toy.layout
    let range = layout.channelRange(projection.stream)
    let members = (0..<40).filter { $0 % 2 == group }
    return try range.enumerated().map { place, channel in
      func mean(_ values: [Float]) -> Double {
        members.reduce(0) {
          $0 + Double(values[($1 * layout.layers + 1) * layout.channels + channel])
        } / Double(members.count)
      }
      var square = mean(try shard.gatedMoments.meanSquare)
      if centred {
        let centre = mean(try shard.gatedMoments.mean)
        square -= centre * centre
      }
      let norm =
        method == .winaAll
        ? Double(try toy.norms.norms(layer: 1, projection: projection)[place]) : 1
      return square * norm * norm
    }
  }

  @Test(arguments: [ScoreMethod.teal, .winaAll], [false, true])
  func aMaskKeepsTheInputsOfTheHighestMeanSquaredScore(
    method: ScoreMethod, centred: Bool
  ) throws {
    let profile = try fit(
      .sparsity(0.5), grouped, method: method, centring: centred ? .group : .none)
    for group in 0..<2 {
      for projection in [Projection.qProj, .gateProj, .downProj] {
        let mask = mask(profile, group, projection)
        let values = try importance(group, projection, method: method, centred: centred)
        let kept = mask.indices.filter { mask[$0] }
        let dropped = mask.indices.filter { !mask[$0] }
        #expect(!kept.isEmpty && !dropped.isEmpty)
        let least = kept.map { values[$0] }.min() ?? 0
        let most = dropped.map { values[$0] }.max() ?? 0
        #expect(least > most * (1 - 1e-5))
      }
    }
  }

  @Test func theBudgetCountsTheOutputsThatNobodyReads() throws {
    let shapes = try toy.shapes
    let profile = try fit(.sparsity(0.6), grouped)
    for group in 0..<2 {
      var used = 0.0
      for layer in 0..<2 {
        func share(_ projection: Projection) -> Double {
          guard
            case .fixed(let mask) = profile.gate(
              group: group, layer: layer, projection: projection)
          else { return 1 }
          return Double(mask.filter { $0 }.count) / Double(mask.count)
        }
        for projection in Projection.allCases {
          let units = projection == .gateProj || projection == .upProj ? share(.downProj) : 1
          used += share(projection) * units * Double(shapes.parameters(of: projection))
        }
      }
      let sparsity = 1 - used / Double(2 * shapes.parameters)
      #expect(abs(sparsity - profile.summary.groupSparsity[group]) < 1e-9)
    }
    // With inputs as narrow as these one more or less moves the sparsity by several points.
    #expect(abs(profile.summary.expectedSparsity - 0.6) < 0.08)
    #expect(profile.summary.methodSparsity < 0.6)
    #expect(profile.summary.removed?.count == 2)
  }

  @Test func coverageKeepsTheFewestInputsThatCarryIt() throws {
    let profile = try fit(.coverage(0.9), grouped)
    #expect(profile.summary.coverage == 0.9)
    #expect(profile.summary.sparsity == profile.summary.expectedSparsity)
    for projection in [Projection.oProj, .upProj, .downProj] {
      let values = try importance(1, projection, method: .teal)
      let kept = mask(profile, 1, projection).filter { $0 }.count
      let sorted = values.sorted(by: >)
      let total = values.reduce(0, +)
      #expect(sorted[..<kept].reduce(0, +) >= 0.9 * total * (1 - 1e-6))
      #expect(sorted[..<(kept - 1)].reduce(0, +) < 0.9 * total * (1 + 1e-6))
    }
    let all = try fit(.coverage(1), grouped)
    #expect(all.summary.expectedSparsity == 0)
  }

  @Test func aGroupsMaskCoversItBetterThanThePooledOne() throws {
    let pooled = try fit(.sparsity(0.5), HistogramSet.pooled([shard]))
    let own = try fit(.sparsity(0.5), grouped)
    for group in 0..<2 {
      let values = try importance(group, .downProj, method: .teal)
      func covered(_ mask: [Bool]) -> Double {
        zip(values, mask).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
      }
      #expect(covered(mask(own, group, .downProj)) >= covered(mask(pooled, 0, .downProj)))
    }
  }

  @Test func scoresWithoutAnyMassAndMissingNormsAreDefined() throws {
    #expect(throws: SparsityError.self) {
      try SparsityProfile.fit(
        grouped, shapes: toy.shapes,
        options: ProfileOptions(
          method: .winaAll, target: .sparsity(0.5), gate: .fixed, minimumTokens: 10))
    }
    #expect(throws: SparsityError.self) {
      try SparsityProfile.fit(
        grouped, shapes: toy.shapes,
        options: ProfileOptions(method: .teal, target: .coverage(0.9), minimumTokens: 10))
    }
    let zeros = Dictionary(
      uniqueKeysWithValues: Projection.allCases.map {
        ($0, [Float](repeating: 0, count: ToyCapture.widths[$0.stream] ?? 0))
      })
    let none = ColumnNorms(layers: [zeros, zeros])
    let profile = try SparsityProfile.fit(
      grouped, shapes: toy.shapes,
      options: ProfileOptions(
        method: .winaAll, target: .coverage(0.9), gate: .fixed, minimumTokens: 10),
      evidence: ProfileEvidence(norms: none))
    #expect(mask(profile, 0, .downProj) == [true] + [Bool](repeating: false, count: 9))
  }
}
