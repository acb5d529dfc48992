import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// What must not change a single bit: parts, neighbours, threads, forks, and how gates take effect.
struct InvarianceTests {
  private let tiny = TinyModel(
    layers: 3, hidden: 32, heads: 4, headSize: 8, feedForward: 70, seed: 7)

  private func tokens(_ count: Int, seed: UInt64) -> [Int32] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Int32.random(in: 0..<50, using: &generator) }
  }

  private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

  /// Gates of every kind: thresholds with norms and centring, top-k, static masks, CATS.
  private func gates(_ model: LanguageModel) -> ActivationGates {
    var gates = ActivationGates(layers: 3)
    for projection in Projection.allCases {
      let width = model.inputs(of: projection)
      gates.projections[0][projection] = ProjectionGate(
        rule: .threshold(0.3), norms: model.columnNorms(layer: 0, projection: projection),
        mean: projection == .vProj ? nil : (0..<width).map { Float($0 % 5) / 20 })
      gates.projections[1][projection] = ProjectionGate(
        rule: projection == .oProj
          ? .topK(width / 2) : .mask((0..<width).map { $0 % 3 != 0 }),
        mean: projection == .downProj ? (0..<width).map { Float($0 % 3) / 10 } : nil)
    }
    gates.projections[2][.qProj] = ProjectionGate(rule: .threshold(0.5))
    gates.cats[2] = 0.2
    return gates
  }

  private func whole(
    _ model: LanguageModel, _ tokens: [Int32], gates: PreparedGates? = nil, dense: Int = 0
  ) throws -> ForwardResult {
    try model.forward(
      tokens, ForwardRequest(gates: gates, firstGatedRow: dense), workspace: ForwardWorkspace())
  }

  @Test(arguments: KernelLevel.allCases, [false, true])
  func partsOfASequenceGiveItsBits(level: KernelLevel, isGated: Bool) throws {
    try Kernels.withLevel(level) {
      let model = try loaded(tiny)
      let gates = isGated ? try model.prepare(self.gates(model)) : nil
      let tokens = tokens(40, seed: 1)
      let expected = try whole(model, tokens, gates: gates, dense: 2)
      for sizes in [[40], [1, 39], [39, 1], [7, 13, 20], Array(repeating: 1, count: 40)] {
        let cache = KeyValueCache(model.configuration)
        let workspace = ForwardWorkspace()
        var logits: [Float] = []
        var kept = [UInt64](repeating: 0, count: expected.kept.count)
        for size in sizes {
          let first = cache.count
          let request = ForwardRequest(gates: gates, firstGatedRow: max(0, 2 - first))
          let part = SequencePart(
            tokens: Array(tokens[first..<(first + size)]), request: request, cache: cache)
          let result = try #require(try model.forward([part], workspace: workspace).first)
          logits += result.logits
          for (index, count) in result.kept.enumerated() { kept[index] += count }
        }
        #expect(bits(logits) == bits(expected.logits))
        #expect(kept == expected.kept)
      }
    }
  }

  @Test(arguments: KernelLevel.allCases)
  func neighboursAndTheirOrderChangeNothing(level: KernelLevel) throws {
    try Kernels.withLevel(level) {
      let model = try loaded(tiny)
      let prepared = try model.prepare(gates(model))
      var other = gates(model)
      other.projections[0][.qProj] = nil
      let odd = try model.prepare(other)
      let packed = try model.prepare(gates(model), packsMasks: true)
      var parts: [SequencePart] = []
      for (index, length) in [3, 17, 1, 40, 8, 1, 25, 12, 1, 1, 1].enumerated() {
        let request = ForwardRequest(
          logitRows: index == 1 ? .none : index == 3 ? .last : .all,
          gates: [nil, prepared, prepared, odd, packed][index % 5],
          firstGatedRow: length == 1 ? 0 : index % 3)
        parts.append(
          SequencePart(tokens: tokens(length, seed: UInt64(index)), request: request))
      }
      let alone = try parts.map {
        try model.forward($0.tokens, $0.request, workspace: ForwardWorkspace())
      }
      var generator = SeededGenerator(seed: 3)
      for _ in 0..<12 {
        let order = Array(parts.indices).shuffled(using: &generator).prefix(5)
        let together = try model.forward(order.map { parts[$0] }, workspace: ForwardWorkspace())
        for (result, index) in zip(together, order) {
          #expect(bits(result.logits) == bits(alone[index].logits))
          #expect(result.kept == alone[index].kept)
          #expect(result.gatedRows == alone[index].gatedRows)
        }
      }
    }
  }

  @Test func partsWithTheSamePackedMasksShareTheirProducts() throws {
    let model = try loaded(tiny)
    let packed = try model.prepare(gates(model), packsMasks: true)
    let parts = [3, 17, 1, 8, 1].enumerated().map { index, length in
      SequencePart(
        tokens: tokens(length, seed: UInt64(index)),
        request: ForwardRequest(gates: packed, firstGatedRow: index % 3))
    }
    let together = try model.forward(parts, workspace: ForwardWorkspace())
    for (part, result) in zip(parts, together) {
      let alone = try whole(
        model, part.tokens, gates: try model.prepare(gates(model)),
        dense: part.request.firstGatedRow)
      #expect(bits(result.logits) == bits(alone.logits))
      #expect(result.kept == alone.kept)
    }
  }

  @Test func forksShareWhatIsCommon() throws {
    let model = try loaded(tiny)
    let prefix = tokens(21, seed: 4)
    let endings = [[5], [6, 7, 8], [9, 1, 2, 3, 4, 5, 6]] as [[Int32]]
    let cache = KeyValueCache(model.configuration)
    let workspace = ForwardWorkspace()
    _ = try model.forward(
      [SequencePart(tokens: prefix, request: ForwardRequest(logitRows: .none), cache: cache)],
      workspace: workspace)
    let results = try model.forward(
      endings.map { SequencePart(tokens: $0, cache: cache.fork()) }, workspace: workspace)
    for (ending, result) in zip(endings, results) {
      let expected = try whole(model, prefix + ending).logits
      #expect(bits(result.logits) == bits(Array(expected[(21 * 50)...])))
    }
    let fork = cache.fork()
    for ending in [[5], [6]] as [[Int32]] {
      _ = try model.forward([SequencePart(tokens: ending, cache: fork)], workspace: workspace)
    }
    #expect(fork.count == 23 && cache.count == 21)
  }

  @Test func threadsChangeNothing() throws {
    // Wide enough for matrices above the size from which threads share them.
    let model = try loaded(
      TinyModel(layers: 2, hidden: 256, heads: 4, headSize: 64, feedForward: 1100, seed: 8))
    let tokens = tokens(70, seed: 5)
    for count in [1, 70] {
      let part = Array(tokens.prefix(count))
      let expected = try whole(model, part)
      for threads in [2, 3] {
        let workspace = ForwardWorkspace(threads: threads)
        for _ in 0..<3 {
          let found = try model.forward(part, ForwardRequest(), workspace: workspace)
          #expect(bits(found.logits) == bits(expected.logits))
        }
      }
    }
  }

  /// Oracle O14: skipping columns, packing and masking are three ways to one result.
  @Test(arguments: KernelLevel.allCases, 0..<3)
  func executedPackedAndSimulatedGatesAreEqual(level: KernelLevel, dense: Int) throws {
    try Kernels.withLevel(level) {
      let model = try loaded(tiny)
      let tokens = tokens(30, seed: 6)
      let simulated = try whole(model, tokens, gates: try model.prepare(gates(model)), dense: dense)
      for packs in [false, true] {
        let prepared = try model.prepare(gates(model), packsMasks: packs)
        #expect(
          bits(try whole(model, tokens, gates: prepared, dense: dense).logits)
            == bits(simulated.logits))
        for execution in GateExecution.allCases {
          let decoder = IncrementalDecoder(
            model, gates: prepared, firstGatedPosition: dense, execution: execution)
          var logits: [Float] = []
          for token in tokens { logits += try decoder.append(token) }
          #expect(bits(logits) == bits(simulated.logits))
          #expect(decoder.kept == simulated.kept)
        }
      }
    }
  }

  @Test func longPromptsGoThroughInPasses() throws {
    let model = try loaded(TinyModel(contextLength: 1300, seed: 13))
    let tokens = tokens(1200, seed: 14)
    let whole = try model.forward(
      tokens, ForwardRequest(logitRows: .last), workspace: ForwardWorkspace())
    let decoder = IncrementalDecoder(model)
    #expect(bits(try decoder.append(tokens)) == bits(whole.logits))
    #expect(decoder.position == 1200)
    #expect(throws: ModelError.self) { try decoder.append(self.tokens(101, seed: 15)) }
    #expect(throws: ModelError.self) { try decoder.append([]) }
    #expect(throws: ModelError.self) { try decoder.append([1, 50]) }
    #expect(decoder.position == 1200)
  }

  @Test func cachesOfOtherModelsAndFullContextsAreErrors() throws {
    let model = try loaded(tiny)
    let other = KeyValueCache(try loaded(TinyModel()).configuration)
    let foreign = #expect(throws: ModelError.self) {
      try model.forward([SequencePart(tokens: [1], cache: other)], workspace: ForwardWorkspace())
    }
    #expect(foreign?.message.contains("another model") == true)
    let decoder = IncrementalDecoder(model)
    _ = try decoder.append(tokens(96, seed: 9))
    let full = #expect(throws: ModelError.self) { try decoder.append(1) }
    #expect(full?.message.contains("97 tokens are more than the model's context of 96") == true)
    #expect(decoder.position == 96)
  }
}
