import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// Passes that begin at a later layer with what the layers before gave.
struct LayerStartTests {
  private let tiny = TinyModel(layers: 3)
  private let model: LanguageModel

  init() throws { model = try loaded(tiny) }

  private func tokens(_ count: Int, seed: UInt64) -> [Int32] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Int32.random(in: 0..<Int32(tiny.vocabulary), using: &random) }
  }

  /// Gates of one layer.
  private func gates(_ layer: Int) throws -> PreparedGates {
    var gates = ActivationGates(layers: 3)
    for projection in Projection.allCases {
      gates.projections[layer][projection] = ProjectionGate(rule: .threshold(0.2))
    }
    return try model.prepare(gates)
  }

  @Test(arguments: 0..<3)
  func aLaterStartGivesTheSameBits(layer: Int) throws {
    let workspace = ForwardWorkspace()
    let samples = [tokens(7, seed: 1), tokens(19, seed: 2), tokens(1, seed: 3)]
    let gates = try gates(layer)
    let request = ForwardRequest(gates: gates, firstGatedRow: 1, keepHidden: true)
    let whole = try samples.map { try model.forward($0, request, workspace: workspace) }
    let starts = try samples.map { sample in
      let dense = try model.forward(
        sample, ForwardRequest(logitRows: .none, keepHidden: true), workspace: workspace)
      return LayerStart(layer: layer, residual: dense.hidden[layer])
    }
    let found = try model.forward(
      zip(samples, starts).map { SequencePart(tokens: $0, request: request, start: $1) },
      workspace: workspace)
    for (one, other) in zip(found, whole) {
      #expect(one.logits.map(\.bitPattern) == other.logits.map(\.bitPattern))
      #expect(one.hidden == Array(other.hidden[layer...]))
      let own = layer * Projection.allCases.count
      #expect(one.kept[own...] == other.kept[own...])
      #expect(one.gatedRows == other.gatedRows)
    }
    #expect(found[1].logits != Array(repeating: found[1].logits[0], count: found[1].logits.count))
  }

  @Test func startsThatDoNotFitAreErrors() throws {
    let residual = [Float](repeating: 0.5, count: 2 * tiny.hidden)
    func part(
      _ layer: Int?, _ residual: [Float], stop: Int? = nil, cache: KeyValueCache? = nil
    ) -> SequencePart {
      SequencePart(
        tokens: [1, 2], request: ForwardRequest(stopAfterLayer: stop), cache: cache,
        start: layer.map { LayerStart(layer: $0, residual: residual) })
    }
    let wrong: [(parts: [SequencePart], message: String)] = [
      ([part(3, residual)], "there is no layer 3 to begin at"),
      ([part(-1, residual)], "there is no layer -1 to begin at"),
      ([part(2, residual, stop: 1)], "there is no layer 2 to begin at"),
      ([part(1, residual.dropLast())], "cannot enter layer 1"),
      ([part(1, residual, cache: KeyValueCache(model.configuration))], "cannot fill a cache"),
      ([part(1, residual), part(2, residual)], "begin at different layers"),
      ([part(0, residual), part(nil, [])], "begin at different layers"),
    ]
    for (parts, message) in wrong {
      let error = #expect(throws: ModelError.self) {
        try model.forward(parts, workspace: ForwardWorkspace())
      }
      #expect(error.map { "\($0)".contains(message) } ?? false, "\(message)")
    }
    #expect(try model.forward([part(1, residual)], workspace: ForwardWorkspace()).count == 1)
  }
}
