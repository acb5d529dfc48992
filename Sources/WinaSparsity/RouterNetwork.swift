/// A gate with at most one hidden layer of rectified units, and the gradient of its loss.
///
/// Parameters are H rows of D weights and a bias (none without hidden units), then K rows of H (or D)
/// weights and a bias. The loss of a batch is the mean cross-entropy plus α·K·Σₖ fₖ·Pₖ, fₖ the share
/// of inputs whose most probable cluster is k (taken as constant) and Pₖ the mean probability of k.
///
/// ### References
/// Fedus, Zoph & Shazeer, *Switch Transformers*, 2022, eq. 4 (the load-balancing loss).
package struct RouterNetwork {
  private let inputs: Int
  private let hidden: Int
  private let classes: Int
  private let balance: Double

  /// Shapes a network; `hidden` is 0 for a linear gate.
  package init(inputs: Int, hidden: Int, classes: Int, balance: Double = 0) {
    self.inputs = inputs
    self.hidden = hidden
    self.classes = classes
    self.balance = balance
  }

  /// The inputs of the last layer.
  private var lastInputs: Int { hidden == 0 ? inputs : hidden }
  /// Where the last layer's parameters start.
  private var lastStart: Int { hidden * (inputs + 1) }

  /// The number of parameters.
  package var parameterCount: Int { lastStart + classes * (lastInputs + 1) }

  /// Returns the loss of some rows and its gradient.
  ///
  /// - Parameters:
  ///   - parameters: Where.
  ///   - rows: The features.
  ///   - members: The rows of the batch, at least one.
  ///   - labels: The cluster of every row, in 0..<classes.
  package func evaluate(
    _ parameters: [Double], _ rows: FeatureRows, members: some Collection<Int>, labels: [Int]
  ) -> (value: Double, gradient: [Double]) {
    let passes = members.map { pass($0, rows, parameters) }
    let share = 1 / Double(members.count)
    var chosen = [Double](repeating: 0, count: classes)
    var mean = chosen
    for pass in passes {
      chosen[pass.best] += share
      for k in 0..<classes { mean[k] += share * pass.probabilities[k] }
    }
    let scale = balance * Double(classes)
    var value = scale * (0..<classes).reduce(0) { $0 + chosen[$1] * mean[$1] }
    var gradient = [Double](repeating: 0, count: parameters.count)
    for (row, pass) in zip(members, passes) {
      value -= share * Softmax.logProbability(of: labels[row], pass.logits)
      let expected = (0..<classes).reduce(0) { $0 + chosen[$1] * pass.probabilities[$1] }
      let errors = (0..<classes).map { k in
        let p = pass.probabilities[k]
        return share * (p - (k == labels[row] ? 1 : 0) + scale * p * (chosen[k] - expected))
      }
      add(errors, row, rows, pass.units, parameters, to: &gradient)
    }
    return (value, gradient)
  }

  private struct Pass {
    var units: [Double]
    var logits: [Double]
    var probabilities: [Double]
    var best: Int
  }

  private func pass(_ row: Int, _ rows: FeatureRows, _ parameters: [Double]) -> Pass {
    let units = (0..<hidden).map { unit in
      let start = unit * (inputs + 1)
      return max(0, rows.dot(row, parameters, at: start) + parameters[start + inputs])
    }
    let logits = (0..<classes).map { k in
      let start = lastStart + k * (lastInputs + 1)
      var sum = parameters[start + lastInputs]
      if hidden == 0 {
        sum += rows.dot(row, parameters, at: start)
      } else {
        for unit in 0..<hidden { sum += parameters[start + unit] * units[unit] }
      }
      return sum
    }
    let probabilities = Softmax.probabilities(logits)
    return Pass(
      units: units, logits: logits, probabilities: probabilities,
      best: RoutePrediction.likeliest(probabilities))
  }

  private func add(
    _ errors: [Double], _ row: Int, _ rows: FeatureRows, _ units: [Double],
    _ parameters: [Double], to gradient: inout [Double]
  ) {
    var below = [Double](repeating: 0, count: hidden)
    for k in 0..<classes {
      let start = lastStart + k * (lastInputs + 1)
      gradient[start + lastInputs] += errors[k]
      guard hidden > 0 else {
        rows.add(row, times: errors[k], to: &gradient, at: start)
        continue
      }
      for unit in 0..<hidden {
        gradient[start + unit] += errors[k] * units[unit]
        below[unit] += errors[k] * parameters[start + unit]
      }
    }
    for unit in 0..<hidden where units[unit] > 0 {
      let start = unit * (inputs + 1)
      rows.add(row, times: below[unit], to: &gradient, at: start)
      gradient[start + inputs] += below[unit]
    }
  }
}
