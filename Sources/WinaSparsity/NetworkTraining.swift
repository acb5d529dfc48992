import WinaStatistics

/// Trains a gate by AdamW in batches, and stops when a held-out part gets no better.
///
/// The order of inputs, the held-out part and the initial weights follow from the seed alone.
struct NetworkTraining {
  /// Where a training ended.
  struct Outcome {
    var parameters: [Double]
    /// The held-out loss of these parameters, or the training loss where nothing was held out.
    var loss: Double
    /// The steps that were taken.
    var steps: Int
    /// Whether training stopped because the held-out part got no better.
    var stoppedEarly: Bool
  }

  let options: RouterOptions

  /// The fewest inputs of which some are held out.
  private static let leastToHoldOut = 20

  /// Trains a network.
  ///
  /// - Parameters:
  ///   - network: The network.
  ///   - rows: Standardised features.
  ///   - labels: The position of every input's cluster among those that occur.
  ///   - inputs: The number of features.
  ///   - hidden: The number of hidden units, 0 for a linear gate.
  func train(
    _ network: RouterNetwork, _ rows: FeatureRows, _ labels: [Int], inputs: Int, hidden: Int
  ) -> Outcome {
    var order = Array(labels.indices)
    var splitter = RandomStream(seed: options.seed, stream: 1)
    splitter.shuffle(&order)
    let count =
      labels.count < Self.leastToHoldOut ? 0 : Int(options.heldOut * Double(labels.count))
    let heldOut = Array(order.prefix(count))
    var training = Array(order.dropFirst(count))
    var parameters = initial(network, inputs: inputs, hidden: hidden)
    var optimiser = AdamW(count: parameters.count, learningRate: options.learningRate)
    var batches = RandomStream(seed: options.seed, stream: 2)
    let judges = heldOut.isEmpty ? training.sorted() : heldOut
    var best = Outcome(
      parameters: parameters,
      loss: network.evaluate(parameters, rows, members: judges, labels: labels).value, steps: 0,
      stoppedEarly: false)
    var steps = 0
    var worse = 0
    for _ in 0..<options.epochs {
      batches.shuffle(&training)
      for start in stride(from: 0, to: training.count, by: options.batch) {
        let members = training[start..<min(start + options.batch, training.count)]
        let (_, gradient) = network.evaluate(parameters, rows, members: members, labels: labels)
        optimiser.step(&parameters, along: gradient)
        steps += 1
      }
      let loss = network.evaluate(parameters, rows, members: judges, labels: labels).value
      if loss < best.loss {
        best.parameters = parameters
        best.loss = loss
        worse = 0
      } else {
        worse += 1
        if worse >= options.patience {
          best.stoppedEarly = true
          break
        }
      }
    }
    best.steps = steps
    return best
  }

  /// Uniform weights within ±1/√inputs for every layer, as PyTorch's linear layers start.
  private func initial(_ network: RouterNetwork, inputs: Int, hidden: Int) -> [Double] {
    var random = RandomStream(seed: options.seed, stream: 0)
    return (0..<network.parameterCount).map { index in
      let isFirst = index < hidden * (inputs + 1)
      let width = Double(max(1, hidden == 0 || isFirst ? inputs : hidden))
      return (2 * random.uniform() - 1) / width.squareRoot()
    }
  }
}
