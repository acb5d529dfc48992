import Foundation
import Testing
import WinaSparsity
import WinaTensor
import WinaTestSupport

/// How targets are divided over projections and layers.
struct AllocationTests {
  // MARK: Greedy

  /// Llama-3-8B: q and o have 4096 · 4096 weights, k and v a quarter, the others 3.5 times as many.
  private static let llama3: [Double] = [1, 0.25, 0.25, 1, 3.5, 3.5, 3.5]

  private func path(
    _ search: GreedySearch, error: (Int, Double) -> Double
  ) -> GreedyPath {
    search.run(error: error) { _, sparsities, error in
      GreedyPath.Row(
        effective: search.effective(sparsities), error: error, uniformError: 0,
        heldOutError: .nan, heldOutUniformError: .nan, sparsities: sparsities)
    }
  }

  @Test func stepsAddTheEffectiveSparsityOfThePapersCode() throws {
    // O2: 0.05 / 13 a step, and 0.25 after 65 of them.
    let search = try GreedySearch(
      weights: Self.llama3.map { $0 * 16_777_216 }, step: 0.05, end: 0.3)
    let path = path(search) { projection, sparsity in sparsity * Double(projection + 1) }
    #expect(abs(path.rows[0].effective - 0.003_846_2) < 5e-8)
    #expect(abs(path.rows[1].effective - 0.007_692_3) < 5e-8)
    #expect(abs(path.rows[64].effective - 0.25) < 1e-12)
    #expect(path.rows.count == 78)
  }

  @Test func everyStepIsTheCheapestOneAndPathsGrow() throws {
    var random = SeededGenerator(seed: 8)
    let harm = (0..<7).map { _ in Double.random(in: 0.2...3, using: &random) }
    let weights = (0..<7).map { _ in Double.random(in: 0.3...4, using: &random) }
    let search = try GreedySearch(weights: weights, step: 0.04, end: 0.7)
    var current = [Double](repeating: 0, count: 7)
    func error(_ projection: Int, _ sparsity: Double) -> Double {
      var all = current
      all[projection] = sparsity
      return zip(harm, all).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
    }
    let path = search.run(error: error) { _, sparsities, found in
      // No other projection's step would have harmed less.
      for other in 0..<7 {
        let next = current[other] + 0.04 / (weights[other] / weights[0])
        if next <= GreedySearch.largest { #expect(error(other, next) >= found) }
      }
      current = sparsities
      return GreedyPath.Row(
        effective: search.effective(sparsities), error: found, uniformError: 0, heldOutError: 0,
        heldOutUniformError: 0, sparsities: sparsities)
    }
    for (row, next) in zip(path.rows, path.rows.dropFirst()) {
      #expect(abs(next.effective - row.effective - search.increment) < 1e-9)
      #expect(zip(row.sparsities, next.sparsities).allSatisfy { $0 <= $1 })
      #expect(zip(row.sparsities, next.sparsities).filter { $0 != $1 }.count == 1)
    }
    #expect(path.rows.allSatisfy { $0.sparsities.allSatisfy { $0 <= GreedySearch.largest } })
    for target in stride(from: 0.0, through: 0.7, by: 0.013) {
      let found = try path.sparsities(at: target)
      #expect(abs(search.effective(found) - target) < 1e-9)
    }
  }

  @Test func aSearchThatCanGoNoFurtherEnds() throws {
    let search = try GreedySearch(weights: [1, 1], step: 0.4, end: 0.9)
    let path = path(search) { _, _ in 1 }
    // Two steps of 0.4 fit below 0.99, twice.
    #expect(path.rows.count == 4)
    #expect(throws: SparsityError.self) { try path.sparsities(at: 0.85) }
    // Ties go to the first projection.
    #expect(path.rows[0].sparsities == [0.4, 0])
    for (step, end) in [(0.0, 0.5), (0.05, 0), (0.05, 1), (-0.1, 0.5)] {
      #expect(throws: SparsityError.self) {
        try GreedySearch(weights: [1], step: step, end: end)
      }
    }
    #expect(throws: SparsityError.self) { try GreedySearch(weights: [], step: 0.1, end: 0.5) }
  }

  @Test func errorsAreThoseOfTheirDefinitions() {
    // Two sequences of 4 and 2 rows of 2 features; of the first the last row is the last quarter.
    let dense: [Float] = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2]
    var output = dense
    output[6] = 4
    output[7] = 5
    output[10] = 2.5
    let sequences = [0..<4, 4..<6]
    func value(_ error: BlockError, gated: [Int] = [0, 0]) -> Double {
      error.value(output, dense: dense, sequences: sequences, gated: gated, width: 2)
    }
    // Norms along the last quarter: (3 + 4) / 2, then (0.5 + 0) / 2 for the row 1 of two.
    #expect(abs(value(.teal) - 3.75) < 1e-6)
    #expect(abs(value(.tokenNorm) - 5.5 / 6) < 1e-6)
    #expect(abs(value(.tokenNorm, gated: [3, 2]) - 5) < 1e-6)
    #expect(abs(value(.relative) - (25.25 / 24).squareRoot()) < 1e-6)
    #expect(value(.tokenNorm, gated: [4, 2]) == 0)
    #expect(value(.relative, gated: [4, 2]) == 0)
  }

  // MARK: Lagrangian

  private func curve(_ error: (Double) -> Double) throws -> ErrorCurve {
    try ErrorCurve(ErrorCurve.grid.map(error))
  }

  @Test func divisionMeetsTheBudgetAndNoOtherOnTheGridIsBetter() throws {
    var random = SeededGenerator(seed: 21)
    let curves = try (0..<3).map { _ -> ErrorCurve in
      let (scale, power) = (
        Double.random(in: 0.5...2, using: &random), Double.random(in: 1.2...3, using: &random)
      )
      return try curve { scale * pow($0, power) }
    }
    let weights = [1.0, 2, 4]
    for target in [0.1, 0.35, 0.5, 0.8] {
      let found = try ErrorCurve.divide(target, over: curves, weights: weights)
      let total = zip(weights, found).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(total / 7 - target) < 1e-9)
      func cost(_ sparsities: [Double]) -> Double {
        zip(curves, sparsities).reduce(0) { $0 + $1.0.value(at: $1.1) }
      }
      var best = Double.infinity
      for a in ErrorCurve.grid {
        for b in ErrorCurve.grid {
          let c = (target * 7 - a - 2 * b) / 4
          guard c >= 0, c <= 0.95 else { continue }
          best = min(best, cost([a, b, c]))
        }
      }
      #expect(cost(found) <= best + 1e-9)
    }
  }

  @Test func hullsAreConvexAndBelowTheirCurves() throws {
    var random = SeededGenerator(seed: 5)
    let jagged = try ErrorCurve(
      [0] + (1..<20).map { Double($0) * 0.1 + Double.random(in: -0.08...0.08, using: &random) })
    // Two modules with the same jagged curve share a target so that their mean is the target.
    let found = try ErrorCurve.divide(0.4, over: [jagged, jagged], weights: [1, 1])
    #expect(abs(found[0] + found[1] - 0.8) < 1e-9)
    // A module whose error never grows takes all it can.
    let free = try curve { _ in 0 }
    let dear = try curve { $0 * $0 }
    #expect(try ErrorCurve.divide(0.475, over: [free, dear], weights: [1, 1])[0] == 0.95)
    #expect(throws: SparsityError.self) {
      try ErrorCurve.divide(0.96, over: [free, dear], weights: [1, 1])
    }
    #expect(throws: SparsityError.self) { try ErrorCurve([0, 1]) }
    #expect(throws: SparsityError.self) { try curve { $0 > 0.5 ? .nan : 0 } }
  }

  // MARK: Depth

  @Test(arguments: [0.0, 0.25, 0.5, 0.7, 0.9], [0, 1])
  func schedulesMeetTheirTargetAndRiseWithDepth(target: Double, dense: Int) throws {
    let schedule = DepthSchedule(centre: 0.3, slope: 4, denseLast: dense)
    guard target < 0.85 || dense == 0 else { return }
    let found = try schedule.sparsities(layers: 12, target: target)
    #expect(abs(found.reduce(0, +) / 12 - target) < 1e-9)
    let gated = found.prefix(12 - dense)
    #expect(zip(gated, gated.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(found.suffix(dense).allSatisfy { $0 == 0 })
    #expect(found.allSatisfy { $0 <= DepthSchedule.largest })
  }

  @Test func schedulesHaveEndsAndDegenerateForms() throws {
    #expect(throws: SparsityError.self) {
      try DepthSchedule(denseLast: 6).sparsities(layers: 12, target: 0.5)
    }
    let flat = try DepthSchedule(slope: 0).sparsities(layers: 5, target: 0.4)
    #expect(flat.allSatisfy { abs($0 - 0.4) < 1e-9 })
    #expect(abs(try DepthSchedule().sparsities(layers: 1, target: 0.4)[0] - 0.4) < 1e-9)
  }

  // MARK: Profiles

  @Test func profilesTakeTheDivisionOfTheirGroup() throws {
    let toy = try ToyCapture(layers: 2, methods: [.teal])
    let labels = (0..<20).map { $0 % 2 }
    let set = try HistogramSet.grouped(
      [toy.capture(seeds: (0..<20).map { UInt64($0 + 1) })], labels: labels, names: ["a", "b"])
    let shapes = try toy.shapes
    let weights = Projection.allCases.map { Double(shapes.parameters(of: $0)) }
    let rising = try (0..<14).map { module in
      try curve { pow($0, 2) * Double(module % 7 + 1) }
    }
    let falling = try (0..<14).map { module in
      try curve { pow($0, 2) * Double(8 - module % 7) }
    }
    let allocation = try Allocation(
      evidence: .lagrangian([rising, falling]), groups: ["a", "b"], layers: 2, weights: weights)
    for gate in [GateKind.threshold, .topK] {
      let profile = try SparsityProfile.fit(
        set, shapes: shapes,
        options: ProfileOptions(
          method: .teal, target: .sparsity(0.5), gate: gate, minimumTokens: 10),
        evidence: {
          var evidence = ProfileEvidence()
          evidence.allocation = { try allocation.sparsities(group: $0, target: $1) }
          evidence.hasOwnAllocations = true
          return evidence
        }())
      for group in 0..<2 {
        let division = try allocation.sparsities(group: group, target: 0.5)
        #expect((division[0][0] > division[0][6]) == (group == 0))
        switch profile.gate(group: group, layer: 1, projection: .oProj) {
        case .threshold(let value):
          let expected = try set.quantile(
            group: group, layer: 1, slot: .stream(.outputInput), division[1][3])
          #expect(value == Float(expected))
        case .keep(let count):
          #expect(count == Int((6 * (1 - division[1][3]) + 1e-9).rounded(.down)))
        default: Issue.record("no gate")
        }
        if gate == .threshold {
          #expect(abs(profile.summary.groupSparsity[group] - 0.5) < 0.02)
        }
      }
    }
    #expect(throws: SparsityError.self) { try allocation.sparsities(group: 2, target: 0.5) }
    #expect(throws: SparsityError.self) { try allocation.sparsities(group: 0, target: 1) }
    #expect(throws: SparsityError.self) {
      try Allocation(evidence: .lagrangian([rising]), groups: ["a"], layers: 3, weights: weights)
    }
  }

  @Test func theReservoirDoesNotDependOnOrder() {
    let digests: [[UInt8]] = (0..<50).map { index in
      (0..<32).map { place -> UInt8 in UInt8((index * 37 + place * 11) % 251) }
    }
    let hashes = digests.map { SampleReservoir.hash(of: $0, seed: 4) }
    #expect(Set(hashes).count == 50)
    #expect(hashes == digests.map { SampleReservoir.hash(of: $0, seed: 4) })
    #expect(hashes != digests.map { SampleReservoir.hash(of: $0, seed: 5) })
  }
}
