import WinaStatistics

/// How a router's accuracy on held-out inputs grows with the inputs it learns from.
public struct LearningCurve: Codable, Sendable, Equatable {
  /// A router trained on some of the inputs.
  public struct Point: Codable, Sendable, Equatable {
    /// The inputs that it was trained on.
    public let count: Int
    /// The accuracy on held-out inputs, with the Wilson interval.
    public let accuracy: ProportionInterval
    /// The mean regret on held-out inputs; nil where it is not known.
    public let regret: Double?
  }

  /// Points by rising count; the last has all inputs.
  public let points: [Point]

  /// The shares of the inputs that routers are trained on.
  private static let shares = [0.125, 0.25, 0.5]

  /// Trains routers on growing parts of the inputs, which are nested and follow from the seed.
  ///
  /// - Parameters:
  ///   - training: The inputs to learn from, with their clusters and regrets.
  ///   - heldOut: The inputs to measure on.
  ///   - whole: The report of the router that was trained on all inputs.
  ///   - classes: The number of clusters.
  ///   - options: How routers are fitted.
  /// - Throws: ``SparsityError`` as fitting and reporting.
  public init(
    training: RoutedInputs, heldOut: RoutedInputs, whole: RouterReport, classes: Int,
    options: RouterOptions
  ) throws {
    var order = Array(training.labels.indices)
    var random = RandomStream(seed: options.seed, stream: 3)
    random.shuffle(&order)
    var points: [Point] = []
    for share in Self.shares {
      let count = Int(share * Double(order.count))
      guard count >= 2, count > points.last?.count ?? 0 else { continue }
      let part = training.part(order.prefix(count).sorted(), classes: classes)
      let router = try Router.fit(
        part.rows, labels: part.labels, classes: classes, regrets: part.regrets, options: options)
      let report = try RouterReport(
        router: router, rows: heldOut.rows, labels: heldOut.labels, regrets: heldOut.regrets)
      points.append(
        Point(count: count, accuracy: report.interval, regret: report.regret?.regret.mean))
    }
    points.append(
      Point(count: order.count, accuracy: whole.interval, regret: whole.regret?.regret.mean))
    self.points = points
  }
}

/// Inputs of a router with what they should be routed to.
public struct RoutedInputs: Sendable, Equatable {
  /// The features.
  public var rows: FeatureRows
  /// The cluster of every input.
  public var labels: [Int]
  /// What every cluster's profile costs on every input, shape [n, K]; NaN where nothing is known.
  public var regrets: [Double]?

  /// Takes inputs.
  public init(rows: FeatureRows, labels: [Int], regrets: [Double]? = nil) {
    self.rows = rows
    self.labels = labels
    self.regrets = regrets
  }

  /// Returns some of the inputs.
  func part(_ members: [Int], classes: Int) -> RoutedInputs {
    RoutedInputs(
      rows: rows.rows(members), labels: members.map { labels[$0] },
      regrets: regrets.map { all in
        members.flatMap { all[($0 * classes)..<(($0 + 1) * classes)] }
      })
  }
}
