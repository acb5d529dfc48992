import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// One layer under changing gates against whole passes of the model.
struct LayerProbeTests {
  private let tiny = TinyModel(
    layers: 3, hidden: 32, heads: 4, headSize: 8, feedForward: 70, seed: 7)

  private func sequences() -> [[Int32]] {
    var generator = SeededGenerator(seed: 3)
    return [5, 1, 12].map { count in
      (0..<count).map { _ in Int32.random(in: 0..<50, using: &generator) }
    }
  }

  private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

  /// The residual stream after a layer in whole passes with gates in that layer alone.
  private func whole(
    _ model: LanguageModel, _ layer: Int, _ gates: [Projection: ProjectionGate], first: [Int]
  ) throws -> [Float] {
    var all = ActivationGates(layers: 3)
    all.projections[layer] = gates
    let prepared = try model.prepare(all)
    return try zip(sequences(), first).flatMap { tokens, first in
      try model.forward(
        tokens,
        ForwardRequest(
          logitRows: .none, gates: prepared, firstGatedRow: first, keepHidden: true),
        workspace: ForwardWorkspace()
      ).hidden[layer + 1]
    }
  }

  private func probe(_ model: LanguageModel, _ layer: Int, first: [Int]) throws -> LayerProbe {
    let inputs = try sequences().map { tokens in
      try model.forward(
        tokens, ForwardRequest(logitRows: .none, keepHidden: true), workspace: ForwardWorkspace()
      ).hidden[layer]
    }
    return try LayerProbe(model, layer: layer, residuals: inputs, firstGatedRows: first)
  }

  private func gate(
    _ model: LanguageModel, _ projection: Projection, _ threshold: Float, mean: Bool = false
  ) -> ProjectionGate {
    ProjectionGate(
      rule: .threshold(threshold), norms: model.columnNorms(layer: 1, projection: projection),
      mean: mean
        ? (0..<model.inputs(of: projection)).map { Float($0 % 4) / 20 } : nil)
  }

  @Test func outputsAreThoseOfWholePassesBitForBit() throws {
    let model = try loaded(tiny)
    let first = [1, 0, 3]
    let probe = try probe(model, 1, first: first)
    #expect(bits(probe.output) == bits(try whole(model, 1, [:], first: first)))
    var set: [Projection: ProjectionGate] = [:]
    // In an order that has every kind of change come before and after every other.
    for (step, projection) in (Projection.allCases + Projection.allCases.reversed()).enumerated() {
      for other in Projection.allCases {
        var candidate = set
        candidate[other] = gate(model, other, 0.2 + Float(step) / 40)
        #expect(
          bits(probe.output(with: candidate[other], at: other))
            == bits(try whole(model, 1, candidate, first: first)))
      }
      set[projection] = gate(model, projection, 0.1 + Float(step) / 30, mean: step % 2 == 0)
      probe.set(set[projection], at: projection)
      #expect(bits(probe.output) == bits(try whole(model, 1, set, first: first)))
    }
    probe.set([:])
    #expect(bits(probe.output) == bits(try whole(model, 1, [:], first: first)))
    #expect(probe.multiplications < probe.wholeMultiplications)
  }

  @Test func threadsChangeNothing() throws {
    let model = try loaded(tiny)
    let inputs = [(0..<(90 * 32)).map { Float($0 % 17) / 9 - 1 }]
    let outputs = try [1, 2, 3].map { threads in
      let probe = try LayerProbe(
        model, layer: 1, residuals: inputs, firstGatedRows: [2], threads: threads)
      return bits(probe.output(with: gate(model, .upProj, 0.4), at: .upProj))
    }
    #expect(outputs[0] == outputs[1] && outputs[0] == outputs[2])
  }

  @Test func inputsThatDoNotFitAreErrors() throws {
    let model = try loaded(tiny)
    for (inputs, first) in [([], []), ([[]], [0]), ([[1, 2, 3]], [0])] as [([[Float]], [Int])] {
      #expect(throws: ModelError.self) {
        try LayerProbe(model, layer: 0, residuals: inputs, firstGatedRows: first)
      }
    }
    #expect(throws: ModelError.self) {
      try LayerProbe(
        model, layer: 3, residuals: [[Float](repeating: 0, count: 32)], firstGatedRows: [0])
    }
  }
}
