import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaStages

/// Made-up scores of arms, compared by the compare stage.
struct Scoreboard {
  /// Scores of an arm in a cell: for every sample its divergence a token in the first and in the
  /// second half, or whether its answer was right.
  struct Entry {
    var arm: String
    var cell = 0
    var control: Int?
    var seed: Int?
    /// The label of all samples, or nil for two in turn.
    var label: String?
    /// The label of every sample, instead.
    var labels: [String] = []
    /// The samples that have no scored token left.
    var unscored: [Int] = []
    var halves: [(first: Double, second: Double)] = []
    var right: [Int] = []
    /// The samples that are documents although others are multiple choice.
    var documents: [Int] = []
    var sparsity = 0.5
    /// MACs of a row beyond those of the kept weights.
    var overhead = 0.0
    var notApplicable: String?
  }

  /// Tokens in each half of a document.
  static let half = 5
  private static let rows = 100

  let lab: StageLab
  private let cost: CostModel
  private let shape: ModelShape
  var cells: [JSONValue] = [[:]]
  var arms: [JSONValue] = []
  var entries: [Entry] = []
  var primary: JSONValue?
  var clusters: [ContentDigest] = []
  /// More parameters.
  var options: [String: JSONValue] = [:]
  /// The subject of every sample.
  var subjects: [String] = []

  init() throws {
    lab = try StageLab()
    shape = ModelShape(try lab.language.configuration)
    cost = CostModel(shape)
  }

  /// Describes an arm as planning does.
  mutating func add(
    _ name: String, score: String? = "wina", centring: String = "none", grouped: Bool = false,
    route: String? = nil, clusters: Int? = nil, profile: Int? = nil, isControl: Bool = false
  ) {
    var arm: [String: JSONValue] = [
      "name": .string(name), "isGrouped": .bool(grouped), "isControl": .bool(isControl),
    ]
    if let score {
      arm["score"] = .string(score)
      arm["gate"] = "threshold"
      arm["centring"] = .string(centring)
    }
    arm["route"] = route.map(JSONValue.string)
    arm["clusters"] = clusters.map(JSONValue.int)
    arm["profile"] = profile.map(JSONValue.int)
    arm["settings"] = profile.map { ["sparsity": .int($0)] }
    arms.append(.object(arm))
  }

  /// Two cells with a pooled arm, a grouped one, and its control.
  static func sample() throws -> Scoreboard {
    var board = try Scoreboard()
    board.cells = [["s": 0.25], ["s": 0.5]]
    board.primary = ["metric": "kl", "contrast": "grouped - pooled", "at": ["s": 0.5]]
    board.add("pooled", centring: "global")
    board.add("grouped", centring: "group", grouped: true, route: "assign", clusters: 0)
    board.add("best", grouped: true, route: "best", clusters: 0)
    board.add(
      "random", centring: "group", grouped: true, route: "assign", clusters: 1, isControl: true)
    for (cell, level) in [0.1, 0.3].enumerated() {
      func halves(_ factor: Double) -> [(first: Double, second: Double)] {
        (0..<12).map { index in
          let base = level * factor
          return (base + 0.003 * Double(index % 5), base - 0.002 * Double(index % 7))
        }
      }
      let sparsity = cell == 0 ? 0.25 : 0.5
      board.entries += [
        Entry(arm: "pooled", cell: cell, halves: halves(1), sparsity: sparsity),
        Entry(arm: "grouped", cell: cell, halves: halves(0.9), sparsity: sparsity - 0.01),
        Entry(arm: "best", cell: cell, halves: halves(0.85), sparsity: sparsity),
        Entry(arm: "random", cell: cell, halves: halves(0.99), sparsity: sparsity),
      ]
    }
    for control in 1...4 {
      board.entries.append(
        Entry(
          arm: "random", cell: 1, control: control,
          halves: (0..<12).map { (0.3 - 0.001 * Double(control * $0), 0.29) }))
    }
    return board
  }

  func report() throws -> ComparisonReport {
    let results = try entries.map { entry in
      BoundInput.artifact(lab.context.store(try shard(entry).encoded()))
    }
    var params: [String: JSONValue] = [
      "cells": .array(cells), "arms": .array(arms), "bootstrap": 200, "permutations": 500,
      "seed": 1, "dense_prefix": 1, "route_tokens": 8,
      "entries": .array(
        entries.map { entry in
          var object: [String: JSONValue] = ["cell": .int(entry.cell), "arm": .string(entry.arm)]
          object["control"] = entry.control.map(JSONValue.int)
          object["seed"] = entry.seed.map(JSONValue.int)
          return .object(object)
        }),
    ]
    params["primary"] = primary
    params.merge(options) { $1 }
    let tokens = subjects.isEmpty ? [] : [BoundInput.artifact(try scoredTokens())]
    let made = try lab.run(
      "compare", .object(params),
      [
        "results": results, "clusters": clusters.map(BoundInput.artifact),
        "scored_tokens": tokens, "subject_tokens": tokens, "model": [.leaf(lab.model)],
      ])
    return try lab.load(made, as: ComparisonArtifact.self).report
  }

  /// Tokens of samples of ``subjects``.
  private func scoredTokens() throws -> ContentDigest {
    var shard = try lab.load(
      lab.tokenize(StageLab.records(subjects.count)), as: TokenizedShard.self)
    for index in subjects.indices { shard.samples[index].subject = subjects[index] }
    shard.digests = subjects.indices.map { SHA256.digest(of: "sample \($0)") }
    return lab.context.store(try shard.encoded())
  }

  /// MACs of a row of an arm at a sparsity, as its scores say.
  func macs(_ sparsity: Double) -> Double { (1 - sparsity) * cost.linearMACs }

  private func shard(_ entry: Entry) -> EvaluationShard {
    let count = max(entry.halves.count, entry.right.count)
    let samples = entry.notApplicable == nil ? count : 0
    let scores = (0..<samples).map { index in
      let label = entry.labels.isEmpty ? entry.label : entry.labels[index]
      var score = SampleScore(label: label ?? (index % 2 == 0 ? "even" : "odd"), kind: .document)
      score.rows = Scoreboard.rows
      score.gatedRows = Scoreboard.rows
      score.usedWeights = used(entry.sparsity)
      score.macs.linear = (macs(entry.sparsity) + entry.overhead) * Double(Scoreboard.rows)
      if entry.right.isEmpty {
        score.first = sums(entry.halves[index].first)
        score.second = sums(entry.halves[index].second)
      } else {
        score.kind = entry.documents.contains(index) ? .document : .choices
        score.second = sums(0.1)
        score.accuracy = entry.right[index]
        score.normalizedAccuracy = entry.right[index]
        score.logLikelihoods = [-1, -2]
        score.isGreedy = [true, false]
      }
      return entry.unscored.contains(index) ? score.unscored() : score
    }
    let digests = (0..<12).map { SHA256.digest(of: "sample \($0)") }
    return EvaluationShard(
      digests: entry.notApplicable == nil ? Array(digests.prefix(samples)) : digests,
      scores: scores, groups: [], divergence: entry.notApplicable == nil ? .kl : nil,
      references: nil, notApplicable: entry.notApplicable)
  }

  private func sums(_ kl: Double) -> TokenSums {
    TokenSums(
      tokens: Scoreboard.half, bytes: 10, words: 2, nll: Double(Scoreboard.half) * (2 + kl),
      kl: Double(Scoreboard.half) * kl, agreements: 3)
  }

  private func used(_ sparsity: Double) -> [UInt64] {
    (0..<shape.layers).flatMap { _ in
      zip(shape.inputs, shape.outputs).map {
        UInt64(((1 - sparsity) * Double($0 * $1 * Scoreboard.rows)).rounded())
      }
    }
  }
}
