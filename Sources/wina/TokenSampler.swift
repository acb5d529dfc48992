import Foundation
import WinaStatistics
import WinaTensor

/// Chooses tokens from logits.
struct TokenSampler {
  private let temperature: Double
  private var random: RandomStream

  init(temperature: Double, seed: UInt64) {
    self.temperature = temperature
    random = RandomStream(seed: seed)
  }

  /// Returns the likeliest token or, above temperature 0, one drawn from softmax(logits / temperature).
  mutating func next(_ logits: [Float]) -> Int32 {
    let best = Kernels.argmaxRows(logits, rows: 1, columns: logits.count)[0]
    guard temperature > 0 else { return best }
    let peak = logits[Int(best)]
    let weights = logits.map { exp(Double($0 - peak) / temperature) }
    var left = random.uniform() * weights.reduce(0, +)
    for (token, weight) in weights.enumerated() {
      left -= weight
      if left < 0 { return Int32(token) }
    }
    return best
  }
}
