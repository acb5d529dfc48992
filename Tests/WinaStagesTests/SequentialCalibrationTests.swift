import Testing
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaTensor

/// Histograms of layers whose inputs earlier thresholds have made sparse.
struct SequentialCalibrationTests {
  private let lab: StageLab
  private let shards: [StageLab.Shard]

  init() throws {
    lab = try StageLab()
    shards = try lab.shards(StageLab.records(20), sizes: [9, 11])
  }

  private func sequential(_ sparsity: Double) throws -> HistogramSet {
    try lab.load(
      lab.run(
        "histogram", ["score": "wina", "sparsity": .double(sparsity)],
        ["tokens": shards.map { .artifact($0.tokens) }, "model": [.leaf(lab.model)]]),
      as: HistogramArtifact.self
    ).histograms
  }

  @Test func withoutSparsityItIsDenseCalibration() throws {
    let dense = try lab.load(
      lab.histogram(shards.map(\.capture)), as: HistogramArtifact.self
    ).histograms
    let found = try sequential(0)
    #expect(found.tokens == dense.tokens && found.samples == dense.samples)
    for layer in 0..<dense.layout.layers {
      for slot in found.layout.slots {
        for q in [0.1, 0.5, 0.9] {
          #expect(
            try found.quantile(group: nil, layer: layer, slot: slot, q)
              == dense.quantile(group: nil, layer: layer, slot: slot, q))
        }
      }
    }
    for (a, b) in zip(found.pooledMeans, dense.pooledMeans) { #expect(abs(a - b) < 1e-5) }
  }

  @Test func everyLayerIsCalibratedOnWhatThoseBeforeGiveUnderTheirThresholds() throws {
    let found = try sequential(0.6)
    let model = try lab.language
    let profile = try lab.load(
      lab.run(
        "profile", ["score": "wina", "sparsity": 0.6],
        [
          "histogram": [
            .artifact(
              lab.run(
                "histogram", ["score": "wina", "sparsity": 0.6],
                ["tokens": shards.map { .artifact($0.tokens) }, "model": [.leaf(lab.model)]]))
          ], "model": [.leaf(lab.model)],
        ]), as: ProfileArtifact.self
    ).profile
    // The whole profile, applied up to a layer, must see there the scores that were added up.
    for layer in 0..<found.layout.layers {
      var gates = try ProfileGates.gates(of: profile, group: 0, for: model)
      for later in layer..<found.layout.layers { gates.projections[later] = [:] }
      let prepared = try model.prepare(gates)
      var histogram = ScoreHistogram()
      for shard in shards {
        let tokens = try lab.load(shard.tokens, as: TokenizedShard.self)
        for sample in tokens.samples {
          let first = tokens.policy.firstGatedRow(sample)
          _ = try model.forward(
            Array(sample.goldSequence.tokens.dropLast()),
            ForwardRequest(logitRows: .none, gates: prepared, firstGatedRow: first),
            workspace: ForwardWorkspace()
          ) { point, block in
            guard case .stream(.downInput, layer) = point else { return }
            for row in first..<block.rows {
              for column in 0..<block.columns {
                histogram.add(block.values[row * block.columns + column])
              }
            }
          }
        }
      }
      for q in [0.2, 0.6, 0.95] {
        #expect(
          try found.quantile(group: nil, layer: layer, slot: .stream(.downInput), q)
            == histogram.quantile(q))
      }
    }
    let plain = try sequential(0)
    #expect(
      try found.quantile(group: nil, layer: 0, slot: .stream(.mlpInput), 0.5)
        == plain.quantile(group: nil, layer: 0, slot: .stream(.mlpInput), 0.5))
    #expect(
      try found.quantile(group: nil, layer: 1, slot: .stream(.mlpInput), 0.5)
        != plain.quantile(group: nil, layer: 1, slot: .stream(.mlpInput), 0.5))
  }

  @Test func batchesAndShardsMakeNoDifference() throws {
    let one = try lab.shards(StageLab.records(20), sizes: [20])
    let joined = try lab.load(
      lab.run(
        "histogram", ["score": "wina", "sparsity": 0.5],
        ["tokens": one.map { .artifact($0.tokens) }, "model": [.leaf(lab.model)]]),
      as: HistogramArtifact.self
    ).histograms
    #expect(try sequential(0.5).pooledCounts == joined.pooledCounts)
  }
}
