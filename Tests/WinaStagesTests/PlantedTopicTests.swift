import Testing
import WinaEvaluation
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaStatistics
import WinaTestSupport

/// Documents of planted topics through a random model: oracle O9.
///
/// A topic is a distribution over characters that all topics use, so that no single character tells
/// topics apart. Scores of activations, and how often these exceed thresholds, recover them; with
/// characters exchanged between documents there is nothing to recover.
struct PlantedTopicTests {
  private static let topics = 4
  private static let length = 92
  private static let routeTokens = 48

  private struct Document {
    var topic: Int
    var letters: [Character]
  }

  private let lab: StageLab

  init() throws { lab = try StageLab() }

  /// Documents of every topic in turn.
  private func documents(_ count: Int) -> [Document] {
    var random = RandomStream(seed: 9)
    let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    let weights = (0..<Self.topics).map { _ in
      // Lognormal: a few characters are frequent in a topic, others rare.
      alphabet.map { _ in (1...24).reduce(1.0) { product, _ in product * (0.3 + random.uniform()) }
      }
    }
    return (0..<count).map { index in
      let own = weights[index % Self.topics]
      let total = own.reduce(0, +)
      let letters = (0..<Self.length).map { _ -> Character in
        var rest = random.uniform() * total
        for (letter, weight) in zip(alphabet, own) {
          rest -= weight
          if rest < 0 { return letter }
        }
        return alphabet[0]
      }
      return Document(topic: index % Self.topics, letters: letters)
    }
  }

  /// The same topics and lengths, with characters exchanged between all documents.
  private func shuffled(_ documents: [Document]) -> [Document] {
    var random = RandomStream(seed: 10)
    var letters = documents.flatMap(\.letters)
    random.shuffle(&letters)
    return documents.enumerated().map { index, document in
      Document(
        topic: document.topic,
        letters: Array(letters[(index * Self.length)..<((index + 1) * Self.length)]))
    }
  }

  private func shard(_ documents: [Document]) throws -> StageLab.Shard {
    let records = documents.enumerated().map { index, document in
      let bytes = Array("{\"text\": \"\(String(document.letters))\"}".utf8)
      return SampleRecord(
        digest: SHA256.digest(of: bytes), label: "topic \(document.topic)", bytes: bytes,
        isPlainText: false, task: nil, origin: "topics.jsonl:\(index + 1)")
    }
    let tokens = try lab.run(
      "tokenize",
      ["max_tokens": 92, "dense_prefix": 1, "route_tokens": .int(Self.routeTokens)],
      ["records": [.leaf(lab.context.store(records))], "tokenizer": [.leaf(lab.tokenizer)]])
    return StageLab.Shard(tokens: tokens, capture: try lab.capture(tokens))
  }

  /// Clusters of how often inputs exceed their pooled thresholds.
  private func clustersOfRates(_ shard: StageLab.Shard) throws -> ContentDigest {
    let rates = try lab.run(
      "capture",
      ["slots": [], "features": ["kind": "active_rate", "score": "wina", "level": 0.5]],
      [
        "tokens": [.artifact(shard.tokens)], "model": [.leaf(lab.model)],
        "thresholds": [.artifact(lab.histogram([shard.capture]))],
      ])
    return try lab.run(
      "cluster",
      [
        "algorithm": "kmeans", "k": .int(Self.topics), "seed": 1, "features": "active_rate",
        "score": "wina", "pca": 8, "n_init": 4,
      ], ["capture": [.artifact(rates)]])
  }

  /// How well clusters of activations agree with topics.
  private func agreement(
    _ documents: [Document], features: FeatureKind
  ) throws -> PartitionAgreement {
    let shard = try shard(documents)
    let clusters = try lab.load(
      features == .activeRate
        ? clustersOfRates(shard) : lab.kmeans([shard], k: Self.topics),
      as: ClusteringArtifact.self)
    return try PartitionAgreement(
      labels: documents.map(\.topic), clusters: clusters.clustering.labels, repetitions: 999,
      seed: 1)
  }

  @Test(arguments: [FeatureKind.meanScore, .activeRate])
  func activationsRecoverTopicsAndShuffledTokensHoldNone(features: FeatureKind) throws {
    let documents = documents(160)
    let found = try agreement(documents, features: features)
    #expect(found.rand.observed > 0.9)
    #expect(found.rand.pValue == 0.001 && found.information.pValue == 0.001)
    let null = try agreement(shuffled(documents), features: features)
    #expect(abs(null.rand.observed) < 0.05)
    #expect(null.information.pValue > 0.01)
  }

  @Test func masksOfTopicsBeatOneMaskOnOtherDocuments() throws {
    let documents = documents(240)
    let calibration = try shard(Array(documents[..<160]))
    let held = try shard(Array(documents[160...]))
    let dense = try lab.evaluate(held)
    let clusters = try lab.kmeans([calibration], k: Self.topics)
    func divergence(_ profile: ContentDigest, assigned: Bool) throws -> Double {
      let scores = try lab.load(
        lab.evaluate(
          held, route: assigned ? "assign" : "pooled", profile: profile, dense: dense,
          clusters: assigned ? clusters : nil), as: EvaluationShard.self
      ).scores
      let tokens = scores.reduce(0) { $0 + $1.total.tokens }
      return scores.reduce(0) { $0 + $1.total.kl } / Double(tokens)
    }
    for sparsity in [0.3, 0.5] {
      let pooled = try lab.profile(
        lab.histogram([calibration.capture]), sparsity: sparsity, gate: "static")
      let grouped = try lab.profile(
        lab.histogram([calibration.capture], groups: clusters), sparsity: sparsity, gate: "static")
      let (one, own) = (
        try divergence(pooled, assigned: false), try divergence(grouped, assigned: true)
      )
      #expect(own < 0.95 * one, "at \(sparsity): \(own) with masks of topics, \(one) with one")
    }
  }
}
