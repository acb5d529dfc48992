import Testing
import WinaSparsity
import WinaTensor
import WinaTestSupport

/// Gates that remove what a group hardly ever uses and threshold the rest.
struct HybridGateTests {
  @Test func countsAreThoseOfScoresAboveTheThreshold() throws {
    var random = SeededGenerator(seed: 4)
    let inputs = Projection.allCases.map { ToyCapture.widths[$0.stream] ?? 0 }
    let norms = (0..<6).map { _ in random.float(in: 0.5...2) }
    let mean = (0..<6).map { _ in random.float(in: -0.5...0.5) }
    let gates: [Projection: ActivityCounter.Threshold] = [
      .kProj: .init(value: 0.7, norms: norms, mean: mean), .vProj: .init(value: 0.4),
    ]
    var counter = ActivityCounter(thresholds: [[[:]], [gates]], inputs: inputs)
    let values = random.normals(5 * 6)
    counter.add(tokens: 3, group: 1)
    counter.add(values, rows: 1..<4, group: 1, layer: 0, stream: .attentionInput)
    let counts = try counter.finish()
    #expect(counts.tokens == [0, 3])
    for column in 0..<6 {
      var expected: (k: UInt64, v: UInt64) = (0, 0)
      for row in 1..<4 {
        let x = values[row * 6 + column]
        if abs(x - mean[column]) * norms[column] > 0.7 { expected.k += 1 }
        if abs(x) > 0.4 { expected.v += 1 }
      }
      let k = counts.counts(group: 1, layer: 0, projection: .kProj)
      let v = counts.counts(group: 1, layer: 0, projection: .vProj)
      #expect(k[k.startIndex + column] == expected.k)
      #expect(v[v.startIndex + column] == expected.v)
    }
    #expect(counts.counts(group: 1, layer: 0, projection: .qProj).allSatisfy { $0 == 0 })
    #expect(counts.counts(group: 0, layer: 0, projection: .kProj).allSatisfy { $0 == 0 })
    #expect(try (counts + counts).tokens == [0, 6])
    #expect(throws: SparsityError.self) {
      try counts
        + ActivityCounts(
          tokens: [1], layers: 1, inputs: inputs, counts: Array(repeating: 0, count: 46))
    }
  }

  @Test func onlyInputsThatAreSurelyInactiveAreRemoved() throws {
    let toy = try ToyCapture(layers: 1, methods: [.teal])
    let set = try HistogramSet.pooled([toy.capture(seeds: Array(1...20))])
    let inputs = Projection.allCases.map { ToyCapture.widths[$0.stream] ?? 0 }
    // Of 1000 tokens 2 are active: P(X ≤ 2 | n = 1000, p = 0.01) = 0.0027; with 5 it is 0.066.
    var counts = [UInt64](repeating: 500, count: inputs.reduce(0, +))
    (counts[0], counts[1], counts[2]) = (2, 5, 0)
    let activity = try ActivityCounts(tokens: [1000], layers: 1, inputs: inputs, counts: counts)
    let options = ProfileOptions(method: .teal, target: .sparsity(0.5), gate: .hybrid)
    let profile = try SparsityProfile.fit(
      set, shapes: toy.shapes, options: options, evidence: ProfileEvidence(activity: activity))
    let plain = try SparsityProfile.fit(
      set, shapes: toy.shapes, options: ProfileOptions(method: .teal, sparsity: 0.5))
    #expect(
      profile.gate(group: 0, layer: 0, projection: .qProj)
        == .hybrid(threshold(plain, .qProj), [false, true, false, true, true, true]))
    #expect(
      profile.gate(group: 0, layer: 0, projection: .oProj)
        == .hybrid(threshold(plain, .oProj), [Bool](repeating: true, count: 6)))
    // What is removed zeroes two more scores in 6000 of q_proj, which has 6 · 6 of 366 weights.
    let more = profile.summary.expectedSparsity - plain.summary.expectedSparsity
    #expect(abs(more - 2.0 / 6000 * 36 / Double(try toy.shapes.parameters)) < 1e-9)
    let removed = try #require(profile.summary.removed?.first)
    #expect(abs(removed - 2.0 / Double(inputs.reduce(0, +))) < 1e-12)
    #expect(throws: SparsityError.self) {
      try SparsityProfile.fit(set, shapes: toy.shapes, options: options)
    }
  }

  private func threshold(_ profile: SparsityProfile, _ projection: Projection) -> Float {
    guard case .threshold(let value) = profile.gate(group: 0, layer: 0, projection: projection)
    else { return .nan }
    return value
  }
}
