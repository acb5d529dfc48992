/// The penalised loss of multinomial logistic regression.
///
/// Parameters are K rows of D weights and one bias. The loss is the mean cross-entropy plus
/// λ/2·Σ w², biases left free. It is convex, and strictly so in the weights for λ > 0.
package struct LogisticRegression {
  private let rows: FeatureRows
  private let labels: [Int]
  private let classes: Int
  private let l2: Double

  /// Takes n rows and n labels in 0..<classes, n ≥ 1.
  package init(rows: FeatureRows, labels: [Int], classes: Int, l2: Double) {
    self.rows = rows
    self.labels = labels
    self.classes = classes
    self.l2 = l2
  }

  /// The number of parameters, K·(D + 1).
  package var parameterCount: Int { classes * (rows.width + 1) }

  /// Returns the loss and its gradient.
  package func evaluate(_ parameters: [Double]) -> (value: Double, gradient: [Double]) {
    let share = 1 / Double(labels.count)
    var value = 0.0
    var gradient = LinearGate.gradient(rows, parameters, classes: classes) { row, logits in
      value -= share * Softmax.logProbability(of: labels[row], logits)
      var errors = Softmax.probabilities(logits)
      errors[labels[row]] -= 1
      return errors.map { $0 * share }
    }
    value += LinearGate.penalise(parameters, classes: classes, l2: l2, into: &gradient)
    return (value, gradient)
  }
}
