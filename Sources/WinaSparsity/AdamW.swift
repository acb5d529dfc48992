/// The AdamW optimiser with its usual constants.
///
/// ### References
/// Loshchilov & Hutter, *Decoupled Weight Decay Regularization*, 2019.
package struct AdamW {
  private let learningRate: Double
  private let decay: Double
  private var means: [Double]
  private var squares: [Double]
  private var decays = (mean: 1.0, square: 1.0)

  /// Starts an optimiser of so many parameters; `decay` is the decoupled weight decay.
  package init(count: Int, learningRate: Double, decay: Double = 0.01) {
    self.learningRate = learningRate
    self.decay = decay
    means = [Double](repeating: 0, count: count)
    squares = means
  }

  /// Takes one step.
  package mutating func step(_ parameters: inout [Double], along gradient: [Double]) {
    decays.mean *= 0.9
    decays.square *= 0.999
    for index in parameters.indices {
      means[index] = 0.9 * means[index] + 0.1 * gradient[index]
      squares[index] = 0.999 * squares[index] + 0.001 * gradient[index] * gradient[index]
      let mean = means[index] / (1 - decays.mean)
      let square = squares[index] / (1 - decays.square)
      parameters[index] *= 1 - learningRate * decay
      parameters[index] -= learningRate * mean / (square.squareRoot() + 1e-8)
    }
  }
}
