import Testing
import WinaPipeline
import WinaSparsity
import WinaStages

struct ArtifactTests {
  /// Artifacts of every kind, made by running the stages.
  private struct Samples {
    let lab: StageLab
    let shard: StageLab.Shard
    let clusters, labels, pooled, grouped, centred, router, dense, routed, absent: ContentDigest
    let neighbours, network, regrets, features: ContentDigest

    init() throws {
      lab = try StageLab()
      shard = try lab.shards(StageLab.records(12), sizes: [12])[0]
      clusters = try lab.kmeans([shard])
      labels = try lab.run("cluster", ["algorithm": "label"], ["tokens": [.artifact(shard.tokens)]])
      pooled = try lab.histogram([shard.capture])
      grouped = try lab.histogram([shard.capture], groups: clusters)
      centred = try lab.profile(
        grouped, sparsity: 0.5, gate: "topk", centring: "group", means: grouped)
      router = try lab.run(
        "classifier", ["features": "embedding", "model": "logistic", "l2": 0.01],
        [
          "labels": [.artifact(clusters)], "tokens": [.artifact(shard.tokens)],
          "capture": [.artifact(shard.capture)], "model": [.leaf(lab.model)],
        ])
      neighbours = try lab.classifier(
        shard, ["features": "ngrams", "buckets": 64, "model": "knn"], clusters: clusters)
      network = try lab.classifier(
        shard,
        [
          "features": "early_layers", "layers": 1, "sparsity": 0.5, "model": "mlp",
          "hidden_units": 2,
        ], clusters: clusters, more: ["histogram": pooled])
      regrets = try lab.classifier(
        shard, ["part": "regret"], more: ["profile": lab.profile(grouped, sparsity: 0.5)])
      features = try lab.classifier(
        shard, ["part": "features", "features": "hidden", "layers": 1, "pooling": "both"])
      dense = try lab.evaluate(shard)
      routed = try lab.evaluate(
        shard, route: "classifier", profile: centred, dense: dense, router: router)
      absent = try lab.evaluate(
        shard, route: "pooled", profile: lab.profile(pooled, score: "cats", sparsity: 0.9),
        dense: dense)
    }
  }

  /// Members of a router's metadata that repeat what its tensors say.
  private static let derived: Set<String> = ["parameters", "macs", "validation"]

  @Test func everyArtifactReadsBackAsItWasAndDamagedOnesAreRefused() throws {
    let made = try Samples()
    try check(made, made.shard.tokens, TokenizedShard.self)
    try check(made, made.shard.capture, CaptureArtifact.self)
    try check(made, made.clusters, ClusteringArtifact.self, optional: ["options", "blocks"])
    try check(made, made.labels, ClusteringArtifact.self)
    try check(made, made.pooled, HistogramArtifact.self, optional: ["quantiles"])
    try check(made, made.grouped, HistogramArtifact.self)
    try check(made, made.centred, ProfileArtifact.self)
    for router in [made.router, made.network] {
      try check(made, router, RouterArtifact.self, optional: Self.derived)
    }
    try check(
      made, made.neighbours, RouterArtifact.self, optional: Self.derived)
    try check(made, made.regrets, RegretShard.self)
    try check(made, made.features, FeatureShard.self)
    try check(
      made, made.dense, EvaluationShard.self, optional: ["divergence", "vocabulary"])
    try check(made, made.routed, EvaluationShard.self, optional: ["divergence"])
    try check(made, made.absent, EvaluationShard.self, uncounted: "digests")
  }

  /// Checks the round trip, and that no payload with a tensor missing, cut, reshaped or of another
  /// type, or with a member of the metadata missing, is read; `quantiles` and the reasons why
  /// something is absent are there for people.
  private func check<Value: Artifact>(
    _ made: Samples, _ digest: ContentDigest, _ type: Value.Type, optional: Set<String> = [],
    uncounted: String? = nil
  ) throws {
    let payload = try made.lab.context.payload(digest)
    #expect(try Value(decoding: payload).encoded() == payload)
    for (index, tensor) in payload.tensors.enumerated() {
      var damaged = payload
      damaged.tensors.remove(at: index)
      refuse(type, damaged, "without \(tensor.name)")
      for other in try Damage.variants(of: tensor) {
        // Without scores nothing says how many samples there are.
        if tensor.name == uncounted, other.shape.count == tensor.shape.count { continue }
        damaged = payload
        damaged.tensors[index] = other
        refuse(type, damaged, "\(tensor.name) as \(other.elementType) \(other.shape)")
      }
    }
    refuse(type, ArtifactPayload(metadata: .object([:]), tensors: payload.tensors), "no metadata")
    refuse(type, ArtifactPayload(metadata: .string("x"), tensors: payload.tensors), "a text")
    guard case .object(let members) = payload.metadata else {
      Issue.record("the metadata of \(type) are no object")
      return
    }
    for name in members.keys where !optional.contains(name) && name != "quantiles" {
      if name == "unreachable" || name == "notApplicable" { continue }
      var damaged = payload
      damaged.metadata = .object(members.filter { $0.key != name })
      refuse(type, damaged, "metadata without \(name)")
    }
  }

  private func refuse<Value: Artifact>(
    _ type: Value.Type, _ payload: ArtifactPayload, _ what: String
  ) {
    #expect(throws: (any Error).self, "\(type): \(what)") { try Value(decoding: payload) }
  }

  @Test func aCommandsFileReadsBackAsItWas() throws {
    let output = CommandOutput(bytes: [1, 2, 3])
    let payload = try output.encoded()
    #expect(try CommandOutput(decoding: payload).bytes == output.bytes)
    refuse(CommandOutput.self, ArtifactPayload(metadata: .object([:])), "no bytes")
  }

  @Test func aReportReadsBackAsItWas() throws {
    let report = ComparisonReport(
      arms: ["a"], rows: [ResultRow(cell: ["s": 0.5], arm: "a", metric: "kl", value: 1, n: 2)],
      policy: "p")
    let payload = try ComparisonArtifact(report: report).encoded()
    #expect(try ComparisonArtifact(decoding: payload).report == report)
    refuse(ComparisonArtifact.self, ArtifactPayload(metadata: ["arms": []]), "half a report")
  }

  @Test func theDenseArmsPredictionsSurviveStorage() throws {
    let made = try Samples()
    let shard = try made.lab.load(made.dense, as: EvaluationShard.self)
    let tokens = try made.lab.load(made.shard.tokens, as: TokenizedShard.self)
    let predictions = try #require(shard.references)
    #expect(predictions.samples == tokens.samples.count)
    #expect(predictions.vocabulary == 256)
  }
}

/// A tensor made wrong in one way.
private enum Damage {
  static func variants(of tensor: ArtifactTensor) throws -> [ArtifactTensor] {
    var variants = [
      try ArtifactTensor(
        name: tensor.name, elementType: tensor.elementType, shape: [1] + tensor.shape,
        bytes: tensor.bytes)
    ]
    if let width = ArtifactTensor.byteCount(of: tensor.elementType), let rows = tensor.shape.first,
      rows > 0, tensor.bytes.count >= width
    {
      let row = tensor.bytes.count / rows
      variants.append(
        try ArtifactTensor(
          name: tensor.name, elementType: tensor.elementType,
          shape: [rows - 1] + tensor.shape.dropFirst(), bytes: Array(tensor.bytes.dropLast(row))))
      let other = [
        "F32": "I32", "F64": "I64", "I32": "F32", "U8": "I8", "U32": "I32", "U64": "I64",
      ]
      if let type = other[tensor.elementType] {
        variants.append(
          try ArtifactTensor(
            name: tensor.name, elementType: type, shape: tensor.shape, bytes: tensor.bytes))
      }
    }
    return variants
  }
}
