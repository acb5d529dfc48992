/// What losses of K linear functions of the features share.
enum LinearGate {
  /// Sums gradients over rows, given the derivatives by the logits of each.
  static func gradient(
    _ rows: FeatureRows, _ parameters: [Double], classes: Int,
    errors: (_ row: Int, _ logits: [Double]) -> [Double]
  ) -> [Double] {
    let width = rows.width
    let stride = width + 1
    var gradient = [Double](repeating: 0, count: parameters.count)
    var logits = [Double](repeating: 0, count: classes)
    for row in 0..<rows.count {
      for k in 0..<classes {
        logits[k] = rows.dot(row, parameters, at: k * stride) + parameters[k * stride + width]
      }
      let errors = errors(row, logits)
      for k in 0..<classes {
        rows.add(row, times: errors[k], to: &gradient, at: k * stride)
        gradient[k * stride + width] += errors[k]
      }
    }
    return gradient
  }

  /// Adds the gradient of λ/2·‖W‖² and returns its value; biases are free.
  static func penalise(
    _ parameters: [Double], classes: Int, l2: Double, into gradient: inout [Double]
  ) -> Double {
    let stride = parameters.count / max(1, classes)
    var value = 0.0
    for k in 0..<classes {
      for column in 0..<(stride - 1) {
        let weight = parameters[k * stride + column]
        value += l2 / 2 * weight * weight
        gradient[k * stride + column] += l2 * weight
      }
    }
    return value
  }
}
