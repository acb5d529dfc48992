import Foundation

extension Router {
  /// Fits a router to labelled inputs whose features are all given, shape [n, D].
  ///
  /// - Throws: ``SparsityError`` as ``fit(_:labels:classes:regrets:options:)``.
  public static func fit(
    features: [Double], labels: [Int], classes: Int, options: RouterOptions = RouterOptions()
  ) throws -> Router {
    guard !labels.isEmpty else { throw SparsityError.noData("a router") }
    guard !features.isEmpty else {
      throw SparsityError.shape("router features", have: 0, expected: labels.count)
    }
    return try fit(
      FeatureRows(features, count: labels.count), labels: labels, classes: classes,
      options: options)
  }

  /// Fits a router to labelled inputs.
  ///
  /// Features are standardised, unless they are sparse; constant ones are left at zero. If only one
  /// cluster occurs, the router always predicts it. Clusters that do not occur are never predicted,
  /// but by `regret`, which does not look at labels.
  ///
  /// - Parameters:
  ///   - rows: The features, such as mean token embeddings.
  ///   - labels: The cluster of every input.
  ///   - classes: The number K of clusters, including those without inputs.
  ///   - regrets: What every cluster's profile costs on every input, shape [n, K]; NaN for inputs of
  ///     which nothing is known. Only `regret` looks at it.
  ///   - options: How to fit.
  /// - Throws: ``SparsityError`` for no inputs, labels out of range, sizes that do not fit or values
  ///   that are not finite.
  /// - Complexity: O(iterations · n · K · D) for linear models, O(epochs · n · H · D) for `mlp`.
  public static func fit(
    _ rows: FeatureRows, labels: [Int], classes: Int, regrets: [Double]? = nil,
    options: RouterOptions = RouterOptions()
  ) throws -> Router {
    guard !labels.isEmpty else { throw SparsityError.noData("a router") }
    guard rows.count == labels.count else {
      throw SparsityError.shape("router features", have: rows.count, expected: labels.count)
    }
    if let label = labels.first(where: { !(0..<classes).contains($0) }) {
      throw SparsityError.range("a router label", "\(label)", expected: "0..<\(classes)")
    }
    guard rows.values.allSatisfy(\.isFinite) else {
      throw SparsityError.notANumber("router features")
    }
    try options.check()
    let scaler = Standardiser(rows)
    var fit = RouterFit(rows: scaler.rows, labels: labels, classes: classes, options: options)
    if options.model == .regret {
      try fit.fitRegret(regrets)
    } else if fit.present.count > 1 {
      fit.fit()
    } else {
      fit.becomeConstant()
    }
    let summary = Summary(
      model: options.model, classes: classes, dimension: rows.width, trainingCounts: fit.counts,
      isMajority: fit.isConstant, converged: fit.converged, iterations: fit.iterations,
      loss: fit.loss, temperature: 1, isStandardised: !rows.isSparse,
      hiddenUnits: options.model == .mlp ? options.hiddenUnits : nil,
      neighbours: options.model == .knn ? options.neighbours : nil)
    return try Router(
      summary: summary, mean: scaler.mean, scale: scaler.scale, weights: fit.weights,
      bias: fit.bias, hidden: fit.hidden,
      memory: options.model == .knn ? Memory(rows: scaler.rows, labels: labels) : nil,
      reach: RouterReach(scaler.rows, labels: labels, classes: classes))
  }
}

/// The arrays of a router that is being fitted to standardised rows.
private struct RouterFit {
  let rows: FeatureRows
  let labels: [Int]
  let options: RouterOptions
  /// The number of inputs of every cluster.
  let counts: [Int]
  /// The clusters that occur.
  let present: [Int]
  var weights: [Double] = []
  var bias: [Double]
  var hidden: [Double] = []
  var isConstant = false
  var converged = true
  var iterations = 0
  var loss: Double?

  init(rows: FeatureRows, labels: [Int], classes: Int, options: RouterOptions) {
    self.rows = rows
    self.labels = labels
    self.options = options
    var counts = [Int](repeating: 0, count: classes)
    for label in labels { counts[label] += 1 }
    self.counts = counts
    present = counts.indices.filter { counts[$0] > 0 }
    bias = counts.map { $0 > 0 ? 0 : Router.absent }
    if options.model == .mlp {
      hidden = [Double](repeating: 0, count: options.hiddenUnits * (rows.width + 1))
    }
    if Router.hasWeights(options.model) {
      weights = [Double](repeating: 0, count: classes * lastInputs)
    }
  }

  private var lastInputs: Int { options.model == .mlp ? options.hiddenUnits : rows.width }

  /// The position of every input's cluster among those that occur.
  private var positions: [Int] {
    let index = Dictionary(uniqueKeysWithValues: zip(present, present.indices))
    return labels.map { index[$0, default: 0] }
  }

  mutating func becomeConstant() {
    isConstant = true
  }

  mutating func fit() {
    switch options.model {
    case .logistic: fitLogistic()
    case .nearestCentroid: fitCentroids()
    case .majority:
      isConstant = true
      for cluster in present {
        bias[cluster] = log(Double(counts[cluster]) / Double(labels.count))
      }
    case .mlp: fitNetwork(hidden: options.hiddenUnits, balance: 0)
    case .moeGate: fitNetwork(hidden: 0, balance: options.balance)
    case .knn, .regret: break
    }
  }

  private mutating func fitLogistic() {
    let loss = LogisticRegression(
      rows: rows, labels: positions, classes: present.count, l2: options.l2)
    take(
      LimitedMemoryBFGS.minimise(
        from: [Double](repeating: 0, count: loss.parameterCount),
        maximumIterations: options.maximumIterations, tolerance: options.tolerance, loss.evaluate),
      of: present)
  }

  /// Minimises the expected cost; costs are divided by their mean, so that `l2` means the same on any
  /// scale.
  mutating func fitRegret(_ regrets: [Double]?) throws {
    let classes = counts.count
    guard let regrets, regrets.count == labels.count * classes else {
      throw SparsityError.shape(
        "the regrets of a router", have: regrets?.count ?? 0, expected: labels.count * classes)
    }
    let known = labels.indices.filter { row in
      regrets[(row * classes)..<((row + 1) * classes)].allSatisfy(\.isFinite)
    }
    guard !known.isEmpty else { throw SparsityError.noData("a router by regret") }
    let costs = known.flatMap { regrets[($0 * classes)..<(($0 + 1) * classes)] }
    let mean = costs.reduce(0) { $0 + abs($1) } / Double(costs.count)
    let loss = RegretLoss(
      rows: rows.rows(known), costs: costs.map { mean > 0 ? $0 / mean : 0 }, classes: classes,
      l2: options.l2)
    bias = [Double](repeating: 0, count: classes)
    take(
      LimitedMemoryBFGS.minimise(
        from: [Double](repeating: 0, count: loss.parameterCount),
        maximumIterations: options.maximumIterations, tolerance: options.tolerance, loss.evaluate),
      of: Array(counts.indices))
  }

  private mutating func take(_ outcome: LimitedMemoryBFGS.Outcome, of clusters: [Int]) {
    converged = outcome.converged
    iterations = outcome.iterations
    loss = outcome.value
    takeLast(outcome.point, from: 0, of: clusters)
  }

  private mutating func takeLast(_ parameters: [Double], from first: Int, of clusters: [Int]) {
    let width = lastInputs
    for (row, cluster) in clusters.enumerated() {
      let start = first + row * (width + 1)
      weights.replaceSubrange(
        (cluster * width)..<((cluster + 1) * width), with: parameters[start..<(start + width)])
      bias[cluster] = parameters[start + width]
    }
  }

  private mutating func fitNetwork(hidden units: Int, balance: Double) {
    let network = RouterNetwork(
      inputs: rows.width, hidden: units, classes: present.count, balance: balance)
    let outcome = NetworkTraining(options: options).train(
      network, rows, positions, inputs: rows.width, hidden: units)
    iterations = outcome.steps
    loss = outcome.loss
    converged = outcome.stoppedEarly
    let last = units * (rows.width + 1)
    hidden = Array(outcome.parameters[..<last])
    takeLast(outcome.parameters, from: last, of: present)
  }

  private mutating func fitCentroids() {
    for (row, label) in labels.enumerated() {
      rows.add(row, times: 1, to: &weights, at: label * rows.width)
    }
    for cluster in present {
      for column in 0..<rows.width {
        weights[cluster * rows.width + column] /= Double(counts[cluster])
      }
    }
  }
}
