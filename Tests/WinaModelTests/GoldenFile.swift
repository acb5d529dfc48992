import Testing
import WinaModel
import WinaTensor

/// Reference numbers of one model.
struct GoldenFile {
  let file: SafetensorsFile
  let sequences: [[Int32]]

  init(path: String) throws {
    file = try SafetensorsFile(path: path)
    let ids = try file.tensor("input_ids")
    let all = try ids.int64s().map(Int32.init)
    let length = ids.shape[1]
    sequences = (0..<ids.shape[0]).map { Array(all[($0 * length)..<(($0 + 1) * length)]) }
  }

  /// Returns a tensor's values of one sequence of the batch.
  func floats(_ name: String, sequence: Int) throws -> [Float] {
    let values = try file.tensor(name).floats()
    let count = values.count / sequences.count
    return Array(values[(sequence * count)..<((sequence + 1) * count)])
  }
}

/// Returns the largest |a − b| / (1 + |b|): at most t where rtol and atol are both t.
func difference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  var largest: Float = 0
  for (x, y) in zip(a, b) {
    let error = abs(x - y) / (1 + abs(y))
    if !(error <= largest) { largest = error }
  }
  return largest
}

/// Returns the name that reference files give to a projection's input.
func activationName(
  _ projection: Projection, layer: Int, _ family: ModelConfiguration.Family
) -> String {
  let (block, name): (String, String) =
    switch (projection, family == .phi3) {
    case (.qProj, true), (.kProj, true), (.vProj, true): ("self_attn", "qkv_proj")
    case (.gateProj, true), (.upProj, true): ("mlp", "gate_up_proj")
    case (.qProj, _), (.kProj, _), (.vProj, _), (.oProj, _): ("self_attn", projection.rawValue)
    case (.gateProj, _), (.upProj, _), (.downProj, _): ("mlp", projection.rawValue)
    }
  return "act.model.layers.\(layer).\(block).\(name)"
}
