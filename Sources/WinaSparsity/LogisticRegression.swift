import Foundation

/// The penalised loss of multinomial logistic regression.
///
/// Parameters are K rows of D weights and one bias. The loss is the mean cross-entropy plus
/// λ/2·Σ w², biases left free. It is convex, and strictly so in the weights for λ > 0.
package struct LogisticRegression {
  private let features: [Double]
  private let labels: [Int]
  private let classes: Int
  private let l2: Double
  private let dimension: Int

  /// Takes features of shape [n, D] and n labels in 0..<classes, n ≥ 1.
  package init(features: [Double], labels: [Int], classes: Int, l2: Double) {
    self.features = features
    self.labels = labels
    self.classes = classes
    self.l2 = l2
    dimension = features.count / labels.count
  }

  /// The number of parameters, K·(D + 1).
  package var parameterCount: Int { classes * (dimension + 1) }

  /// Returns the loss and its gradient.
  package func evaluate(_ parameters: [Double]) -> (value: Double, gradient: [Double]) {
    let stride = dimension + 1
    let share = 1 / Double(labels.count)
    var gradient = [Double](repeating: 0, count: parameters.count)
    var value = 0.0
    for (row, label) in labels.enumerated() {
      let base = row * dimension
      var logits = [Double](repeating: 0, count: classes)
      for k in 0..<classes {
        var sum = parameters[k * stride + dimension]
        for column in 0..<dimension {
          sum += parameters[k * stride + column] * features[base + column]
        }
        logits[k] = sum
      }
      let probabilities = Softmax.probabilities(logits)
      value -= share * Softmax.logProbability(of: label, logits)
      for k in 0..<classes {
        let error = share * (probabilities[k] - (k == label ? 1 : 0))
        for column in 0..<dimension {
          gradient[k * stride + column] += error * features[base + column]
        }
        gradient[k * stride + dimension] += error
      }
    }
    for k in 0..<classes {
      for column in 0..<dimension {
        let weight = parameters[k * stride + column]
        value += l2 / 2 * weight * weight
        gradient[k * stride + column] += l2 * weight
      }
    }
    return (value, gradient)
  }
}

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
