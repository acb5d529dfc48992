import WinaModel
import WinaTensor

/// What forward passes over several sequences of one length gave, named like the reference files.
struct ModelForwardRecord {
  private let model: LanguageModel
  private let gates: PreparedGates?
  private let densePrefix: Int
  private let sequences: [[Int32]]
  private var logits: [Float] = []
  private var hidden: [[Float]] = []
  /// The inputs of the projections that share a stream, by stream and layer.
  private var streams: [Place: [Float]] = [:]

  private struct Place: Hashable {
    var layer: Int
    var stream: ActivationStream
  }

  /// Makes an empty record of a model, dense or with gates on all but the first tokens.
  init(_ model: LanguageModel, gates: PreparedGates?, densePrefix: Int, sequences: [[Int32]]) {
    self.model = model
    self.gates = gates
    self.densePrefix = densePrefix
    self.sequences = sequences
  }

  /// Feeds a sequence in one pass.
  mutating func feed(_ sequence: [Int32], taps: Bool) throws {
    var found: [Place: [Float]] = [:]
    let tap: (TapPoint, ActivationBlock) -> Void = { point, block in
      guard case .stream(let stream, let layer) = point else { return }
      found[Place(layer: layer, stream: stream), default: []] += block.values
    }
    let request = ForwardRequest(
      logitRows: .all, gates: gates, firstGatedRow: min(densePrefix, sequence.count),
      keepHidden: true)
    let result = try model.forward(
      sequence, request, workspace: ForwardWorkspace(), tap: taps ? tap : nil)
    logits += result.logits
    if hidden.isEmpty { hidden = Array(repeating: [], count: result.hidden.count) }
    for (index, values) in result.hidden.enumerated() { hidden[index] += values }
    streams.merge(found, uniquingKeysWith: +)
  }

  /// Feeds a sequence token by token through the key-value cache.
  mutating func feedOneByOne(_ sequence: [Int32], taps: Bool) throws {
    let decoder = IncrementalDecoder(model, gates: gates, firstGatedPosition: densePrefix)
    let found = TapCollector()
    if taps { decoder.onTap = found.add }
    for token in sequence { logits += try decoder.append(token) }
    for (point, values) in found.values {
      guard case .stream(let stream, let layer) = point else { continue }
      streams[Place(layer: layer, stream: stream), default: []] += values
    }
  }

  /// Collects what a decoder shows, row after row.
  private final class TapCollector {
    var values: [TapPoint: [Float]] = [:]

    func add(_ point: TapPoint, _ block: ActivationBlock) {
      values[point, default: []] += block.values
    }
  }

  /// Returns the tensors, each with the extents batch and position first.
  func tensors() -> [(name: String, tensor: Tensor)] {
    let batch = sequences.count
    let length = sequences.first?.count ?? 0
    func tensor(_ values: [Float]) -> Tensor {
      Tensor(values, shape: [batch, length, values.count / max(batch * length, 1)])
    }
    var result: [(name: String, tensor: Tensor)] = [
      ("input_ids", Tensor(sequences.flatMap { $0.map(Int64.init) }, shape: [batch, length])),
      ("logits", tensor(logits)),
    ]
    for (index, values) in hidden.enumerated() {
      result.append(("hidden.\(index)", tensor(values)))
    }
    for layer in 0..<model.configuration.layers {
      for projection in Projection.allCases {
        guard let values = streams[Place(layer: layer, stream: projection.stream)] else { continue }
        let name = "act." + model.configuration.linearName(of: projection, layer: layer)
        // Projections that share a linear map share its input.
        if result.last?.name != name { result.append((name, tensor(values))) }
      }
    }
    return result
  }
}
