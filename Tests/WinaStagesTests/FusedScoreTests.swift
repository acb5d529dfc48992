import Foundation
import Testing
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaTensor
import WinaTestSupport

/// Scores that take the projections of a stream as one matrix, as checkpoints that fuse them are.
struct FusedScoreTests {
  private static let folder = SharedData.packageRoot + "/Tests/Fixtures/families/"

  /// Each norm beside one computed from the fused tensor as the file has it.
  @Test(arguments: ["phi3-partial", "phi3-half-tied"])
  func normsAreThoseOfTheWholeTensor(variant: String) throws {
    let model = try LanguageModel.load(directory: Self.folder + variant)
    #expect(model.configuration.fusesProjections)
    let file = try SafetensorsFile(path: Self.folder + variant + "/model.safetensors")
    let all = ColumnNorms(
      layers: (0..<model.configuration.layers).map { layer in
        Dictionary(
          uniqueKeysWithValues: Projection.allCases.map {
            ($0, model.columnNorms(layer: layer, projection: $0))
          })
      })
    for layer in 0..<all.layers {
      for (name, stream) in [
        ("self_attn.qkv_proj", ActivationStream.attentionInput), ("mlp.gate_up_proj", .mlpInput),
      ] {
        let weights = try file.tensor("model.layers.\(layer).\(name).weight").floats()
        let norms = ColumnNorms.joint(
          try ScoreSlot.fused(stream).weights.map { try all.norms(layer: layer, projection: $0) })
        let width = model.configuration.width(of: stream)
        #expect(norms.count == width)
        for column in 0..<width {
          let squares = stride(from: column, to: weights.count, by: width).reduce(0.0) {
            $0 + Double(weights[$1]) * Double(weights[$1])
          }
          #expect(abs(Double(norms[column]) - squares.squareRoot()) < 1e-5 * squares.squareRoot())
        }
      }
    }
  }

  @Test func projectionsOfAStreamShareTheirMask() throws {
    let lab = try StageLab()
    let shard = try lab.shards(StageLab.records(30), sizes: [30])[0]
    let slots = ScoreMethod.winaFused.slots.map(\.name)
    let capture = try lab.capture(shard.tokens, slots: .array(slots.map(JSONValue.string)))
    let digest = try lab.profile(lab.histogram([capture]), score: "wina_fused", sparsity: 0.5)
    let profile = try lab.load(digest, as: ProfileArtifact.self).profile
    let model = try lab.language
    for layer in 0..<model.configuration.layers {
      let rules = Projection.allCases.map {
        profile.gate(group: 0, layer: layer, projection: $0)
      }
      #expect(rules[0] == rules[1] && rules[1] == rules[2] && rules[4] == rules[5])
      #expect(rules[0] != rules[3] && rules[0] != rules[4])
    }
    // The gates zero, on the samples that they were fitted to, what they were fitted for.
    let gates = try model.prepare(ProfileGates.gates(of: profile, group: 0, for: model))
    let tokens = try lab.load(shard.tokens, as: TokenizedShard.self)
    let modules = Projection.allCases.count
    var kept = [UInt64](repeating: 0, count: model.configuration.layers * modules)
    var rows = 0
    for sample in tokens.samples {
      let result = try model.forward(
        Array(sample.goldSequence.tokens.dropLast()),
        ForwardRequest(
          logitRows: .none, gates: gates, firstGatedRow: tokens.policy.firstGatedRow(sample),
          stopAfterLayer: 0), workspace: ForwardWorkspace())
      for index in kept.indices { kept[index] += result.kept[index] }
      rows += result.gatedRows
    }
    // Nothing sparse is upstream of the first layer's attention, so its share is exact.
    let shares = (0..<3).map {
      Double(kept[$0]) / Double(rows * model.configuration.hidden)
    }
    #expect(shares[0] == shares[1] && shares[1] == shares[2])
    #expect(abs(shares[0] - 0.5) < 0.01)
    #expect(kept[4] == kept[5])
  }

  @Test func plainWINAOfAFusedCheckpointIsRemarkedOn() throws {
    let lab = try StageLab()
    let shard = try lab.shards(StageLab.records(12), sizes: [12])[0]
    let histogram = try lab.histogram([shard.capture])
    let own = try String(contentsOfFile: lab.model.location + "/config.json", encoding: .utf8)
    let directory = try TemporaryDirectory()
    try directory.write(
      own.replacing("LlamaForCausalLM", with: "Phi3ForCausalLM")
        .replacing(#""llama""#, with: #""phi3""#), to: "config.json")
    func notes(_ model: Leaf, score: String) throws -> [String] {
      let digest = try lab.run(
        "profile", ["score": .string(score), "sparsity": 0.5, "min_tokens": 10],
        ["histogram": [.artifact(histogram)], "model": [.leaf(model)]])
      return try lab.load(digest, as: ProfileArtifact.self).profile.summary.notes
    }
    let fused = Leaf(
      format: ModelFiles.format, digest: SHA256.digest(of: directory.path),
      location: directory.path)
    #expect(try notes(fused, score: "wina").contains { $0.contains("wina_fused") })
    #expect(try notes(fused, score: "teal").isEmpty)
    #expect(try notes(lab.model, score: "wina").isEmpty)
  }
}
