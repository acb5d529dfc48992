import Testing
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaTensor

/// The transform and what runs on the model that it rotates.
struct TransformStageTests {
  private let lab: StageLab
  private let shard: StageLab.Shard
  private let transform: ContentDigest
  private let rotated: ContentDigest
  private let histogram: ContentDigest
  private let dense: ContentDigest

  init() throws {
    lab = try StageLab()
    shard = try lab.shards(StageLab.records(9), sizes: [9])[0]
    transform = try lab.run("transform", [:], ["model": [.leaf(lab.model)]])
    rotated = try lab.run(
      "capture", ["slots": StageLab.allSlots],
      [
        "tokens": [.artifact(shard.tokens)], "model": [.leaf(lab.model)],
        "transform": [.artifact(transform)],
      ])
    histogram = try lab.histogram([rotated])
    dense = try lab.evaluate(shard)
  }

  private func profile(
    _ params: [String: JSONValue], capture: ContentDigest? = nil
  ) throws -> ContentDigest {
    var inputs: [String: [BoundInput]] = [
      "histogram": [.artifact(histogram)], "model": [.leaf(lab.model)],
      "transform": [.artifact(transform)],
    ]
    inputs["capture"] = capture.map { [.artifact($0)] }
    return try lab.run("profile", .object(["min_tokens": 0].merging(params) { $1 }), inputs)
  }

  private func evaluate(_ profile: ContentDigest, transformed: Bool = true) throws
    -> EvaluationShard
  {
    var inputs: [String: [BoundInput]] = [
      "tokens": [.artifact(shard.tokens)], "model": [.leaf(lab.model)],
      "profile": [.artifact(profile)], "dense": [.artifact(dense)],
    ]
    if transformed { inputs["transform"] = [.artifact(transform)] }
    return try lab.load(
      lab.run("evaluate", ["route": "pooled"], inputs), as: EvaluationShard.self)
  }

  private func divergence(_ shard: EvaluationShard) -> Double {
    shard.scores.reduce(0) { $0 + $1.total.kl }
      / Double(shard.scores.reduce(0) { $0 + $1.total.tokens })
  }

  @Test func rotationsReadBackAsTheyWereAndAreThoseOfTheModel() throws {
    let payload = try lab.context.payload(transform)
    let artifact = try TransformArtifact(decoding: payload)
    #expect(try artifact.encoded() == payload)
    #expect(artifact.attentionAnchors == [.kProj] && artifact.mlpAnchors == [.gateProj])
    let model = try lab.language
    #expect(artifact.transform.layers.count == model.configuration.layers)
    for (index, layer) in artifact.transform.layers.enumerated() {
      #expect(try layer == model.rotations(layer: index))
    }
    var damaged = payload
    damaged.tensors.removeAll { $0.name == "mlp" }
    #expect(throws: (any Error).self) { try TransformArtifact(decoding: damaged) }
  }

  @Test func capturesSeeTheRotatedModel() throws {
    let (plain, turned) = try (
      lab.load(shard.capture, as: CaptureArtifact.self),
      lab.load(rotated, as: CaptureArtifact.self)
    )
    let keys = try turned.norms.norms(layer: 0, projection: .kProj)
    let outputs = try lab.language.outputs(of: .kProj)
    #expect(keys.filter { $0 > 0 }.count == outputs)
    #expect(try plain.norms.norms(layer: 0, projection: .kProj).allSatisfy { $0 > 0 })
    #expect(try plain.shard.gatedMoments.meanAbsolute != turned.shard.gatedMoments.meanAbsolute)
    // What enters o_proj and down_proj stays what it was.
    let layout = plain.shard.layout
    #expect(layout == turned.shard.layout)
  }

  @Test func anArmThatDropsNothingPredictsWhatTheDenseModelDoes() throws {
    let scores = try evaluate(profile(["score": "wina", "sparsity": 0]))
    #expect(divergence(scores) < 1e-6)
    let sparse = try evaluate(profile(["score": "wina", "sparsity": 0.5]))
    #expect(divergence(sparse) > 1e-4)
  }

  @Test func rotationsAreCountedInTheFullCountAlone() throws {
    let scores = try evaluate(profile(["score": "teal", "sparsity": 0.5])).scores
    let shape = ModelShape(try lab.language.configuration)
    let turns = CostModel(shape).executedRotationMACs
    for score in scores { #expect(score.macs.rotation == turns * Double(score.rows)) }
    let plain = try lab.load(
      lab.evaluate(
        shard, route: "pooled",
        profile: lab.profile(lab.histogram([shard.capture]), score: "teal", sparsity: 0.5),
        dense: dense), as: EvaluationShard.self)
    #expect(plain.scores.allSatisfy { $0.macs.rotation == 0 })
    let payload = try plain.encoded()
    #expect(!payload.tensors.contains { $0.name == "rotation_macs" })
    let reread = try EvaluationShard(decoding: evaluate(profile(["sparsity": 0.5])).encoded())
    #expect(reread.scores.allSatisfy { $0.macs.rotation > 0 })
  }

  /// A budget of MACs pays for the rotations first.
  @Test func budgetsOfMACsHoldTheRotations() throws {
    let cost = CostModel(ModelShape(try lab.language.configuration))
    func target(_ macs: Double) throws -> SparsityProfile.Summary {
      try lab.load(profile(["score": "teal", "macs": .double(macs)]), as: ProfileArtifact.self)
        .profile.summary
    }
    let found = try target(0.9).sparsity
    let kept =
      (1 - found) * cost.linearMACs + cost.headMACs + cost.executedRotationMACs
    #expect(abs(kept - 0.9 * (cost.linearMACs + cost.headMACs)) < 1e-6 * kept)
    let reason = try target(0.1).unreachable
    #expect(reason?.hasPrefix("the head and the rotations alone take") == true)
  }

  @Test func everyGateRunsOnTheRotatedModel() throws {
    for (gate, params) in [
      ("topk", [:]), ("static", [:]), ("threshold", ["score": "cats", "sparsity": 0.3]),
    ] as [(String, [String: JSONValue])] {
      let digest = try profile(
        ["score": "wina", "sparsity": 0.4, "gate": .string(gate)].merging(params) { $1 },
        capture: gate == "static" ? rotated : nil)
      let scores = try evaluate(digest)
      #expect(divergence(scores) > 0 && divergence(scores).isFinite)
    }
    // The norms of static masks are those of rotated weights, which only a capture holds.
    let missing = #expect(throws: (any Error).self) {
      try profile(["score": "wina", "sparsity": 0.4, "gate": "static"])
    }
    #expect("\(missing.map { "\($0)" } ?? "")".contains("need a capture"))
  }

  @Test func profilesKeepToTheBasisThatTheyWereFittedIn() throws {
    let own = try profile(["score": "wina", "sparsity": 0.5])
    let summary = try lab.load(own, as: ProfileArtifact.self).profile.summary
    #expect(summary.transform == transform.hex)
    let onPlain = #expect(throws: (any Error).self) { try evaluate(own, transformed: false) }
    #expect("\(onPlain.map { "\($0)" } ?? "")".contains("fitted to the model as transform"))
    let plain = try lab.profile(lab.histogram([shard.capture]), sparsity: 0.5)
    let onRotated = #expect(throws: (any Error).self) { try evaluate(plain) }
    #expect("\(onRotated.map { "\($0)" } ?? "")".contains("this one is transformed"))
  }

  @Test func calibrationLayerByLayerRunsOnTheRotatedModel() throws {
    func sequential(_ inputs: [String: [BoundInput]]) throws -> HistogramSet {
      try lab.load(
        lab.run(
          "histogram", ["score": "wina", "sparsity": 0],
          inputs.merging([
            "tokens": [.artifact(shard.tokens)], "model": [.leaf(lab.model)],
          ]) { $1 }), as: HistogramArtifact.self
      ).histograms
    }
    let dense = try lab.load(histogram, as: HistogramArtifact.self).histograms
    let found = try sequential(["transform": [.artifact(transform)]])
    let plain = try sequential([:])
    for layer in 0..<found.layout.layers {
      for q in [0.6, 0.9] {
        func quantile(_ set: HistogramSet) throws -> Double {
          try set.quantile(group: nil, layer: layer, slot: .weighted(.gateProj), q)
        }
        #expect(try quantile(found) == quantile(dense))
        #expect(try quantile(plain) != quantile(dense))
      }
    }
  }

  @Test func allocationsAndLatenciesUseTheRotatedModel() throws {
    func allocate(_ inputs: [String: [BoundInput]]) throws -> AllocationArtifact {
      try lab.load(
        lab.run(
          "allocate", ["method": "lagrangian", "score": "wina", "samples": 3, "maxTokens": 24],
          inputs.merging([
            "histogram": [.artifact(histogram)], "tokens": [.artifact(shard.tokens)],
            "model": [.leaf(lab.model)],
          ]) { $1 }), as: AllocationArtifact.self)
    }
    let found = try allocate(["transform": [.artifact(transform)]])
    guard case .lagrangian(let curves) = found.allocation.evidence else {
      Issue.record("no curves")
      return
    }
    // k_proj has 12 outputs for 24 inputs: dropping less than half of its inputs loses nothing.
    let keys = curves[0][1].errors
    #expect(keys[5] < 1e-9 && keys[ErrorCurve.grid.count - 1] > 1e-4)
    #expect(curves[0][0].errors[5] > 1e-6)
    #expect(try allocate([:]).allocation != found.allocation)
    let times = try lab.load(
      lab.run(
        "latency",
        [
          "dense": "dense", "arms": ["plain", "turned"], "promptTokens": [6],
          "generatedTokens": 4, "batch": [1], "threads": [1], "groups": "same", "repeats": 1,
          "warmUp": 0,
        ],
        [
          "tokens": [.artifact(shard.tokens)], "model": [.leaf(lab.model)],
          "profiles": [
            .artifact(try lab.profile(lab.histogram([shard.capture]), sparsity: 0.5)),
            .artifact(try profile(["score": "wina", "sparsity": 0.5])),
          ], "transforms": [.artifact(transform)],
        ]), as: LatencyArtifact.self)
    #expect(times.results.map(\.subject) == ["dense", "plain", "turned"])
    #expect(times.results[2].bytes > times.results[1].bytes * 0.5)
  }
}
