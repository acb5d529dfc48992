import Testing
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaTensor

/// What every stage computes on a fixed fixture, by version.
struct PinnedResultTests {
  /// Kind, version and fingerprint of the results.
  private static let pins: [String: [Int: String]] = [
    "allocate": [1: "097ab9fa33f2249b"],
    "capture": [3: "dfca12d55e8559bf"],
    "classifier": [2: "02a8bc96363b6cbf"],
    "cluster": [4: "98fc46586de001fd"],
    "command": [1: "d3a3d2c8b8cf7d3f"],
    "compare": [8: "d063b81ffca55a44"],
    "evaluate": [5: "4bdfee1c6abeb2e6"],
    "histogram": [2: "1f7d12d247065d30"],
    "latency": [2: "86b7db52a0f0ff49"],
    "profile": [4: "78f8944297dd9d9a"],
    "tokenize": [1: "dc6721fa24188991"],
    "transform": [1: "ce36505257c54241"],
  ]

  @Test func resultsOfAVersionNeverChange() throws {
    let results = try Self.results()
    #expect(Set(results.keys) == Set(StageCatalog.registry.kinds))
    for stage in StageCatalog.registry.stages {
      let found = try Fingerprint(results[stage.kind] ?? []).digest
      #expect(
        found == Self.pins[stage.kind]?[stage.version],
        """
        version \(stage.version) of '\(stage.kind)' now computes something else: \(found). If that \
        is meant, raise the version and pin the new digest; if not, mend the change.
        """)
    }
  }

  @Test func aFingerprintSeesChangesButNoRounding() throws {
    let lab = try StageLab()
    let tokens = try lab.tokenize(StageLab.records(6))
    let payload = try lab.context.payload(try lab.capture(tokens))
    let pin = try Fingerprint([payload]).digest
    func changed(_ factor: Float) throws -> String {
      let artifact = try CaptureArtifact(decoding: payload)
      var copy = try artifact.encoded()
      let index = try #require(copy.tensors.firstIndex { $0.name == "gated.mean_absolute" })
      let values = try artifact.shard.gatedMoments.meanAbsolute.map { $0 * factor }
      copy.tensors[index] = try ArtifactTensor(
        name: "gated.mean_absolute", elementType: "F32", shape: copy.tensors[index].shape,
        bytes: Tensor(values, shape: [values.count]).bytes)
      return try Fingerprint([copy]).digest
    }
    #expect(try changed(1) == pin)
    #expect(try changed(1 + 1e-7) == pin)
    #expect(try changed(1.01) != pin)
  }

  /// Routers with other features and models than the usual ones, and what they are trained on.
  private static func otherRouters(
    _ lab: StageLab, _ shard: StageLab.Shard, _ clusters: ContentDigest, _ pooled: ContentDigest,
    _ grouped: ContentDigest
  ) throws -> [ContentDigest] {
    let regrets = try lab.classifier(
      shard, ["part": "regret"], more: ["profile": lab.profile(grouped, sparsity: 0.5)])
    let hidden: [String: JSONValue] = ["features": "hidden", "layers": 1, "pooling": "both"]
    return [
      regrets, try lab.classifier(shard, hidden.merging(["part": "features"]) { $1 }),
      try lab.classifier(
        shard, hidden.merging(["model": "regret", "l2": 0.01]) { $1 }, clusters: clusters,
        more: ["regrets": regrets]),
      try lab.classifier(
        shard, ["features": "ngrams", "buckets": 128, "model": "knn", "neighbours": 3],
        clusters: clusters),
      try lab.classifier(
        shard, ["features": "early_layers", "layers": 1, "sparsity": 0.5, "model": "mlp"],
        clusters: clusters, more: ["histogram": pooled]),
      try lab.classifier(
        shard, ["features": "embedding", "model": "moe_gate", "seed": 2], clusters: clusters,
        more: ["validation_tokens": shard.tokens, "validation_capture": shard.capture]),
    ]
  }

  /// The outputs of every kind of stage on twelve documents and six questions.
  private static func results() throws -> [String: [ArtifactPayload]] {
    let lab = try StageLab()
    let shard = try lab.shards(StageLab.records(12), sizes: [12])[0]
    let questions = try lab.shards(StageLab.questions(6), sizes: [6])[0]
    let tokens: [String: [BoundInput]] = ["tokens": [.artifact(shard.tokens)]]
    let clusters = try lab.kmeans([shard])
    let labels = try lab.run("cluster", ["algorithm": "label"], tokens)
    let random = try lab.run(
      "cluster", ["algorithm": "random", "seed": 3],
      tokens.merging(["like": [.artifact(clusters)]]) { $1 })
    let pooled = try lab.histogram([shard.capture])
    let grouped = try lab.histogram([shard.capture], groups: clusters)
    let second = try lab.capture(
      shard.tokens, slots: StageLab.centredSlots, centring: "group", exact: true, means: grouped,
      clusters: clusters, uncentred: shard.capture)
    let centred = try lab.histogram([second], groups: clusters)
    let plain = try lab.profile(pooled, sparsity: 0.5)
    let cats = try lab.profile(pooled, score: "cats", sparsity: 0.3)
    let fixed = try lab.run(
      "profile", ["score": "wina", "sparsity": 0.4, "gate": "static", "min_tokens": 0],
      ["histogram": [.artifact(grouped)], "model": [.leaf(lab.model)]])
    let allocations = try [
      lab.run(
        "allocate",
        [
          "method": "greedy", "score": "wina", "samples": 2, "maxTokens": 16, "step": 0.25,
          "end": 0.6, "blockError": "teal",
        ],
        [
          "histogram": [.artifact(pooled)], "tokens": [.artifact(shard.tokens)],
          "model": [.leaf(lab.model)],
        ]),
      lab.run(
        "allocate",
        [
          "method": "lagrangian", "score": "wina", "samples": 2, "maxTokens": 16,
          "curveError": "kl",
        ],
        [
          "histogram": [.artifact(grouped)], "tokens": [.artifact(shard.tokens)],
          "clusters": [.artifact(clusters)], "model": [.leaf(lab.model)],
        ]),
    ]
    let specific = try lab.profile(centred, sparsity: 0.5, centring: "group", means: grouped)
    let routers = try ["logistic", "nearest_centroid"].map { model in
      try lab.run(
        "classifier", ["features": "embedding", "model": .string(model), "l2": 0.01],
        [
          "labels": [.artifact(clusters)], "tokens": [.artifact(shard.tokens)],
          "capture": [.artifact(shard.capture)], "model": [.leaf(lab.model)],
        ])
    }
    let more = try otherRouters(lab, shard, clusters, pooled, grouped)
    let dense = try lab.evaluate(shard)
    let flat = try lab.profile(grouped, sparsity: 0.5)
    let scores = [
      dense, try lab.evaluate(questions),
      try lab.evaluate(shard, route: "pooled", profile: plain, dense: dense),
      try lab.evaluate(shard, route: "pooled", profile: cats, dense: dense),
      try lab.evaluate(
        shard, route: "assign", profile: specific, dense: dense, clusters: clusters),
      try lab.evaluate(shard, route: "best", profile: specific, dense: dense),
      try lab.evaluate(
        shard, route: "classifier", profile: specific, dense: dense, router: routers[1]),
      try lab.evaluate(
        shard, route: "classifier", profile: flat, dense: dense, router: routers[0],
        policy: ["policy": "blend", "top": 2]),
      try lab.evaluate(
        shard, route: "classifier", profile: flat, dense: dense, router: routers[0],
        fallback: plain, policy: ["policy": "fallback", "confidence": 0.9]),
    ]
    let digests: [String: [ContentDigest]] = [
      "allocate": allocations, "tokenize": [shard.tokens, questions.tokens],
      "capture": [shard.capture, second],
      "cluster": [clusters, labels, random], "histogram": [pooled, grouped, centred],
      "profile": [plain, cats, specific, fixed], "classifier": routers + more, "evaluate": scores,
    ]
    var payloads = try digests.mapValues { try $0.map { try lab.context.payload($0) } }
    payloads["transform"] = [
      try lab.context.payload(lab.run("transform", [:], ["model": [.leaf(lab.model)]]))
    ]
    payloads["compare"] = [try ComparisonArtifact(report: Scoreboard.sample().report()).encoded()]
    let times = try lab.load(
      lab.run(
        "latency",
        [
          "dense": "dense", "arms": ["plain", "fixed"], "promptTokens": [6], "generatedTokens": 8,
          "batch": [2], "threads": [1], "groups": "same", "repeats": 2, "warmUp": 1,
        ],
        [
          "tokens": [.artifact(shard.tokens)], "model": [.leaf(lab.model)],
          "profiles": [.artifact(plain), .artifact(fixed)],
        ]), as: LatencyArtifact.self)
    payloads["latency"] = [
      try LatencyArtifact(
        host: "here", kernels: "any", results: times.results, packing: times.packing
      ).encoded()
    ]
    payloads["command"] = [
      try lab.context.payload(
        lab.run(
          "command",
          ["run": "printf '%s' $A > {out}", "env": ["A": "b"], "files": [], "codeCount": 0], [:]))
    ]
    return payloads
  }
}
