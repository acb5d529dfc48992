import Testing
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaStages

/// Routers of every kind and what they are trained on, on toy documents and questions.
struct ClassifierStageTests {
  private let lab: StageLab
  private let shard: StageLab.Shard
  private let clusters: ContentDigest

  init() throws {
    lab = try StageLab()
    shard = try lab.shards(StageLab.records(24), sizes: [24])[0]
    clusters = try lab.kmeans([shard])
  }

  private func router(
    _ params: [String: JSONValue], more: [String: ContentDigest] = [:]
  ) throws -> RouterArtifact {
    try lab.load(
      lab.classifier(shard, params, clusters: clusters, more: more), as: RouterArtifact.self)
  }

  private func features(
    _ shard: StageLab.Shard, _ params: [String: JSONValue], more: [String: ContentDigest] = [:]
  ) throws -> FeatureShard {
    try lab.load(
      lab.classifier(
        shard, params.merging(["part": "features"]) { $1 }, more: more), as: FeatureShard.self)
  }

  private static let models: [[String: JSONValue]] = [
    ["model": "logistic", "l2": 0.01], ["model": "nearest_centroid"], ["model": "majority"],
    ["model": "mlp", "hidden_units": 8, "seed": 3], ["model": "knn", "neighbours": 3],
    ["model": "moe_gate", "balance": 0.01],
  ]

  @Test(arguments: models)
  func everyModelIsTrainedTheSameTwice(params: [String: JSONValue]) throws {
    let params = params.merging(["features": "embedding"]) { $1 }
    let made = try lab.classifier(shard, params, clusters: clusters)
    #expect(try lab.classifier(shard, params, clusters: clusters) == made)
    let artifact = try lab.load(made, as: RouterArtifact.self)
    #expect(artifact.training.count == 24)
    #expect(artifact.training.accuracy >= artifact.training.majorityAccuracy - 0.2)
    #expect(artifact.validation == nil)
    #expect(artifact.router.summary.temperature == 1)
  }

  @Test func hiddenStatesAreThoseOfTheModel() throws {
    let tokens = try lab.load(shard.tokens, as: TokenizedShard.self)
    let own = try features(shard, ["features": "hidden", "layers": 2, "pooling": "both"])
    let width = 24
    #expect(own.rows.width == 2 * width)
    let workspace = ForwardWorkspace()
    for index in [0, 7, 23] {
      let result = try lab.language.forward(
        Array(tokens.samples[index].routingTokens(tokens.policy)),
        ForwardRequest(logitRows: .none, keepHidden: true, stopAfterLayer: 1),
        workspace: workspace)
      let hidden = result.hidden[2]
      let rows = hidden.count / width
      let row = own.rows.vector(index)
      for column in 0..<width {
        // The dense prefix of one token is left out.
        let mean = (1..<rows).reduce(0.0) { $0 + Double(hidden[$1 * width + column]) }
        #expect(abs(row[column] - mean / Double(rows - 1)) < 1e-12)
        #expect(row[width + column] == Double(hidden[(rows - 1) * width + column]))
      }
    }
  }

  @Test(arguments: ["hidden", "early_layers"])
  func featuresDoNotDependOnShards(kind: String) throws {
    let pooled = try lab.histogram([shard.capture])
    let params: [String: JSONValue] = [
      "features": .string(kind), "layers": 2, "pooling": "mean", "sparsity": 0.5,
    ]
    let more = kind == "hidden" ? [:] : ["histogram": pooled]
    let whole = try features(shard, params, more: more)
    let parts = try lab.shards(StageLab.records(24), sizes: [5, 19])
    let divided = try FeatureRows.joined(
      parts.map { try features($0, params, more: more).rows })
    #expect(divided == whole.rows)
  }

  @Test func ratesCountWhatExceedsThePooledQuantile() throws {
    let pooled = try lab.histogram([shard.capture])
    let own = try features(
      shard, ["features": "early_layers", "layers": 1, "sparsity": 0.75],
      more: ["histogram": pooled])
    #expect(own.rows.values.allSatisfy { (0...1).contains($0) })
    let mean = own.rows.values.reduce(0, +) / Double(own.rows.values.count)
    // The quantile is over gated tokens, the rates over routing tokens, so they agree about.
    #expect(abs(mean - 0.25) < 0.1)
    #expect(throws: (any Error).self) {
      try features(
        shard, ["features": "early_layers", "layers": 9, "sparsity": 0.75],
        more: ["histogram": pooled])
    }
    #expect(throws: (any Error).self) {
      try features(shard, ["features": "hidden", "layers": 9, "pooling": "mean"])
    }
  }

  @Test func featuresMadeBeforeGiveTheSameRouter() throws {
    let params: [String: JSONValue] = [
      "features": "hidden", "layers": 1, "pooling": "last", "model": "nearest_centroid",
    ]
    let made = try lab.classifier(
      shard, ["part": "features", "features": "hidden", "layers": 1, "pooling": "last"])
    let inline = try lab.classifier(shard, params, clusters: clusters)
    #expect(
      try lab.classifier(shard, params, clusters: clusters, more: ["features": made]) == inline)
    let other = try lab.shards(StageLab.records(24, seed: 5), sizes: [24])[0]
    #expect(throws: (any Error).self) {
      try lab.classifier(other, params, clusters: clusters, more: ["features": made])
    }
  }

  @Test func regretsAreTheDivergencesOfEveryGroup() throws {
    let profile = try lab.profile(
      lab.histogram([shard.capture], groups: clusters), sparsity: 0.5)
    let regrets = try lab.classifier(shard, ["part": "regret"], more: ["profile": profile])
    let own = try lab.load(regrets, as: RegretShard.self)
    #expect(own.groups == 3)
    let assigned = try lab.load(
      lab.evaluate(
        shard, route: "assign", profile: profile, dense: lab.evaluate(shard), clusters: clusters),
      as: EvaluationShard.self)
    for (index, group) in assigned.groups.enumerated() {
      let total = assigned.scores[index].total
      #expect(own.regrets[index * 3 + group] == total.kl / Double(total.tokens))
    }
    let params: [String: JSONValue] = ["features": "embedding", "model": "regret", "l2": 1e-3]
    let router = try router(params, more: ["regrets": regrets])
    let measured = try #require(router.training.regret)
    #expect(measured.count == 24)
    #expect(measured.regret.mean <= measured.uniform.mean)
    #expect(measured.regret.mean >= 0)
    #expect(throws: (any Error).self) { try self.router(params) }
  }

  @Test func aProfileOutOfReachHasNoRegrets() throws {
    let profile = try lab.profile(
      lab.histogram([shard.capture], groups: clusters), score: "cats", sparsity: 0.9)
    let regrets = try lab.load(
      lab.classifier(shard, ["part": "regret"], more: ["profile": profile]), as: RegretShard.self)
    #expect(regrets.regrets.allSatisfy { $0.isNaN })
    #expect(regrets.regrets.count == 24 * 3)
  }

  @Test func validationSamplesCalibrateAndMeasure() throws {
    let other = try lab.shards(StageLab.records(30, seed: 4), sizes: [30])[0]
    let profile = try lab.profile(
      lab.histogram([shard.capture], groups: clusters), sparsity: 0.5)
    func regrets(_ shard: StageLab.Shard) throws -> ContentDigest {
      try lab.classifier(shard, ["part": "regret"], more: ["profile": profile])
    }
    let artifact = try router(
      [
        "features": "embedding", "model": "logistic", "l2": 0.01, "seed": 1, "leave_out": true,
      ],
      more: [
        "validation_tokens": other.tokens, "validation_capture": other.capture,
        "regrets": regrets(shard), "validation_regrets": regrets(other),
      ])
    let validation = try #require(artifact.validation)
    #expect(validation.report.count == 30)
    #expect(validation.report.regret?.count == 30)
    #expect(artifact.training.regret?.count == 24)
    let after = try #require(validation.report.negativeLogLikelihood)
    let before = try #require(validation.uncalibratedNegativeLogLikelihood)
    #expect(after <= before)
    #expect(artifact.router.summary.temperature != 1)
    #expect(validation.curve.points.map(\.count) == [3, 6, 12, 24])
    #expect(validation.report.againstMajority != nil)
    #expect(validation.leftOut?.map(\.label) == ["first", "last", "middle"])
    #expect(validation.leftOut?.allSatisfy { $0.count == 10 && $0.regret != nil } == true)
  }

  @Test func questionsPayForTheLayersThatRunForFeatures() throws {
    let questions = try lab.shards(StageLab.questions(12), sizes: [12])[0]
    let groups = try lab.kmeans([questions], k: 2)
    let profile = try lab.profile(
      lab.histogram([questions.capture], groups: groups), sparsity: 0.5)
    let router = try lab.classifier(
      questions,
      ["features": "hidden", "layers": 1, "pooling": "mean", "model": "nearest_centroid"],
      clusters: groups)
    let routed = try lab.load(
      lab.evaluate(
        questions, route: "classifier", profile: profile, dense: lab.evaluate(questions),
        router: router), as: EvaluationShard.self)
    let tokens = try lab.load(questions.tokens, as: TokenizedShard.self)
    let cost = CostModel(ModelShape(try lab.language.configuration))
    for (sample, score) in zip(tokens.samples, routed.scores) {
      let rows = sample.prompt.count
      let keys = rows * (rows + 1) / 2
      // Half of the model's two layers, and two centroids in 24 dimensions.
      let layer = (cost.linearMACs * Double(rows) + cost.attentionMACs(attendedKeys: keys)) / 2
      #expect(score.macs.router == layer + 48)
    }
    #expect(routed.confidences.count == 12)
    #expect(routed.confidences.allSatisfy { (0.5...1).contains($0) })
    let documents = try lab.load(
      lab.evaluate(
        shard, route: "classifier", profile: profile, dense: lab.evaluate(shard), router: router),
      as: EvaluationShard.self)
    #expect(documents.scores.allSatisfy { $0.macs.router == 48 })
  }
}
