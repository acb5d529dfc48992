/// Minimises a smooth convex function with the limited-memory BFGS method.
///
/// ### References
/// Nocedal & Wright, *Numerical Optimization*, 2nd ed., algorithms 7.4 and 3.1.
package struct LimitedMemoryBFGS {
  /// Where a minimisation ended.
  package struct Outcome {
    /// The best point found.
    package var point: [Double]
    /// The function there.
    package var value: Double
    /// The largest component of the gradient there.
    package var gradientNorm: Double
    /// The number of accepted steps.
    package var iterations: Int
    /// Whether the gradient fell below the tolerance.
    package var converged: Bool
  }

  private static let memory = 10
  /// Increases within rounding are accepted, so that the last digits of the gradient can be won.
  private static let rounding = 0x1p-51
  private var steps: [[Double]] = []
  private var changes: [[Double]] = []

  /// Minimises a function from a start.
  ///
  /// - Parameters:
  ///   - start: The first point.
  ///   - maximumIterations: The most steps to take.
  ///   - tolerance: The largest gradient component of a minimum.
  ///   - function: Returns the value and gradient at a point.
  package static func minimise(
    from start: [Double], maximumIterations: Int, tolerance: Double,
    _ function: ([Double]) -> (value: Double, gradient: [Double])
  ) -> Outcome {
    var method = LimitedMemoryBFGS()
    var point = start
    var (value, gradient) = function(point)
    var iterations = 0
    while iterations < maximumIterations, largest(gradient) > tolerance {
      var direction = method.direction(gradient)
      var slope = dot(direction, gradient)
      if slope >= 0 {
        method = LimitedMemoryBFGS()
        direction = gradient.map { -$0 }
        slope = -dot(gradient, gradient)
      }
      var length = method.steps.isEmpty ? min(1, 1 / largest(gradient)) : 1
      var accepted = false
      for _ in 0..<50 {
        let next = zip(point, direction).map { $0 + length * $1 }
        let (nextValue, nextGradient) = function(next)
        if nextValue <= value + 1e-4 * length * slope + Self.rounding * abs(value) {
          method.remember(
            step: zip(next, point).map { $0 - $1 },
            change: zip(nextGradient, gradient).map { $0 - $1 })
          (point, value, gradient) = (next, nextValue, nextGradient)
          accepted = true
          break
        }
        length /= 2
      }
      guard accepted else { break }
      iterations += 1
    }
    let norm = largest(gradient)
    return Outcome(
      point: point, value: value, gradientNorm: norm, iterations: iterations,
      converged: norm <= tolerance)
  }

  /// Returns −H·g by the two-loop recursion.
  private func direction(_ gradient: [Double]) -> [Double] {
    var q = gradient
    var weights = [Double](repeating: 0, count: steps.count)
    for index in steps.indices.reversed() {
      weights[index] = Self.dot(steps[index], q) / Self.dot(steps[index], changes[index])
      for entry in q.indices { q[entry] -= weights[index] * changes[index][entry] }
    }
    if let step = steps.last, let change = changes.last {
      let scale = Self.dot(step, change) / Self.dot(change, change)
      for entry in q.indices { q[entry] *= scale }
    }
    for index in steps.indices {
      let other = Self.dot(changes[index], q) / Self.dot(steps[index], changes[index])
      for entry in q.indices { q[entry] += (weights[index] - other) * steps[index][entry] }
    }
    return q.map { -$0 }
  }

  private mutating func remember(step: [Double], change: [Double]) {
    let curvature = Self.dot(step, change)
    guard curvature > 1e-12 * Self.dot(change, change), curvature > 0 else { return }
    steps.append(step)
    changes.append(change)
    if steps.count > Self.memory {
      steps.removeFirst()
      changes.removeFirst()
    }
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  private static func largest(_ values: [Double]) -> Double {
    values.reduce(0) { max($0, abs($1)) }
  }
}
