import Foundation

/// Probabilities of logits, without overflow.
enum Softmax {
  static func probabilities(_ logits: [Double]) -> [Double] {
    let top = logits.max() ?? 0
    let weights = logits.map { exp($0 - top) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  static func logProbability(of index: Int, _ logits: [Double]) -> Double {
    let top = logits.max() ?? 0
    return logits[index] - top - log(logits.reduce(0) { $0 + exp($1 - top) })
  }
}
