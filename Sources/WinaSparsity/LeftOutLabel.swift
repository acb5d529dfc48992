import WinaStatistics

/// What a router makes of inputs of a kind that it was not trained on.
public struct LeftOutLabel: Codable, Sendable, Equatable {
  /// The label that was left out of training.
  public let label: String
  /// The held-out inputs with the label.
  public let count: Int
  /// The share routed to their own cluster, with the Wilson interval.
  public let accuracy: ProportionInterval
  /// The mean probability of the most probable cluster.
  public let confidence: Double
  /// The share that lies beyond all training inputs.
  public let unknown: Double
  /// The mean regret; nil where it is not known.
  public let regret: Double?

  /// Trains a router without each label in turn and measures it on held-out inputs of that label.
  ///
  /// Labels without held-out inputs are left alone, and so is one that all training inputs have.
  ///
  /// - Parameters:
  ///   - training: The inputs to learn from.
  ///   - names: The label of each of them.
  ///   - heldOut: The inputs to measure on.
  ///   - heldOutNames: The label of each of them.
  ///   - router: The router that was trained on all labels, whose temperature is used.
  ///   - options: How routers are fitted.
  /// - Returns: One measurement a label, labels in ascending order.
  /// - Throws: ``SparsityError`` as fitting and reporting, and for labels that do not fit the inputs.
  public static func measure(
    training: RoutedInputs, names: [String], heldOut: RoutedInputs, heldOutNames: [String],
    router: Router, options: RouterOptions
  ) throws -> [LeftOutLabel] {
    for (count, expected) in [
      (names.count, training.labels.count), (heldOutNames.count, heldOut.labels.count),
    ] where count != expected {
      throw SparsityError.shape("labels", have: count, expected: expected)
    }
    let classes = router.summary.classes
    return try Set(names).sorted().compactMap { name in
      let kept = names.indices.filter { names[$0] != name }
      let members = heldOutNames.indices.filter { heldOutNames[$0] == name }
      guard !kept.isEmpty, !members.isEmpty else { return nil }
      let part = training.part(kept, classes: classes)
      var narrow = try Router.fit(
        part.rows, labels: part.labels, classes: classes, regrets: part.regrets, options: options)
      narrow.summary.temperature = router.summary.temperature
      let unseen = heldOut.part(members, classes: classes)
      let report = try RouterReport(
        router: narrow, rows: unseen.rows, labels: unseen.labels, regrets: unseen.regrets)
      let predictions = try narrow.predictions(unseen.rows)
      let count = Double(members.count)
      return LeftOutLabel(
        label: name, count: members.count, accuracy: report.interval,
        confidence: predictions.reduce(0) { $0 + $1.confidence } / count,
        unknown: Double(predictions.filter(\.isUnknown).count) / count,
        regret: report.regret?.regret.mean)
    }
  }
}
