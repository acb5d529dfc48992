import Testing
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaTestSupport

struct ComparisonTests {
  private static let primary: JSONValue = [
    "metric": "kl", "contrast": "routed - uniform", "at": ["s": 0.5],
  ]
  private static let cell: JSONValue = ["s": 0.5]

  /// Twelve documents whose divergence is about `level`, the same in both halves.
  private func documents(_ level: Double, spread: Double = 0.01) -> [(
    first: Double, second: Double
  )] {
    (0..<12).map { index in
      let value = level + spread * (Double(index * 7 % 12) / 11 - 0.5)
      return (value, value)
    }
  }

  private func board(routed: Double, spread: Double = 0.01) throws -> Scoreboard {
    var board = try Scoreboard()
    board.cells = [Self.cell]
    board.primary = Self.primary
    board.add("uniform")
    board.add("routed", centring: "group", grouped: true, route: "classifier", clusters: 0)
    board.entries = [
      .init(arm: "uniform", halves: documents(0.2)),
      .init(arm: "routed", halves: documents(routed, spread: spread)),
    ]
    return board
  }

  private func row(
    _ report: ComparisonReport, _ contrast: String = "routed - uniform", _ metric: String = "kl",
    cell: [String: JSONValue]? = nil
  ) throws -> ContrastRow {
    try #require(
      report.contrasts.first {
        $0.contrast == contrast && $0.metric == metric && (cell == nil || $0.cell == cell)
      })
  }

  @Test func verdictsSayWhatWasFound() throws {
    var verdicts = [
      "better: " + (try board(routed: 0.15).report().verdict ?? "none"),
      "worse: " + (try board(routed: 0.25).report().verdict ?? "none"),
      "no difference: " + (try board(routed: 0.2005, spread: -0.05).report().verdict ?? "none"),
    ]
    var absent = try board(routed: 0.15)
    absent.entries[1].notApplicable = "the score reaches at most 0.4"
    verdicts.append("not applicable: " + (try absent.report().verdict ?? "none"))
    var unequal = try board(routed: 0.15)
    unequal.entries[1].sparsity = 0.4
    verdicts.append("unequal: " + (try unequal.report().verdict ?? "none"))
    var elsewhere = try board(routed: 0.15)
    elsewhere.cells = [[:]]
    verdicts.append("elsewhere: " + (try elsewhere.report().verdict ?? "none"))
    var undeclared = try board(routed: 0.15)
    undeclared.primary = nil
    verdicts.append("undeclared: " + (try undeclared.report().verdict ?? "none"))
    try expectGolden(verdicts.joined(separator: "\n") + "\n", "WinaStages/verdicts.txt")
  }

  @Test func everyMeasuredNumberHasAnInterval() throws {
    var board = try board(routed: 0.15)
    board.entries[1].sparsity = 0.4
    let rows = try board.report().rows.filter { $0.arm == "routed" }
    #expect(
      Set(rows.map(\.metric)).isSuperset(of: [
        "kl", "nll", "perplexity", "bits_per_byte", "agreement", "sparsity_gated", "sparsity_all",
        "macs_per_token", "paper_macs_per_token",
      ]))
    for row in rows where row.label != "macro" || row.metric != "perplexity" {
      let value = try #require(row.value)
      let low = try #require(row.low, "\(row.metric) \(row.label ?? "")")
      let high = try #require(row.high)
      let slack = 1e-9 * max(1, abs(value))
      #expect(low <= value + slack && value <= high + slack, "\(row.metric)")
      #expect(row.n > 1)
    }
  }

  @Test func theBaselineIsInterpolatedToTheArmsCompute() throws {
    var board = try board(routed: 0.15)
    board.cells = [["s": 0.25], ["s": 0.5]]
    board.entries = [
      .init(arm: "uniform", cell: 0, halves: documents(0.1), sparsity: 0.25),
      .init(arm: "routed", cell: 0, halves: documents(0.05), sparsity: 0.25),
      .init(arm: "uniform", cell: 1, halves: documents(0.3), sparsity: 0.5),
      .init(arm: "routed", cell: 1, halves: documents(0.15), sparsity: 0.45),
    ]
    let row = try row(board.report(), cell: ["s": 0.5])
    // At s = 0.45 the baseline lies four fifths of the way from 0.1 to 0.3: at 0.26.
    #expect(abs((row.difference ?? 0) + 0.11) < 1e-6)
    #expect(row.note == "baseline interpolated to equal MACs")
    #expect(row.test == "paired sign-flip permutation")
    #expect(row.isPrimary)
    #expect(abs((row.sparsityGap ?? 0) + 5) < 0.01)
  }

  @Test func aSmallGapInSparsityIsBridgedAndALargeOneIsNot() throws {
    var board = try board(routed: 0.15)
    board.entries[1].overhead = 3
    let near = try row(board.report())
    #expect(near.difference != nil)
    #expect(near.note?.contains("within half a point") == true)
    board.entries[1].sparsity = 0.49
    let far = try row(board.report())
    #expect(far.difference == nil)
    #expect(far.p == nil)
    #expect(far.note?.contains("differ in compute") == true)
  }

  @Test func whatDoesNotApplyHasNoNumbersAnywhere() throws {
    var board = try board(routed: 0.15)
    board.add("cats", score: "cats")
    board.entries.append(.init(arm: "cats", notApplicable: "at most 0.4"))
    let report = try board.report()
    let own = report.rows.filter { $0.arm == "cats" }
    #expect(own.map(\.value) == [nil])
    #expect(own.first?.note == "at most 0.4")
    let contrast = try row(report, "cats - uniform")
    #expect(contrast.difference == nil)
    #expect(contrast.p == nil && contrast.pHolm == nil)
    #expect(contrast.note == "at most 0.4")
    #expect(try row(report).difference != nil)
  }

  @Test func holmCorrectsAllButThePrimaryEndpoint() throws {
    var board = try board(routed: 0.15)
    board.add("other")
    board.entries.append(.init(arm: "other", halves: documents(0.2005, spread: -0.02)))
    let rows = try board.report().contrasts
    let declared = try #require(rows.first { $0.isPrimary })
    #expect(rows.filter(\.isPrimary).count == 1)
    #expect(declared.pHolm == nil)
    let others = rows.filter { !$0.isPrimary }
    #expect(others.count == 3)
    let least = try #require(others.compactMap(\.p).min())
    #expect(others.compactMap(\.pHolm).min() == min(1, 3 * least))
    for row in others { #expect(try #require(row.pHolm) >= #require(row.p)) }
  }

  @Test func theBestRouteIsComparedOnSecondHalvesOnBothSides() throws {
    var board = try board(routed: 0.15)
    board.arms.removeLast()
    board.add("routed", grouped: true, route: "best", clusters: 0)
    board.entries[0].halves = (0..<12).map { (first: 9 + Double($0), second: 0.2) }
    board.entries[1].halves = (0..<12).map { (first: 0, second: 0.1 + 0.001 * Double($0)) }
    let report = try board.report()
    let contrast = try row(report)
    #expect(abs((contrast.difference ?? 0) - (0.1055 - 0.2)) < 1e-6)
    #expect(contrast.note == "equal MACs, second half of the scored tokens")
    let noted = try #require(report.rows.first { $0.arm == "routed" && $0.metric == "kl" })
    #expect(noted.note?.contains("second half") == true)
    #expect(report.rows.allSatisfy { $0.arm == "routed" || $0.note == nil })
  }

  @Test func curvesFollowOneAxisOnly() throws {
    func area(_ cells: [(s: Double, k: Int)]) throws -> ComparisonReport.Fact? {
      var board = try board(routed: 0.15)
      board.cells = cells.map { ["s": .double($0.s), "clusters.k": .int($0.k)] }
      board.primary = [
        "metric": "kl", "contrast": "routed - uniform", "at": ["s": 0.5, "clusters.k": 4],
      ]
      board.add("dense", score: nil)
      board.entries = cells.enumerated().flatMap { index, cell -> [Scoreboard.Entry] in
        // Eight clusters are much better than four, which is no matter of compute.
        let own = cell.s * (cell.k == 8 ? 0.01 : 0.5)
        return [
          .init(arm: "dense", cell: index, halves: documents(0), sparsity: 0),
          .init(arm: "uniform", cell: index, halves: documents(cell.s), sparsity: cell.s),
          .init(arm: "routed", cell: index, halves: documents(own), sparsity: cell.s + 0.001),
        ]
      }
      return try board.report().facts.first { $0.name.contains("mean along the curves") }
    }
    let four = [(0.25, 4), (0.5, 4), (0.65, 4)].map { (s: $0.0, k: $0.1) }
    let alone = try #require(try area(four))
    let both = try #require(try area(four + four.map { (s: $0.s, k: 8) }))
    #expect(abs((both.value ?? 0) - (alone.value ?? 1)) < 1e-9)
    let two = [(0.25, 4), (0.5, 4), (0.25, 8), (0.5, 8)].map { (s: $0.0, k: $0.1) }
    #expect(try area(two) == nil, "two sparsities make no curve")
  }

  @Test func labelsOfOneSampleDoNotNarrowIntervals() throws {
    var board = try board(routed: 0.15, spread: 0.1)
    board.entries = board.entries.map { entry in
      var entry = entry
      entry.labels = (0..<12).map { "label \($0)" }
      return entry
    }
    let contrast = try row(board.report())
    let (low, high) = (try #require(contrast.low), try #require(contrast.high))
    #expect(high - low > 0.01, "[\(low), \(high)]")
  }

  @Test func armsOfEqualResultsAreNotCalledNoDifferent() throws {
    let verdict = try board(routed: 0.2).report().verdict
    #expect(
      verdict?.contains("both gave the same results on every sample") == true, "\(verdict ?? "")")
  }

  /// What one arm leaves out is left out of both sides of its differences.
  @Test func samplesThatOneArmLeavesOutAreNotCompared() throws {
    var board = try board(routed: 0.15)
    board.arms.removeLast()
    board.add("routed", grouped: true, route: "best", clusters: 0)
    board.add("twin", centring: "global")
    board.entries.append(.init(arm: "twin", halves: documents(0.3)))
    board.entries[1].unscored = [0, 3, 7]
    board.primary = ["metric": "kl", "contrast": "twin - routed"]
    let rest = documents(0).indices.filter { ![0, 3, 7].contains($0) }
    let expected =
      rest.reduce(0.0) { $0 + documents(0.3)[$1].second - documents(0.15)[$1].second } / 9
    let found = try row(board.report(), "twin - routed")
    #expect(abs((found.difference ?? 0) - expected) < 1e-6, "\(found)")
    #expect(found.n == 9)
  }

  @Test func samplesOfOneTokenCannotChooseAProfile() throws {
    var board = try board(routed: 0.15)
    board.arms.removeLast()
    board.add("routed", grouped: true, route: "best", clusters: 0)
    board.entries[1].unscored = Array(0..<12)
    let report = try board.report()
    let rows = report.rows.filter { $0.arm == "routed" }
    #expect(rows.map(\.value) == [nil])
    #expect(rows.first?.note?.contains("two scored tokens") == true)
    #expect(report.verdict?.hasPrefix("No verdict") == true)
  }

  @Test func aModelThatGuessesIsNamed() throws {
    var board = try Scoreboard()
    board.add("zero", score: nil)
    board.add("uniform")
    // Samples of label `even` are right 6 times of 6, those of `odd` 4 times; two choices each.
    let right = [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0]
    board.entries = [.init(arm: "zero", right: right), .init(arm: "uniform", right: right)]
    let name = "labels at which zero cannot be told from guessing"
    let fact = try #require(try board.report().facts.first { $0.name == name })
    #expect(fact.value == 1)
    #expect(
      fact.text == "1 of 2: odd (66.7 % [30.0 %, 90.3 %] of 6, guessing 50.0 %); "
        + "compare likelihoods there")
    board.entries = [
      .init(arm: "zero", halves: documents(0)), .init(arm: "uniform", halves: documents(0.2)),
    ]
    #expect(try !board.report().facts.contains { $0.name == name })
  }

  @Test func answersAreComparedByMcNemar() throws {
    var board = try board(routed: 0)
    board.primary = ["metric": "acc", "contrast": "routed - uniform", "at": ["s": 0.5]]
    board.entries = [
      .init(arm: "uniform", right: [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0]),
      .init(arm: "routed", right: [1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0]),
    ]
    let report = try board.report()
    let contrast = try row(report, "routed - uniform", "acc")
    // b = 7 and c = 1: 2 · (1 + 8) / 256.
    #expect(abs((contrast.p ?? 0) - 18.0 / 256) < 1e-12)
    #expect(contrast.test == "McNemar, exact")
    #expect(contrast.difference == 0.5)
    #expect(report.policy.hasPrefix("dense_prefix 1; prompt gated"))
  }

  @Test func gainsAreHeldAgainstThoseOfRandomClusters() throws {
    var board = try board(routed: 0.15)
    board.add("pooled", centring: "global")
    board.add("assigned", centring: "group", grouped: true, route: "assign", clusters: 0)
    board.add(
      "random", centring: "group", grouped: true, route: "assign", clusters: 1, isControl: true)
    board.entries += [
      .init(arm: "pooled", halves: documents(0.2)),
      .init(arm: "assigned", halves: documents(0.17)),
      .init(arm: "random", halves: documents(0.19)),
      .init(arm: "random", control: 1, halves: documents(0.16)),
      .init(arm: "random", control: 2, halves: documents(0.19)),
      .init(arm: "random", control: 3, halves: documents(0.21)),
    ]
    let report = try board.report()
    #expect(report.nulls.count == 1)
    let null = try #require(report.nulls.first)
    #expect(null.arm == "assigned" && null.controlArm == "random" && null.baseline == "pooled")
    #expect(abs(null.observed - 0.03) < 1e-9)
    #expect(null.null.count == 3)
    #expect(null.p == 0.5)
    #expect(report.verdict?.contains("'assigned' against 3 random clusterings: p = 0.5") == true)
  }

  @Test func agreementOfClustersAndLabelsHasAPValue() throws {
    var board = try board(routed: 0.15)
    let shard = try board.lab.shards(StageLab.records(12), sizes: [12])[0]
    board.clusters = [
      try board.lab.run("cluster", ["algorithm": "label"], ["tokens": [.artifact(shard.tokens)]])
    ]
    let facts = try board.report().facts
    let agreement = try #require(facts.first { $0.name.hasSuffix("agreement with labels") })
    #expect(agreement.name == "clusters of routed: agreement with labels")
    #expect(agreement.value == 1)
    #expect(agreement.text.contains("p of AMI = 0.001 by 1000 shuffles of the labels"))
    // All toy documents have equally many routing tokens.
    #expect(!agreement.text.contains("bins of length"))
    // Where lengths tell the labels apart, clusters add nothing to them.
    var artifact = try board.lab.load(board.clusters[0], as: ClusteringArtifact.self)
    artifact.lengths = artifact.clustering.labels.map { 5 + 10 * $0 }
    board.clusters = [board.lab.context.store(try artifact.encoded())]
    let within = try #require(
      try board.report().facts.first { $0.name.hasSuffix("agreement with labels") })
    #expect(
      within.text.hasSuffix(
        "= 1.0 by shuffles within 3 bins of length, which alone give AMI 1.0"))
    #expect(facts.first?.text == "3 groups of 4, 4, 4 samples")
  }

  @Test func armsOfOtherSamplesCannotBeCompared() throws {
    var board = try board(routed: 0.15)
    board.entries[1].halves.removeLast()
    #expect(throws: (any Error).self) { try board.report() }
  }

  @Test func shardsMustDivideOverTheArms() throws {
    let board = try board(routed: 0.15)
    #expect(throws: (any Error).self) {
      try board.lab.run(
        "compare",
        [
          "cells": [[:]], "arms": [], "bootstrap": 200, "permutations": 200, "seed": 1,
          "entries": [["cell": 0, "arm": "a"], ["cell": 0, "arm": "b"]],
        ],
        [
          "results": [.artifact(board.lab.context.store(ArtifactPayload(metadata: [:])))],
          "model": [.leaf(board.lab.model)],
        ])
    }
  }
}
