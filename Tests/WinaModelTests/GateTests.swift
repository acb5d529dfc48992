import Foundation
import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// Gated passes against the plain f64 pass and against reference numbers.
struct GateTests {
  private let tolerance: Float = 3e-5
  private let tiny = TinyModel(layers: 2, seed: 5)
  private let tokens: [Int32] = [3, 14, 15, 9, 26, 5, 35, 8, 9, 7, 9, 32, 3, 8, 46]

  private func expectPlain(_ gates: ActivationGates, firstGatedRow: Int = 1) throws {
    let model = try loaded(tiny)
    let prepared = try model.prepare(gates)
    let expected = PlainLlama(tiny).forward(tokens, gates: gates, firstGatedRow: firstGatedRow)
    let result = try model.forward(
      tokens, ForwardRequest(gates: prepared, firstGatedRow: firstGatedRow),
      workspace: ForwardWorkspace())
    let logits = expected.logits.flatMap { $0.map(Float.init) }
    #expect(difference(result.logits, logits) < tolerance)
    #expect(result.kept == expected.kept)
    #expect(result.gatedRows == tokens.count - firstGatedRow)
    let decoder = IncrementalDecoder(model, gates: prepared, firstGatedPosition: firstGatedRow)
    var steps: [Float] = []
    for token in tokens { steps += try decoder.append(token) }
    #expect(difference(steps, logits) < tolerance)
    #expect(decoder.kept == expected.kept && decoder.gatedTokens == result.gatedRows)
  }

  private func means(_ width: Int) -> [Float] { (0..<width).map { 0.2 * sin(Float($0)) } }

  @Test func thresholdsMatch() throws {
    var gates = ActivationGates(layers: 2)
    for layer in 0..<2 {
      for projection in Projection.allCases {
        gates.projections[layer][projection] = ProjectionGate(rule: .threshold(0.4))
      }
    }
    try expectPlain(gates)
  }

  @Test func weightedThresholdsOnSomeProjectionsMatch() throws {
    let model = try loaded(tiny)
    var gates = ActivationGates(layers: 2)
    for projection in [Projection.qProj, .kProj, .gateProj, .downProj] {
      let norms = projection == .qProj ? nil : model.columnNorms(layer: 1, projection: projection)
      gates.projections[1][projection] = ProjectionGate(rule: .threshold(0.7), norms: norms)
    }
    try expectPlain(gates, firstGatedRow: 4)
  }

  @Test func theLargestScoresAreKept() throws {
    let model = try loaded(tiny)
    var gates = ActivationGates(layers: 2)
    for layer in 0..<2 {
      for projection in Projection.allCases {
        gates.projections[layer][projection] = ProjectionGate(
          rule: .topK(model.inputs(of: projection) / 3),
          norms: model.columnNorms(layer: layer, projection: projection))
      }
    }
    try expectPlain(gates, firstGatedRow: 0)
  }

  @Test func centredGatesAddTheBias() throws {
    let model = try loaded(tiny)
    var gates = ActivationGates(layers: 2)
    for projection in Projection.allCases {
      let width = model.inputs(of: projection)
      gates.projections[0][projection] = ProjectionGate(
        rule: .threshold(0.5), norms: model.columnNorms(layer: 0, projection: projection),
        mean: means(width))
      gates.projections[1][projection] = ProjectionGate(
        rule: .mask((0..<width).map { $0 % 3 != 1 }), mean: means(width))
    }
    try expectPlain(gates, firstGatedRow: 2)
  }

  @Test func catsMasksNeurons() throws {
    var gates = ActivationGates(layers: 2)
    gates.cats = [0.15, nil]
    gates.projections[0][.qProj] = ProjectionGate(rule: .threshold(0.3))
    try expectPlain(gates)
  }

  @Test func gatesThatKeepAllChangeNoBit() throws {
    let model = try loaded(tiny)
    var gates = ActivationGates(layers: 2)
    for layer in 0..<2 {
      for projection in Projection.allCases {
        gates.projections[layer][projection] = ProjectionGate(rule: .threshold(-1))
      }
    }
    let workspace = ForwardWorkspace()
    let dense = try model.forward(tokens, ForwardRequest(), workspace: workspace)
    let gated = try model.forward(
      tokens, ForwardRequest(gates: try model.prepare(gates)), workspace: workspace)
    #expect(dense.logits.map(\.bitPattern) == gated.logits.map(\.bitPattern))
    let full = Projection.allCases.map { UInt64(model.inputs(of: $0) * tokens.count) }
    #expect(gated.kept == full + full)
  }

  @Test func gatesThatDoNotFitAreErrors() throws {
    let model = try loaded(tiny)
    let wrong: [ProjectionGate] = [
      ProjectionGate(rule: .threshold(.nan)), ProjectionGate(rule: .topK(25)),
      ProjectionGate(rule: .topK(-1)), ProjectionGate(rule: .mask([true])),
      ProjectionGate(rule: .topK(1), norms: [1]), ProjectionGate(rule: .topK(1), mean: [1]),
    ]
    for gate in wrong {
      var gates = ActivationGates(layers: 2)
      gates.projections[1][.kProj] = gate
      let error = #expect(throws: ModelError.self) { try model.prepare(gates) }
      #expect(error?.message.contains("k_proj of layer 1") == true)
    }
    #expect(throws: ModelError.self) { try model.prepare(ActivationGates(layers: 1)) }
    var both = ActivationGates(layers: 2)
    both.cats[0] = 0.1
    both.projections[0][.downProj] = ProjectionGate(rule: .threshold(0.1))
    #expect(throws: ModelError.self) { try model.prepare(both) }
  }

  /// The column norms of the tensor that holds a projection, which Phi-3 shares among several.
  private func fusedNorms(_ model: LanguageModel, _ layer: Int, _ projection: Projection) -> [Float]
  {
    guard model.configuration.family == .phi3 else {
      return model.columnNorms(layer: layer, projection: projection)
    }
    let members = projection.stream.projections.map {
      model.columnNorms(layer: layer, projection: $0)
    }
    return members[0].indices.map { column in
      Float(members.reduce(0) { $0 + Double($1[column]) * Double($1[column]) }.squareRoot())
    }
  }

  private struct Manifest: Decodable {
    var thresholds: [String: [String: Float]]
  }

  @Test(
    .enabled(if: SharedData.isPresent, "needs ../shared/data, which is absent"),
    arguments: ReferenceTests.random, ["0.25", "0.5"])
  func maskedReferencesMatch(path: String, sparsity: String) throws {
    let folder = SharedData.path(path)
    let model = try LanguageModel.load(directory: folder)
    let golden = try GoldenFile(path: folder + "/golden_f32.safetensors")
    let manifest = try JSONDecoder().decode(
      Manifest.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/manifest.json")))
    let thresholds = try #require(manifest.thresholds[sparsity])
    let share = try #require(Double(sparsity))
    var teal = ActivationGates(layers: model.configuration.layers)
    var wina = teal
    for layer in 0..<model.configuration.layers {
      for projection in Projection.allCases {
        let name = model.configuration.linearName(of: projection, layer: layer)
        teal.projections[layer][projection] = ProjectionGate(
          rule: .threshold(try #require(thresholds[name])))
        wina.projections[layer][projection] = ProjectionGate(
          rule: .topK(Int(Double(model.inputs(of: projection)) * (1 - share))),
          norms: fusedNorms(model, layer, projection))
      }
    }
    for (gates, name) in [(teal, "sparse"), (wina, "wina")] {
      let request = ForwardRequest(gates: try model.prepare(gates))
      for (index, tokens) in golden.sequences.enumerated() {
        let result = try model.forward(tokens, request, workspace: ForwardWorkspace())
        let expected = try golden.floats("\(name).\(sparsity).logits", sequence: index)
        #expect(difference(result.logits, expected) < 5e-5)
      }
    }
  }
}
