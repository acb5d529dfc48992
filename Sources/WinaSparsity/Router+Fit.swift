extension Router {
  /// Fits a router to labelled inputs.
  ///
  /// Features are standardised; constant ones are left at zero. If only one cluster occurs, the
  /// router always predicts it. Clusters that do not occur are never predicted.
  ///
  /// - Parameters:
  ///   - features: The features, shape [n, D], such as mean token embeddings.
  ///   - labels: The cluster of every input.
  ///   - classes: The number K of clusters, including those without inputs.
  ///   - options: How to fit.
  /// - Throws: ``SparsityError`` for no inputs, labels out of range, sizes that do not fit or values
  ///   that are not finite.
  /// - Complexity: O(iterations · n · K · D).
  public static func fit(
    features: [Double], labels: [Int], classes: Int, options: RouterOptions = RouterOptions()
  ) throws -> Router {
    guard !labels.isEmpty else { throw SparsityError.noData("a router") }
    guard features.count % labels.count == 0, !features.isEmpty else {
      throw SparsityError.shape(
        "router features", have: features.count,
        expected: labels.count * max(1, features.count / labels.count))
    }
    if let label = labels.first(where: { !(0..<classes).contains($0) }) {
      throw SparsityError.range("a router label", "\(label)", expected: "0..<\(classes)")
    }
    guard features.allSatisfy(\.isFinite) else { throw SparsityError.notANumber("router features") }
    guard options.l2 >= 0, options.maximumIterations >= 1, options.tolerance > 0 else {
      throw SparsityError.range("a router option", "negative", expected: "0…")
    }
    let scaler = Standardiser(features, count: labels.count)
    var counts = [Int](repeating: 0, count: classes)
    for label in labels { counts[label] += 1 }
    let present = (0..<classes).filter { counts[$0] > 0 }
    var summary = Summary(
      model: options.model, classes: classes, dimension: scaler.mean.count,
      trainingCounts: counts, isMajority: present.count == 1, converged: true, iterations: 0,
      loss: nil)
    var parameters = Parameters(classes: classes, dimension: scaler.mean.count, present: present)
    if present.count > 1 {
      switch options.model {
      case .logistic:
        let outcome = parameters.fitLogistic(scaler.rows, labels, options)
        summary.converged = outcome.converged
        summary.iterations = outcome.iterations
        summary.loss = outcome.value
      case .nearestCentroid: parameters.fitCentroids(scaler.rows, labels, counts)
      }
    }
    return try Router(
      summary: summary, mean: scaler.mean, scale: scaler.scale, weights: parameters.weights,
      bias: parameters.bias)
  }
}

/// Features with mean 0 and deviation 1 per column.
private struct Standardiser {
  var mean: [Double]
  var scale: [Double]
  var rows: [Double]

  init(_ features: [Double], count: Int) {
    let columns = features.count / count
    mean = [Double](repeating: 0, count: columns)
    scale = mean
    for row in 0..<count {
      for column in 0..<columns { mean[column] += features[row * columns + column] }
    }
    for column in 0..<columns { mean[column] /= Double(count) }
    for row in 0..<count {
      for column in 0..<columns {
        let distance = features[row * columns + column] - mean[column]
        scale[column] += distance * distance
      }
    }
    for column in 0..<columns {
      let deviation = (scale[column] / Double(count)).squareRoot()
      let isConstant = deviation <= 1e-12 * max(1, abs(mean[column]))
      scale[column] = isConstant ? 1 : deviation
    }
    rows = features
    for row in 0..<count {
      for column in 0..<columns {
        rows[row * columns + column] =
          (features[row * columns + column] - mean[column]) / scale[column]
      }
    }
  }
}

private struct Parameters {
  let dimension: Int
  let present: [Int]
  var weights: [Double]
  var bias: [Double]

  init(classes: Int, dimension: Int, present: [Int]) {
    self.dimension = dimension
    self.present = present
    weights = [Double](repeating: 0, count: classes * dimension)
    bias = [Double](repeating: Router.absent, count: classes)
    for cluster in present { bias[cluster] = 0 }
  }

  mutating func fitLogistic(_ rows: [Double], _ labels: [Int], _ options: RouterOptions)
    -> LimitedMemoryBFGS.Outcome
  {
    let index = Dictionary(uniqueKeysWithValues: zip(present, present.indices))
    let loss = LogisticRegression(
      features: rows, labels: labels.map { index[$0, default: 0] }, classes: present.count,
      l2: options.l2)
    let outcome = LimitedMemoryBFGS.minimise(
      from: [Double](repeating: 0, count: loss.parameterCount),
      maximumIterations: options.maximumIterations, tolerance: options.tolerance, loss.evaluate)
    for (row, cluster) in present.enumerated() {
      let start = row * (dimension + 1)
      weights.replaceSubrange(
        (cluster * dimension)..<((cluster + 1) * dimension),
        with: outcome.point[start..<(start + dimension)])
      bias[cluster] = outcome.point[start + dimension]
    }
    return outcome
  }

  mutating func fitCentroids(_ rows: [Double], _ labels: [Int], _ counts: [Int]) {
    for (row, label) in labels.enumerated() {
      for column in 0..<dimension {
        weights[label * dimension + column] += rows[row * dimension + column]
      }
    }
    for cluster in present {
      for column in 0..<dimension {
        weights[cluster * dimension + column] /= Double(counts[cluster])
      }
    }
  }
}
