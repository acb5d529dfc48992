import Testing
import WinaPipeline
import WinaSparsity
import WinaStages

/// What a comparison says of routers and policies.
struct RouterFactsTests {
  private let lab: StageLab
  private let test: StageLab.Shard
  private let clusters, specific, uniform, dense: ContentDigest
  private let training: StageLab.Shard

  init() throws {
    lab = try StageLab()
    training = try lab.shards(StageLab.records(24), sizes: [24])[0]
    test = try lab.shards(StageLab.records(24, seed: 7), sizes: [24])[0]
    clusters = try lab.kmeans([training])
    specific = try lab.profile(
      lab.histogram([training.capture], groups: clusters), sparsity: 0.5)
    uniform = try lab.profile(lab.histogram([training.capture]), sparsity: 0.5)
    dense = try lab.evaluate(test)
  }

  /// The facts of a comparison of a routed arm with its own rule and a fallback.
  private func facts(
    _ params: [String: JSONValue], more: [String: ContentDigest] = [:]
  ) throws -> [String: ComparisonReport.Fact] {
    let router = try lab.classifier(training, params, clusters: clusters, more: more)
    let policy: [String: JSONValue] = ["policy": "fallback", "confidence": 0.95]
    let results = [
      dense,
      try lab.evaluate(
        test, route: "assign", profile: specific, dense: dense, clusters: clusters),
      try lab.evaluate(
        test, route: "classifier", profile: specific, dense: dense, router: router),
      try lab.evaluate(
        test, route: "classifier", profile: specific, dense: dense, router: router,
        fallback: uniform, policy: policy),
    ]
    let names = ["dense", "assigned", "routed", "unsure"]
    let arms = names.map { name -> JSONValue in
      var arm: [String: JSONValue] = [
        "name": .string(name), "isGrouped": .bool(name != "dense"), "isControl": false,
      ]
      guard name != "dense" else { return .object(arm) }
      arm["score"] = "wina"
      arm["gate"] = "threshold"
      arm["centring"] = "none"
      arm["clusters"] = 0
      arm["route"] = name == "assigned" ? "assign" : "classifier"
      if name != "assigned" { arm["router"] = 0 }
      if name == "unsure" { arm["policy"] = "fallback" }
      return .object(arm)
    }
    let made = try lab.run(
      "compare",
      [
        "cells": [[:]], "arms": .array(arms), "bootstrap": 200, "permutations": 200, "seed": 1,
        "entries": .array(names.map { ["cell": 0, "arm": .string($0)] }),
      ],
      [
        "results": results.map(BoundInput.artifact), "clusters": [.artifact(clusters)],
        "routers": [.artifact(router)], "model": [.leaf(lab.model)],
      ])
    let report = try lab.load(made, as: ComparisonArtifact.self).report
    return Dictionary(report.facts.map { ($0.name, $0) }) { first, _ in first }
  }

  @Test func aCalibratedRouterIsMeasuredOnScoredSamples() throws {
    let other = try lab.shards(StageLab.records(24, seed: 4), sizes: [24])[0]
    func regrets(_ shard: StageLab.Shard) throws -> ContentDigest {
      try lab.classifier(shard, ["part": "regret"], more: ["profile": specific])
    }
    let facts = try facts(
      ["features": "embedding", "model": "nearest_centroid", "seed": 1, "leave_out": true],
      more: [
        "validation_tokens": other.tokens, "validation_capture": other.capture,
        "regrets": regrets(training), "validation_regrets": regrets(other),
      ])
    let scored = try #require(facts["routed: router on scored samples"])
    #expect(scored.value == facts["routed: agreement with assigned on scored samples"]?.value)
    #expect(scored.text.contains("McNemar p against the majority"))
    #expect(scored.text.contains("calibration error"))
    let lost = try #require(facts["routed: divergence lost to routing on scored samples"])
    #expect(lost.text.contains(" ["))
    let names = facts.keys.filter { $0.hasPrefix("router of routed, unsure: ") }
    let kinds = names.map { $0.dropFirst("router of routed, unsure: ".count) }
    #expect(
      Set(kinds) == [
        "accuracy on its training samples", "accuracy on validation samples",
        "calibration error", "labels left out of training", "learning curve", "size",
        "regret on validation samples",
      ])
    let share = try #require(facts["unsure: samples sent to the fallback"])
    #expect((0...1).contains(share.value ?? -1))
  }

  /// What depends on the swept sparsity is that of the primary endpoint and says so; what does not is
  /// said once.
  @Test func factsOfASweepNameTheirCells() throws {
    let other = try lab.shards(StageLab.records(24, seed: 4), sizes: [24])[0]
    // A router that is wrong: it knows one sample.
    let one = try lab.shards(StageLab.records(24), sizes: [1])[0]
    let router = try lab.classifier(
      one, ["features": "embedding", "model": "nearest_centroid", "seed": 1], clusters: clusters,
      more: ["validation_tokens": other.tokens, "validation_capture": other.capture])
    let grouped = try lab.histogram([training.capture], groups: clusters)
    let profiles = try [0.9, 0.3].map { try lab.profile(grouped, sparsity: $0) }
    let results = try profiles.flatMap { profile in
      [
        dense,
        try lab.evaluate(
          test, route: "assign", profile: profile, dense: dense, clusters: clusters),
        try lab.evaluate(
          test, route: "classifier", profile: profile, dense: dense, router: router),
      ]
    }
    func facts(_ cells: Range<Int>, primary: Double?) throws -> [String: ComparisonReport.Fact] {
      let names = ["dense", "assigned", "routed"]
      let arms = names.map { name -> JSONValue in
        guard name != "dense" else {
          return ["name": "dense", "isGrouped": false, "isControl": false]
        }
        var arm: [String: JSONValue] = [
          "name": .string(name), "isGrouped": true, "isControl": false, "score": "wina",
          "gate": "threshold", "centring": "none", "clusters": 0,
          "route": name == "assigned" ? "assign" : "classifier",
        ]
        if name == "routed" { arm["router"] = 0 }
        return .object(arm)
      }
      var params: [String: JSONValue] = [
        "cells": .array(cells.map { ["s": .double([0.9, 0.3][$0])] }), "arms": .array(arms),
        "bootstrap": 200, "permutations": 200, "seed": 1,
        "entries": .array(
          cells.indices.flatMap { cell in
            names.map { ["cell": .int(cell - cells.lowerBound), "arm": .string($0)] }
          }),
      ]
      params["primary"] = primary.map {
        ["metric": "kl", "contrast": "routed - assigned", "at": ["s": .double($0)]]
      }
      let made = try lab.run(
        "compare", .object(params),
        [
          "results": results[cells.lowerBound * 3..<cells.upperBound * 3].map(BoundInput.artifact),
          "clusters": cells.map { _ in .artifact(clusters) },
          "routers": cells.map { _ in .artifact(router) }, "model": [.leaf(lab.model)],
        ])
      let report = try lab.load(made, as: ComparisonArtifact.self).report
      return Dictionary(report.facts.map { ($0.name, $0) }) { first, _ in first }
    }
    let both = try facts(0..<2, primary: 0.3)
    for name in ["agreement with assigned on scored samples", "router on scored samples"] {
      #expect(both["routed: \(name)"] != nil && both["routed [s=0.3]: \(name)"] == nil)
    }
    #expect(both["clusters of assigned, routed: groups"] != nil)
    let lost = "divergence lost to routing on scored samples"
    #expect(both["routed: \(lost)"] == nil && both["routed [s=0.9]: \(lost)"] == nil)
    let found = try #require(both["routed [s=0.3]: \(lost)"])
    let alone = try #require(try facts(1..<2, primary: 0.3)["routed: \(lost)"])
    #expect(found.value == alone.value && found.text == alone.text)
    let first = try #require(try facts(0..<1, primary: nil)["routed: \(lost)"])
    #expect(first.value != found.value)
    #expect(try facts(0..<2, primary: nil)["routed [s=0.9]: \(lost)"]?.value == first.value)
  }

  @Test func aPlainRouterHasNothingMoreToSay() throws {
    let facts = try facts(["features": "embedding", "model": "nearest_centroid"])
    #expect(facts["routed: router on scored samples"] == nil)
    #expect(facts.keys.filter { $0.hasPrefix("router of ") }.count == 1)
    #expect(facts["routed: agreement with assigned on scored samples"] != nil)
  }
}
