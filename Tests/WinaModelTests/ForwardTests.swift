import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// The engine against a plain f64 forward pass on tiny random models.
struct ForwardTests {
  static let models: [TinyModel] = [
    TinyModel(),
    TinyModel(layers: 3, keyValueHeads: 1, tiesEmbeddings: true, seed: 2),
    TinyModel(hidden: 40, heads: 5, keyValueHeads: 5, headSize: 18, feedForward: 51, seed: 3),
    TinyModel(
      hidden: 32, headSize: 8,
      ropeScaling: [
        "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
        "original_max_position_embeddings": 16,
      ], ropeBase: 500, seed: 4),
  ]
  private let tolerance: Float = 2e-5

  private func tokens(_ count: Int, _ model: TinyModel, seed: UInt64 = 9) -> [Int32] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Int32.random(in: 0..<Int32(model.vocabulary), using: &generator) }
  }

  private func flat(_ rows: [[Double]]) -> [Float] { rows.flatMap { $0.map(Float.init) } }

  @Test(arguments: models.indices, [1, 2, 7, 70])
  func everythingMatchesThePlainPass(index: Int, length: Int) throws {
    let tiny = Self.models[index]
    let model = try loaded(tiny)
    let tokens = tokens(length, tiny)
    let expected = PlainLlama(tiny).forward(tokens)
    var taps: [TapPoint: [Float]] = [:]
    let result = try model.forward(
      tokens, ForwardRequest(keepHidden: true), workspace: ForwardWorkspace()
    ) { point, block in
      #expect(taps[point] == nil, "each tap is emitted once")
      #expect(block.values.count == block.rows * block.columns && block.rows == length)
      taps[point] = block.values
    }
    #expect(difference(result.logits, flat(expected.logits)) < tolerance)
    #expect(result.hidden.count == expected.hidden.count)
    for (found, plain) in zip(result.hidden, expected.hidden) {
      #expect(difference(found, flat(plain)) < tolerance)
    }
    #expect(taps.count == expected.taps.count)
    for (point, plain) in expected.taps {
      #expect(difference(taps[point] ?? [], flat(plain)) < tolerance)
    }
    #expect(result.kept.isEmpty && result.gatedRows == 0)
  }

  @Test(arguments: models.indices)
  func tokenByTokenMatchesThePlainPass(index: Int) throws {
    let tiny = Self.models[index]
    let model = try loaded(tiny)
    let tokens = tokens(20, tiny)
    let decoder = IncrementalDecoder(model)
    var logits: [Float] = []
    for token in tokens { logits += try decoder.append(token) }
    #expect(difference(logits, flat(PlainLlama(tiny).forward(tokens).logits)) < tolerance)
    decoder.reset()
    #expect(try decoder.append(tokens[0]) == Array(logits[..<tiny.vocabulary]))
  }

  @Test func onlyTheRowsAskedForHaveLogits() throws {
    let tiny = TinyModel()
    let model = try loaded(tiny)
    let tokens = tokens(9, tiny)
    let workspace = ForwardWorkspace()
    let all = try model.forward(tokens, ForwardRequest(), workspace: workspace).logits
    let last = try model.forward(tokens, ForwardRequest(logitRows: .last), workspace: workspace)
    #expect(last.logitRows == 8..<9)
    #expect(difference(last.logits, Array(all[(8 * tiny.vocabulary)...])) < 1e-6)
    let some = try model.forward(
      tokens, ForwardRequest(logitRows: .range(3..<5)), workspace: workspace)
    let part = all[(3 * tiny.vocabulary)..<(5 * tiny.vocabulary)]
    #expect(difference(some.logits, Array(part)) < 1e-6)
    let none = try model.forward(
      tokens, ForwardRequest(logitRows: .none, keepHidden: true, stopAfterLayer: 0),
      workspace: workspace)
    #expect(none.logits.isEmpty && none.hidden.count == 2)
    let plain = PlainLlama(tiny).forward(tokens).hidden[1]
    #expect(difference(none.hidden[1], flat(plain)) < tolerance)
  }

  @Test func resultsAreEqualBitForBitWhateverRunsBeside() async throws {
    let tiny = TinyModel(hidden: 40, heads: 5, keyValueHeads: 5, headSize: 18, feedForward: 51)
    let model = try loaded(tiny)
    let samples = (0..<12).map { tokens(3 + 7 * $0, tiny, seed: UInt64($0)) }
    let alone = try samples.map {
      try model.forward($0, ForwardRequest(), workspace: ForwardWorkspace()).logits
    }
    // One workspace for all, in another order: nothing of an earlier sample may show.
    let shared = ForwardWorkspace()
    for index in samples.indices.reversed() {
      let again = try model.forward(samples[index], ForwardRequest(), workspace: shared).logits
      #expect(again.map(\.bitPattern) == alone[index].map(\.bitPattern))
    }
    let together = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
      for index in samples.indices {
        group.addTask {
          let result = try model.forward(
            samples[index], ForwardRequest(), workspace: ForwardWorkspace()
          ) { _, _ in }
          return (index, result.logits)
        }
      }
      return try await group.reduce(into: [Int: [Float]]()) { $0[$1.0] = $1.1 }
    }
    for index in samples.indices {
      #expect(together[index]?.map(\.bitPattern) == alone[index].map(\.bitPattern))
    }
  }

  @Test func columnNormsProductsAndEmbeddingsComeFromTheWeights() throws {
    let tiny = TinyModel()
    let model = try loaded(tiny)
    let weights = try #require(tiny.weights["model.layers.1.self_attn.k_proj.weight"])
    #expect(model.weights(layer: 1, projection: .kProj) == weights)
    var norms: [Float] = []
    for column in 0..<tiny.hidden {
      var sum = 0.0
      for row in 0..<12 {
        let weight = Double(weights[row * tiny.hidden + column])
        sum += weight * weight
      }
      norms.append(Float(sum.squareRoot()))
    }
    for _ in 0..<2 {
      #expect(difference(model.columnNorms(layer: 1, projection: .kProj), norms) < 1e-6)
    }
    let product = model.product(layer: 1, projection: .kProj, with: norms)
    var first = 0.0
    for column in 0..<tiny.hidden { first += Double(weights[column]) * Double(norms[column]) }
    #expect(product.count == 12 && abs(Double(product[0]) - first) < 1e-5)
    let table = try #require(tiny.weights["model.embed_tokens.weight"])
    let mean = try model.embedding(of: [3, 7])
    let expected: [Float] = (0..<24).map { (table[72 + $0] + table[168 + $0]) / 2 }
    #expect(difference(mean, expected) < 1e-6)
    #expect(try model.embedding(of: [Int32]()) == Array(repeating: 0, count: 24))
  }

  @Test func requestsThatDoNotFitAreErrors() throws {
    let model = try loaded(TinyModel())
    let workspace = ForwardWorkspace()
    let wrong: [([Int32], ForwardRequest)] = [
      ([], ForwardRequest()), ([50], ForwardRequest()), ([-1], ForwardRequest()),
      (Array(repeating: 1, count: 97), ForwardRequest()),
      ([1], ForwardRequest(logitRows: .range(0..<2))),
      ([1], ForwardRequest(stopAfterLayer: 2)),
    ]
    for (tokens, request) in wrong {
      #expect(throws: ModelError.self) {
        try model.forward(tokens, request, workspace: workspace)
      }
    }
    let other = try loaded(TinyModel(layers: 1))
    let gates = try other.prepare(ActivationGates(layers: 1))
    #expect(throws: ModelError.self) {
      try model.forward([1], ForwardRequest(gates: gates), workspace: workspace)
    }
  }
}

/// Writes a tiny model to disk and loads it.
func loaded(_ tiny: TinyModel) throws -> LanguageModel {
  let directory = try TemporaryDirectory()
  try tiny.write(to: directory.path)
  return try LanguageModel.load(directory: directory.path)
}
