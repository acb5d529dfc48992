import Testing
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaStages

struct EvaluateStageTests {
  private let lab: StageLab
  private let shard: StageLab.Shard
  private let pooled: ContentDigest
  private let dense: ContentDigest

  init() throws {
    lab = try StageLab()
    shard = try lab.shards(StageLab.records(18), sizes: [18])[0]
    pooled = try lab.histogram([shard.capture])
    dense = try lab.evaluate(shard)
  }

  private func scores(_ digest: ContentDigest) throws -> EvaluationShard {
    try lab.load(digest, as: EvaluationShard.self)
  }

  private func summary(_ shard: EvaluationShard) throws -> ScoreSummary {
    ScoreSummary(
      shard.scores, cost: CostModel(ModelShape(try lab.language.configuration)),
      divergence: shard.divergence)
  }

  @Test func theDenseArmDivergesNowhere() throws {
    let own = try scores(dense)
    #expect(own.references != nil)
    #expect(own.groups.isEmpty)
    #expect(own.scores.allSatisfy { $0.total.kl == 0 && $0.total.tokens > 0 })
    #expect(try summary(own)[.gatedSparsity]?.value == 0)
    let unsparse = try scores(
      lab.evaluate(
        shard, route: "pooled", profile: lab.profile(pooled, sparsity: 0), dense: dense))
    let divergence = unsparse.scores.reduce(0) { $0 + $1.total.kl }
    #expect(abs(divergence) < 1e-6)
  }

  @Test(arguments: [0.25, 0.5, 0.65]) func aThresholdRealisesItsSparsity(_ s: Double) throws {
    for score in ["wina", "teal"] {
      let arm = try scores(
        lab.evaluate(
          shard, route: "pooled", profile: lab.profile(pooled, score: score, sparsity: s),
          dense: dense))
      let realised = try #require(try summary(arm)[.gatedSparsity]?.value)
      #expect(abs(realised - s) < 0.03, "\(score) at \(s) realised \(realised)")
      #expect(arm.scores.contains { $0.total.kl > 0 })
      #expect(arm.references == nil)
      #expect(arm.groups.isEmpty)
    }
  }

  @Test func aSparsityOutOfReachIsNotApplicable() throws {
    let arm = try scores(
      lab.evaluate(
        shard, route: "pooled", profile: lab.profile(pooled, score: "cats", sparsity: 0.9),
        dense: dense))
    #expect(arm.scores.isEmpty)
    #expect(arm.notApplicable != nil)
    #expect(arm.digests.count == 18)
  }

  @Test func theBestProfileIsChosenOnOneHalfAndScoredOnTheOther() throws {
    let clusters = try lab.kmeans([shard])
    let profile = try lab.profile(
      lab.histogram([shard.capture], groups: clusters), sparsity: 0.5)
    let best = try scores(lab.evaluate(shard, route: "best", profile: profile, dense: dense))
    let own = try scores(
      lab.evaluate(shard, route: "assign", profile: profile, dense: dense, clusters: clusters))
    #expect(best.groups.count == 18)
    for index in best.scores.indices {
      #expect(best.scores[index].first == .zero)
      #expect(best.scores[index].total.tokens == own.scores[index].second.tokens)
      if best.groups[index] == own.groups[index] {
        #expect(best.scores[index] == own.scores[index].secondHalfOnly())
      }
    }
    #expect(Set(best.groups).count > 1)
  }

  @Test func aRouterOfItsTrainingSamplesAgreesWithTheClusters() throws {
    let clusters = try lab.kmeans([shard])
    let router = try lab.run(
      "classifier", ["features": "embedding", "model": "nearest_centroid", "l2": 0.01],
      [
        "labels": [.artifact(clusters)], "tokens": [.artifact(shard.tokens)],
        "capture": [.artifact(shard.capture)], "model": [.leaf(lab.model)],
      ])
    let profile = try lab.profile(
      lab.histogram([shard.capture], groups: clusters), sparsity: 0.5)
    let routed = try scores(
      lab.evaluate(shard, route: "classifier", profile: profile, dense: dense, router: router))
    let fitted = try lab.load(clusters, as: ClusteringArtifact.self).clustering.labels
    let trained = try lab.load(router, as: RouterArtifact.self)
    let hits = zip(routed.groups, fitted).filter { $0 == $1 }.count
    #expect(trained.training.accuracy == Double(hits) / 18)
    #expect(hits > 12)
    #expect(routed.scores.allSatisfy { $0.macs.router == Double(trained.router.macs) })
  }

  @Test func scoresOfOtherSamplesAreNoReference() throws {
    let other = try lab.shards(StageLab.records(18, seed: 9), sizes: [18])[0]
    #expect(throws: (any Error).self) {
      try lab.evaluate(
        other, route: "pooled", profile: lab.profile(pooled, sparsity: 0.5), dense: dense)
    }
    #expect(throws: (any Error).self) {
      try lab.evaluate(shard, route: "pooled", profile: lab.profile(pooled, sparsity: 0.5))
    }
  }

  @Test func questionsAreScoredByTheirChoices() throws {
    let questions = try lab.shards(StageLab.questions(6), sizes: [6])[0]
    let own = try scores(lab.evaluate(questions))
    #expect(own.scores.allSatisfy { $0.kind == .choices && $0.logLikelihoods.count == 2 })
    let histogram = try lab.histogram([questions.capture])
    let arm = try scores(
      lab.evaluate(
        questions, route: "pooled", profile: lab.profile(histogram, sparsity: 0.5),
        dense: lab.evaluate(questions)))
    #expect(arm.scores.count == 6)
    #expect(arm.scores.contains { $0.total.kl > 0 })
  }

  @Test func aCancelledTaskStopsBetweenSamples() throws {
    lab.context.cancel(afterChecks: 3)
    #expect(throws: CancellationError.self) { try lab.evaluate(shard) }
  }
}
