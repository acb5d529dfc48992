import Testing
import WinaEvaluation
import WinaPipeline
import WinaStages

/// What a comparison adds when it is asked to: parts of a gain, seeds, other corrections, subjects.
struct ComparisonOptionTests {
  private func halves(
    _ level: Double, _ spread: (Int) -> Double = { Double($0 % 5) * 0.002 }
  ) -> [(first: Double, second: Double)] {
    (0..<12).map { (level + spread($0), level + spread($0)) }
  }

  private func board() throws -> Scoreboard {
    var board = try Scoreboard()
    board.primary = ["metric": "kl", "contrast": "routed - uniform"]
    board.add("uniform")
    board.add("centred", centring: "global")
    board.add("assigned", centring: "group", grouped: true, route: "assign", clusters: 0)
    board.add("routed", centring: "group", grouped: true, route: "classifier", clusters: 0)
    board.entries = [
      .init(arm: "uniform", halves: halves(0.5)),
      .init(arm: "centred", halves: halves(0.3)),
      .init(arm: "assigned", halves: halves(0.2)),
      .init(arm: "routed", halves: halves(0.22)),
    ]
    return board
  }

  private func fact(_ board: Scoreboard, _ name: String) throws -> ComparisonReport.Fact? {
    try board.report().facts.first { $0.name.contains(name) }
  }

  @Test func aGainIsTakenApart() throws {
    let board = try board()
    let fact = try #require(try fact(board, "its parts"))
    #expect(fact.name == "routed - uniform in kl: its parts")
    #expect(abs((fact.value ?? 0) + 0.28) < 1e-9)
    #expect(
      fact.text
        == "-0.28 [-0.28, -0.28], of which mechanism (centred - uniform) -0.2 [-0.2, -0.2], "
        + "clusters (assigned - centred) -0.1 [-0.1, -0.1], routing (routed - assigned) "
        + "0.02 [0.02, 0.02]; n = 12")
  }

  @Test func aPartWithoutEqualComputeIsNotAvailable() throws {
    var board = try board()
    board.entries[1].sparsity = 0.3
    let fact = try #require(try fact(board, "its parts"))
    #expect(fact.text.contains("mechanism (centred - uniform) n/a"))
    #expect(fact.text.contains("routing (routed - assigned) 0.02"))
    board.arms.removeAll { $0["name"] == "assigned" }
    board.entries.removeAll { $0.arm == "assigned" }
    #expect(try self.fact(board, "its parts") == nil)
  }

  @Test func discoveriesAreCorrectedInsteadOfErrors() throws {
    var board = try board()
    board.options = ["correction": "bh"]
    let rows = try board.report().contrasts
    let others = rows.filter { !$0.isPrimary }
    #expect(rows.allSatisfy { $0.pHolm == nil })
    #expect(rows.first(where: \.isPrimary)?.q == nil)
    let values = others.compactMap(\.p).sorted()
    let found = others.compactMap(\.q).sorted()
    #expect(found.count == values.count && values.count > 2)
    var expected = values
    for rank in values.indices.reversed() {
      let next = rank + 1 < expected.count ? expected[rank + 1] : 1
      expected[rank] = min(next, values[rank] * Double(values.count) / Double(rank + 1))
    }
    #expect(found == expected)
  }

  @Test func seedsShareTheVarianceWithSamples() throws {
    var board = try board()
    board.options = ["seeds": "clusters"]
    #expect(try fact(board, "other seeds") == nil)
    board.entries += [
      .init(arm: "routed", seed: 1, halves: halves(0.24)),
      .init(arm: "routed", seed: 2, halves: halves(0.26)),
    ]
    let fact = try #require(try fact(board, "other seeds"))
    #expect(fact.name == "routed - uniform under other seeds of 'clusters'")
    #expect(abs((fact.value ?? 0) + 0.26) < 1e-9)
    // Seeds at −0.28, −0.26 and −0.24 and no other spread: σ² = 0.0004.
    #expect(
      fact.text.hasPrefix(
        "mean -0.26 over 3 seeds, least -0.28, most -0.24; standard deviation between seeds beyond "
          + "that of samples 0.02, between samples 0, of the rest 0; standard error"))
    #expect(try board.report().rows.filter { $0.arm == "routed" && $0.metric == "kl" }.count > 0)
    // Repetitions are not arms of their own.
    let plain = try self.board().report()
    #expect(try board.report().rows == plain.rows)
    #expect(try board.report().contrasts == plain.contrasts)
  }

  /// A baseline that depends on the stage too meets each arm under the same seed, not under the spec's own.
  @Test func anArmMeetsTheBaselineOfItsSeed() throws {
    var board = try board()
    board.options = ["seeds": "clusters"]
    board.entries += [
      .init(arm: "routed", seed: 1, halves: halves(0.24)),
      .init(arm: "uniform", seed: 1, halves: halves(0.44)),
      .init(arm: "routed", seed: 2, halves: halves(0.26)),
      .init(arm: "uniform", seed: 2, halves: halves(0.47)),
    ]
    let fact = try #require(try fact(board, "other seeds"))
    #expect(fact.text.hasPrefix("mean -0.23 over 3 seeds, least -0.28, most -0.2;"))
  }

  @Test func samplesOfOneSubjectAreDrawnTogether() throws {
    var board = try board()
    // Pairs of samples of a label have one subject and one difference: twelve samples say what six do.
    let spread: (Int) -> Double = { [0.05, -0.01, 0.02][$0 / 4] }
    board.entries[3].halves = halves(0.45, spread)
    let alone = try #require(try board.report().contrasts.first(where: \.isPrimary))
    board.options = ["resample": "subject"]
    board.subjects = (0..<12).map { "passage \($0 / 4)" }
    let report = try board.report()
    let together = try #require(report.contrasts.first { $0.isPrimary })
    #expect(together.difference == alone.difference)
    let width = { (row: ContrastRow) in (row.high ?? 0) - (row.low ?? 0) }
    #expect(width(together) > 1.1 * width(alone))
    #expect(together.n == 12)
    #expect((together.p ?? 0) > (alone.p ?? 1))
    #expect(report.policy.hasSuffix("drawn together, 6 subjects or samples without one"))
    // Without subjects every sample is its own.
    board.subjects = Array(repeating: "", count: 12)
    #expect(try board.report().contrasts.first(where: \.isPrimary)?.low == alone.low)
    // One subject for all leaves nothing to draw.
    board.subjects = Array(repeating: "all", count: 12)
    for index in board.entries.indices { board.entries[index].label = "one" }
    let one = try #require(try board.report().contrasts.first(where: \.isPrimary))
    #expect(one.difference == nil && one.note == "all samples have one subject")
  }
}
