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

  /// The baseline's other score is no point of its curve, although its compute lies beyond the arm's.
  @Test func curvesOfOtherAxesAreNotInterpolated() throws {
    var board = try Scoreboard()
    board.cells = [["score": "teal"], ["score": "wina"]]
    board.primary = ["metric": "kl", "contrast": "grouped - pooled", "at": ["score": "wina"]]
    board.add("pooled")
    board.add("grouped", grouped: true, route: "assign", clusters: 0)
    board.entries = [
      .init(arm: "pooled", cell: 0, halves: halves(0.1), sparsity: 0.4),
      .init(arm: "grouped", cell: 0, halves: halves(0.2), sparsity: 0.45),
      .init(arm: "pooled", cell: 1, halves: halves(0.5), sparsity: 0.5),
      .init(arm: "grouped", cell: 1, halves: halves(0.2), sparsity: 0.45),
    ]
    func primary() throws -> ContrastRow? { try board.report().contrasts.first(where: \.isPrimary) }
    #expect(try primary()?.note?.contains("interpolated") == true)
    board.options["curve_axes"] = ["s"]
    #expect(try primary()?.difference == nil)
    #expect(try primary()?.note?.contains("sweep does not reach") == true)
  }

  @Test func aCurveThatSavesLittleHasNoArea() throws {
    var board = try Scoreboard()
    board.cells = [["s": 0.05], ["s": 0.1], ["s": 0.2]]
    board.primary = ["metric": "kl", "contrast": "grouped - pooled", "at": ["s": 0.1]]
    board.add("dense", score: nil)
    board.add("pooled")
    board.add("grouped", grouped: true, route: "assign", clusters: 0)
    for (cell, sparsity) in [0.05, 0.1, 0.2].enumerated() {
      board.entries += [
        .init(arm: "dense", cell: cell, halves: halves(0), sparsity: 0),
        .init(arm: "pooled", cell: cell, halves: halves(0.3), sparsity: sparsity),
        .init(arm: "grouped", cell: cell, halves: halves(0.2), sparsity: sparsity),
      ]
    }
    board.options["area"] = [0.9, 0.95]
    let fact = try #require(try fact(board, "mean along the curves"))
    #expect(fact.value == nil && fact.text == "n/a: the curves do not overlap")
  }

  /// Documents have no accuracy: they are in no interval and no contrast of it.
  @Test func accuracyIsOfSamplesThatAreAnswered() throws {
    var board = try Scoreboard()
    board.primary = ["metric": "acc", "contrast": "grouped - pooled"]
    board.add("pooled")
    board.add("grouped", grouped: true, route: "assign", clusters: 0)
    let wrong = [0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1]
    let right = [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 1]
    board.entries = [
      .init(arm: "pooled", right: wrong, documents: [0, 1, 2, 3]),
      .init(arm: "grouped", right: right, documents: [0, 1, 2, 3]),
    ]
    let report = try board.report()
    let row = try #require(
      report.rows.first { $0.arm == "grouped" && $0.metric == "acc" && $0.label == nil })
    #expect(row.value == 7.0 / 8 && row.n == 8)
    #expect(try #require(row.low) <= 7.0 / 8 && #require(row.high) >= 7.0 / 8)
    let contrast = try #require(report.contrasts.first { $0.isPrimary })
    #expect(contrast.difference == 2.0 / 8 && contrast.n == 8)
    #expect(report.rows.contains { $0.metric == "perplexity" && $0.label == nil })
  }

  @Test func numbersBeyondAllBoundsAreNotAvailable() throws {
    var board = try board()
    board.entries[0].halves = halves(1e4)
    let row = try #require(
      try board.report().rows.first {
        $0.arm == "uniform" && $0.metric == "perplexity" && $0.label == nil
      })
    #expect(row.value == nil && row.n == 12 && row.note == "larger than a number can be")
  }

  /// Arms of several sparsities in one cell: each has the counterpart that was fitted like it.
  @Test func counterpartsHaveTheSameProfile() throws {
    var board = try Scoreboard()
    for (place, level) in [0.2, 0.6].enumerated() {
      board.add("pooled\(place)", centring: "global", profile: place)
      board.add(
        "assigned\(place)", centring: "group", grouped: true, route: "assign", clusters: 0,
        profile: place)
      board.add(
        "routed\(place)", centring: "group", grouped: true, route: "classifier", clusters: 0,
        profile: place)
      board.entries += [
        .init(arm: "pooled\(place)", halves: halves(level + 0.1)),
        .init(arm: "assigned\(place)", halves: halves(level)),
        .init(arm: "routed\(place)", halves: halves(level + 0.01)),
      ]
    }
    let report = try board.report()
    #expect(report.contrasts.contains { $0.contrast == "routed1 - pooled1" })
    let parts = report.facts.filter { $0.name.contains("its parts") }.map(\.text)
    #expect(parts.count == 2)
    #expect(parts.allSatisfy { $0.contains(") 0.01 [0.01, 0.01]") }, "\(parts)")
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
