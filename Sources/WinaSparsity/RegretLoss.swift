/// The cost-sensitive loss of a linear gate: the divergence that it is expected to choose.
///
/// The mean over inputs of Σₖ pₖ·R(i, k) plus λ/2·Σ w², p the softmax of K linear functions of the
/// features. It is smooth, but not convex. Parameters are K rows of D weights and one bias.
package struct RegretLoss {
  private let rows: FeatureRows
  private let costs: [Double]
  private let classes: Int
  private let l2: Double

  /// Takes n rows and their costs R, shape [n, K], n ≥ 1.
  package init(rows: FeatureRows, costs: [Double], classes: Int, l2: Double) {
    self.rows = rows
    self.costs = costs
    self.classes = classes
    self.l2 = l2
  }

  /// The number of parameters, K·(D + 1).
  package var parameterCount: Int { classes * (rows.width + 1) }

  /// Returns the loss and its gradient.
  package func evaluate(_ parameters: [Double]) -> (value: Double, gradient: [Double]) {
    let share = 1 / Double(rows.count)
    var value = 0.0
    var gradient = LinearGate.gradient(rows, parameters, classes: classes) { row, logits in
      let probabilities = Softmax.probabilities(logits)
      let expected = probabilities.indices.reduce(0) {
        $0 + probabilities[$1] * costs[row * classes + $1]
      }
      value += share * expected
      return probabilities.indices.map {
        share * probabilities[$0] * (costs[row * classes + $0] - expected)
      }
    }
    value += LinearGate.penalise(parameters, classes: classes, l2: l2, into: &gradient)
    return (value, gradient)
  }
}
