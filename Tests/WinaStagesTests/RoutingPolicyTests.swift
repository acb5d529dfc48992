import Testing
import WinaEvaluation
import WinaPipeline
import WinaSparsity
import WinaStages

/// What arms make of their routes.
struct RoutingPolicyTests {
  private let lab: StageLab
  private let shard: StageLab.Shard
  private let clusters, specific, uniform, router, dense: ContentDigest

  init() throws {
    lab = try StageLab()
    shard = try lab.shards(StageLab.records(24), sizes: [24])[0]
    clusters = try lab.kmeans([shard])
    specific = try lab.profile(
      lab.histogram([shard.capture], groups: clusters), sparsity: 0.5)
    uniform = try lab.profile(lab.histogram([shard.capture]), sparsity: 0.5)
    router = try lab.classifier(
      shard, ["features": "embedding", "model": "logistic", "l2": 0.5], clusters: clusters)
    dense = try lab.evaluate(shard)
  }

  private func routed(
    _ policy: [String: JSONValue] = [:], router: ContentDigest? = nil
  ) throws -> EvaluationShard {
    try lab.load(
      lab.evaluate(
        shard, route: "classifier", profile: specific, dense: dense,
        router: router ?? self.router,
        fallback: policy["policy"] == "fallback" ? uniform : nil, policy: policy),
      as: EvaluationShard.self)
  }

  private func assigned(_ policy: [String: JSONValue] = [:]) throws -> EvaluationShard {
    try lab.load(
      lab.evaluate(
        shard, route: "assign", profile: specific, dense: dense, clusters: clusters,
        policy: policy), as: EvaluationShard.self)
  }

  @Test func uncertainSamplesFallBackToThePooledProfile() throws {
    let hard = try routed()
    let pooled = try lab.load(
      lab.evaluate(shard, route: "pooled", profile: uniform, dense: dense),
      as: EvaluationShard.self)
    let middle = hard.confidences.sorted()[12]
    let found = try routed(["policy": "fallback", "confidence": .double(middle)])
    #expect(found.confidences == hard.confidences)
    for index in found.scores.indices {
      let isSure = hard.confidences[index] >= middle
      #expect(found.groups[index] == (isSure ? hard.groups[index] : -1))
      var expected = isSure ? hard.scores[index] : pooled.scores[index]
      // Telling unknown inputs costs as much as three means in 24 dimensions.
      expected.macs.router = hard.scores[index].macs.router + 72
      #expect(found.scores[index] == expected)
    }
    #expect(Set(found.groups.map { $0 == -1 }).count == 2)
    #expect(try routed(["policy": "fallback", "confidence": 0.01]).groups == hard.groups)
  }

  @Test func unknownInputsFallBack() throws {
    // The router was trained on the first label alone, so the others are out of its reach.
    let records = StageLab.records(24).enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
    let part = try lab.shards(records, sizes: [records.count])[0]
    let narrow = try lab.classifier(
      part, ["features": "embedding", "model": "knn", "neighbours": 1], clusters: clusters)
    let trained = try lab.load(narrow, as: RouterArtifact.self).router
    try #require(!trained.summary.isMajority)
    let found = try routed(["policy": "fallback", "confidence": 0.01], router: narrow)
    for index in 0..<24 where index % 3 == 0 { #expect(found.groups[index] >= 0) }
    #expect(found.groups.contains(-1))
  }

  @Test func labelsThatNoGroupHasFallBack() throws {
    let records = StageLab.records(24).enumerated().filter { $0.offset % 3 != 0 }.map(\.element)
    let part = try lab.shards(records, sizes: [records.count])[0]
    let labels = try lab.run(
      "cluster", ["algorithm": "label"], ["tokens": [.artifact(part.tokens)]])
    let profile = try lab.profile(
      lab.run(
        "histogram", [:], ["capture": [.artifact(part.capture)], "groups": [.artifact(labels)]]),
      sparsity: 0.5)
    func run(_ policy: [String: JSONValue]) throws -> EvaluationShard {
      try lab.load(
        lab.evaluate(
          shard, route: "assign", profile: profile, dense: dense, clusters: labels,
          fallback: uniform, policy: policy), as: EvaluationShard.self)
    }
    #expect(throws: (any Error).self) { try run([:]) }
    let found = try run(["policy": "fallback"])
    for index in 0..<24 { #expect((found.groups[index] == -1) == (index % 3 == 0)) }
  }

  @Test func aMixtureOfOneGroupIsThatGroup() throws {
    let hard = try routed()
    #expect(try routed(["policy": "blend", "top": 1]).scores == hard.scores)
    let two = try routed(["policy": "blend", "top": 2])
    let all = try routed(["policy": "blend"])
    #expect(two.groups == hard.groups && all.groups == hard.groups)
    #expect(two.scores != hard.scores)
    #expect(all.scores != two.scores)
    // Mixed thresholds zero about as much as those that they lie between.
    let zeroed = zip(all.scores, hard.scores).map {
      Double($0.macs.linear) / Double($1.macs.linear)
    }
    #expect(zeroed.allSatisfy { abs($0 - 1) < 0.1 })
  }

  @Test func thresholdsMixGeometrically() {
    #expect(GateBlender.mix([(2, 0.5), (8, 0.5)]) == 4)
    #expect(GateBlender.mix([(2, 0.25), (2, 0.75)]) == 2)
    #expect(GateBlender.mix([(0, 0.1), (8, 0.9)]) == 0)
    let third = GateBlender.mix([(1, 2.0 / 3), (8, 1.0 / 3)])
    #expect(abs(third - 2) < 1e-6)
  }

  @Test func aRandomGroupDependsOnTheSampleAlone() throws {
    let found = try routed(["policy": "random"])
    #expect(try assigned(["policy": "random"]).groups == found.groups)
    #expect(Set(found.groups) == [0, 1, 2])
    #expect(found.scores.allSatisfy { $0.macs.router == 0 })
    var counts = [0, 0, 0]
    for index in 0..<3000 {
      let digest = SHA256.digest(of: "sample \(index)").bytes
      counts[ControlRoute.random(digest: digest, groups: 3)] += 1
    }
    #expect(counts.allSatisfy { abs($0 - 1000) < 120 })
  }

  @Test func theWorstGroupIsTheFarthest() throws {
    let own = try assigned()
    let worst = try assigned(["policy": "worst"])
    #expect(zip(own.groups, worst.groups).allSatisfy { $0 != $1 })
    let kl = { (shard: EvaluationShard) in shard.scores.reduce(0) { $0 + $1.total.kl } }
    #expect(kl(worst) != kl(own))
    let least = try routed(["policy": "worst"])
    let hard = try routed()
    #expect(zip(hard.groups, least.groups).allSatisfy { $0 != $1 })
    // Of directions, and of merged clusters, as of k-means.
    for method in [
      ClusterMethod.kmeans(KMeansOptions(k: 2, seed: 1, isSpherical: true)),
      .agglomerative(k: 2, linkage: .ward),
    ] {
      let rows: [Float] = [1, 0.1, 1, 0, 0, 1, 0.1, 1]
      let clusters = try Clustering.fit(
        vectors: rows, width: 2, blocks: 1,
        features: FeatureOptions(kind: .embedding, components: 0),
        method: method)
      for row in 0..<4 {
        let sample = SampleTraits(moments: Array(rows[(row * 2)..<(row * 2 + 2)]))
        let own = try clusters.assign(sample)
        #expect(try ControlRoute.farthest(sample, from: clusters) == 1 - own)
      }
    }
    let labels = try Clustering.byLabel(["a", "b"])
    #expect(throws: SparsityError.self) {
      try ControlRoute.farthest(SampleTraits(label: "a"), from: labels)
    }
  }
}
