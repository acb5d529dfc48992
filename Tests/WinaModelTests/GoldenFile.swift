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
