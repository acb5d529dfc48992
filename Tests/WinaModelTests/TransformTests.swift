import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// The column-orthogonal transform: what it must not change and what it must achieve (oracle O5).
struct TransformTests {
  private func transformed(_ model: LanguageModel, threads: Int = 1) throws -> LanguageModel {
    let layers = try (0..<model.configuration.layers).map { try model.rotations(layer: $0) }
    return try model.transformed(
      by: ColumnOrthogonalTransform(hidden: model.configuration.hidden, layers: layers),
      name: "toy", threads: threads)
  }

  private func tokens(_ count: Int, seed: UInt64) -> [Int32] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Int32.random(in: 0..<50, using: &generator) }
  }

  private func logits(
    _ model: LanguageModel, _ tokens: [Int32], _ gates: ActivationGates? = nil
  ) throws -> [Float] {
    try model.forward(
      tokens, ForwardRequest(gates: try gates.map { try model.prepare($0) }),
      workspace: ForwardWorkspace()
    ).logits
  }

  private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

  private func folder(_ variant: String) -> String { FamilyTests.folder + "/" + variant }

  /// All families, tied heads, biases, normed heads, windows: against transformers' own numbers.
  @Test(arguments: FamilyTests.variants)
  func logitsOfEveryFamilyStayThoseOfTransformers(variant: String) throws {
    let model = try LanguageModel.load(directory: folder(variant))
    let rotated = try transformed(model)
    #expect(rotated.isTransformed && rotated.transformName == "toy" && !model.isTransformed)
    #expect(!rotated.configuration.tiesEmbeddings)
    let golden = try GoldenFile(path: folder(variant) + "/golden.safetensors")
    for (index, tokens) in golden.sequences.enumerated() {
      let expected = try golden.floats("logits", sequence: index)
      let found = try logits(rotated, tokens)
      #expect(difference(found, expected) < 1e-4)
      // Rotated activations are others: the transform did something.
      var (plain, turned) = ([Float](), [Float]())
      for (source, isTurned) in [(model, false), (rotated, true)] {
        _ = try source.forward(
          tokens, ForwardRequest(logitRows: .none), workspace: ForwardWorkspace()
        ) { point, block in
          guard point == .stream(.mlpInput, layer: 1) else { return }
          if isTurned { turned = block.values } else { plain = block.values }
        }
      }
      #expect(difference(turned, plain) > 0.1)
    }
  }

  @Test(arguments: [false, true], UInt64(20)..<26)
  func logitsOfRandomModelsStay(isTied: Bool, seed: UInt64) throws {
    let tiny = TinyModel(
      layers: 3, hidden: 32, heads: 4, headSize: 8, feedForward: 70, tiesEmbeddings: isTied,
      seed: seed)
    let model = try loaded(tiny)
    let tokens = tokens(40, seed: seed)
    let expected = try logits(model, tokens)
    let found = try logits(transformed(model), tokens)
    let scale = expected.reduce(0) { max($0, abs($1)) }
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-4 * scale })
  }

  /// (W·V)ᵀ(W·V) is diagonal, for the anchors of both streams and of fused tensors.
  @Test(arguments: ["phi3-partial", "qwen3-layer-types", "llama3-biases-f16"])
  func columnsOfAnchorsAreOrthogonal(variant: String) throws {
    let model = try transformed(LanguageModel.load(directory: folder(variant)))
    let isFused = variant.hasPrefix("phi3")
    for stream in [ActivationStream.attentionInput, .mlpInput] {
      let anchors = model.rotationAnchors(of: stream)
      #expect(anchors.count == (isFused ? stream.projections.count : 1))
      let width = model.configuration.hidden
      var gram = [Double](repeating: 0, count: width * width)
      for projection in anchors {
        let weights = model.weights(layer: 1, projection: projection)
        for row in stride(from: 0, to: weights.count, by: width) {
          for a in 0..<width {
            for b in 0..<width {
              gram[a * width + b] += Double(weights[row + a]) * Double(weights[row + b])
            }
          }
        }
      }
      let largest = (0..<width).map { gram[$0 * width + $0] }.max() ?? 0
      for a in 0..<width {
        for b in 0..<width where a != b { #expect(abs(gram[a * width + b]) < 1e-6 * largest) }
      }
    }
    #expect(model.rotationAnchors(of: .outputInput).isEmpty)
  }

  /// With grouped queries k_proj has as many columns that are not zero as outputs, so that keeping
  /// them loses nothing.
  @Test(arguments: [1, 2])
  func groupedKeysHaveAsManyColumnsAsOutputs(keyValueHeads: Int) throws {
    let tiny = TinyModel(
      layers: 2, hidden: 32, heads: 4, keyValueHeads: keyValueHeads, headSize: 8, seed: 31)
    let model = try transformed(loaded(tiny))
    let outputs = keyValueHeads * 8
    let dense = try logits(model, tokens(30, seed: 2))
    func withTop(_ count: Int) throws -> [Float] {
      var gates = ActivationGates(layers: 2)
      for layer in 0..<2 {
        gates.projections[layer][.kProj] = ProjectionGate(
          rule: .topK(count), norms: model.columnNorms(layer: layer, projection: .kProj))
      }
      return try logits(model, tokens(30, seed: 2), gates)
    }
    for layer in 0..<2 {
      let norms = model.columnNorms(layer: layer, projection: .kProj)
      #expect(norms.filter { $0 > 0 }.count == outputs)
      #expect(zip(norms, norms.dropFirst()).allSatisfy { $0 >= $1 * 0.999_999 })
      #expect(model.columnNorms(layer: layer, projection: .qProj).allSatisfy { $0 > 0 })
    }
    for count in [outputs, outputs + 3, 31] { #expect(bits(try withTop(count)) == bits(dense)) }
    #expect(difference(try withTop(outputs - 1), dense) > 1e-4)
  }

  @Test func rowsNeighboursStepsAndThreadsChangeNothing() throws {
    let model = try loaded(
      TinyModel(layers: 2, hidden: 256, heads: 4, headSize: 64, feedForward: 1100, seed: 8))
    let rotated = try transformed(model)
    let again = try transformed(model, threads: 3)
    let tokens = tokens(70, seed: 5)
    let expected = bits(try logits(rotated, tokens))
    #expect(bits(try logits(again, tokens)) == expected)
    for threads in [2, 3] {
      let found = try rotated.forward(
        tokens, ForwardRequest(), workspace: ForwardWorkspace(threads: threads))
      #expect(bits(found.logits) == expected)
    }
    let parts = [SequencePart(tokens: [3, 4]), SequencePart(tokens: tokens)]
    #expect(bits(try rotated.forward(parts, workspace: ForwardWorkspace())[1].logits) == expected)
    let decoder = IncrementalDecoder(rotated)
    #expect(bits(try tokens.flatMap { try decoder.append($0) }) == expected)
  }

  @Test func probesOfLayersFollowTheRotations() throws {
    let model = try transformed(loaded(TinyModel(layers: 3, hidden: 32, headSize: 8, seed: 12)))
    let tokens = tokens(20, seed: 6)
    let hidden = try model.forward(
      tokens, ForwardRequest(logitRows: .none, keepHidden: true), workspace: ForwardWorkspace()
    ).hidden
    for layer in 0..<2 {
      let probe = try LayerProbe(
        model, layer: layer, residuals: [hidden[layer]], firstGatedRows: [0])
      #expect(bits(probe.output) == bits(hidden[layer + 1]))
      let gate = ProjectionGate(rule: .topK(20))
      for projection in Projection.allCases {
        let other = try LayerProbe(
          model, layer: layer, residuals: [hidden[layer]], firstGatedRows: [0])
        other.set([projection: gate])
        #expect(bits(probe.output(with: gate, at: projection)) == bits(other.output))
      }
    }
  }

  /// Oracle O6: folding gains into weights leaves |xᵢ|·‖W[:, i]‖ as it is and changes |xᵢ|.
  @Test func foldingGainsKeepsWinaScoresAndChangesThoseOfTEAL() throws {
    let model = try loaded(TinyModel(layers: 2, seed: 17))
    let identity = ColumnOrthogonalTransform.Rotation.identity(24)
    let folded = try model.transformed(
      by: ColumnOrthogonalTransform(
        hidden: 24,
        layers: [.init(attention: identity, mlp: identity)] + [
          .init(attention: identity, mlp: identity)
        ]), name: "folded")
    var inputs: [[TapPoint: [Float]]] = []
    for source in [model, folded] {
      var seen: [TapPoint: [Float]] = [:]
      _ = try source.forward(
        tokens(25, seed: 9), ForwardRequest(logitRows: .none), workspace: ForwardWorkspace()
      ) { seen[$0] = $1.values }
      inputs.append(seen)
    }
    for (stream, projections) in [
      (ActivationStream.attentionInput, [Projection.qProj, .kProj, .vProj]),
      (.mlpInput, [.gateProj, .upProj]),
    ] {
      let before = try #require(inputs[0][.stream(stream, layer: 1)])
      let after = try #require(inputs[1][.stream(stream, layer: 1)])
      #expect(zip(before, after).contains { abs(abs($0) - abs($1)) > 0.1 * abs($0) })
      for projection in projections {
        let (c, d) = (
          model.columnNorms(layer: 1, projection: projection),
          folded.columnNorms(layer: 1, projection: projection)
        )
        for index in before.indices {
          let (old, new) = (abs(before[index]) * c[index % 24], abs(after[index]) * d[index % 24])
          #expect(abs(old - new) <= 1e-4 * (old + 1e-2))
        }
      }
    }
  }
}
