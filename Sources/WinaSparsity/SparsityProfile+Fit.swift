import WinaTensor

extension SparsityProfile {
  /// Fits a profile to score distributions.
  ///
  /// Thresholds are quantiles of each (group, layer, projection); top-k keeps ⌊n·(1 − s)⌋ inputs.
  /// A group with fewer than `minimumTokens` gated tokens uses the pooled distribution, and a note
  /// says so. A method that cannot reach the target gives a profile whose summary says why. A
  /// target of 0 leaves everything dense.
  ///
  /// - Parameters:
  ///   - histograms: Distributions of scores centred as the options ask (for threshold gates).
  ///   - shapes: The shapes of the projections.
  ///   - options: What to fit.
  ///   - means: The means that the scores were centred with; nil takes those of `histograms`.
  /// - Throws: ``SparsityError``: `ineffectiveGroups` for grouped top-k without group centring,
  ///   `centringMismatch`, `missingScore`, `outOfRange`, `noData`.
  public static func fit(
    _ histograms: HistogramSet, shapes: ProjectionShapes, options: ProfileOptions,
    means: CentringMeans? = nil
  ) throws -> SparsityProfile {
    try check(histograms, options)
    let budget = try SparsityBudget.forModel(
      options.sparsity, method: options.method, shapes: shapes)
    var summary = Summary(
      method: options.method, sparsity: options.sparsity, methodSparsity: 0, gate: options.gate,
      centring: options.centring, groups: histograms.groups, isGrouped: histograms.isGrouped,
      layers: histograms.layout.layers,
      widths: ActivationStream.allCases.map(histograms.layout.width(of:)), expectedSparsity: 0,
      groupSparsity: [Double](repeating: 0, count: histograms.groups.count), notes: [],
      unreachable: nil)
    let gates = histograms.groups.count * summary.layers * Projection.allCases.count
    var thresholds = [Float](repeating: .nan, count: gates)
    var keep = [Int32](repeating: -1, count: gates)
    switch budget {
    case .unreachable(let maximum):
      summary.unreachable =
        "\(options.method.rawValue) gates \(percent(maximum)) of the weights of a layer and cannot "
        + "reach a model-wide sparsity of \(percent(options.sparsity))"
    case .reachable(let own):
      summary.methodSparsity = own
      var fitter = GroupFitter(histograms: histograms, shapes: shapes, options: options, own: own)
      for group in histograms.groups.indices {
        let fitted = try fitter.fit(group)
        let start = group * fitted.thresholds.count
        thresholds.replaceSubrange(
          start..<(start + fitted.thresholds.count), with: fitted.thresholds)
        keep.replaceSubrange(start..<(start + fitted.keep.count), with: fitted.keep)
        summary.groupSparsity[group] = fitted.sparsity
      }
      summary.notes = fitter.notes
      summary.expectedSparsity = weighted(summary.groupSparsity, by: histograms.tokens)
    }
    let centred = try means ?? histograms.centringMeans(options.centring)
    return try SparsityProfile(
      summary: summary, thresholds: thresholds, keep: keep,
      means: options.centring == .none ? nil : centred)
  }

  private static func check(_ histograms: HistogramSet, _ options: ProfileOptions) throws {
    if histograms.isGrouped, histograms.groups.count > 1, options.gate == .topK,
      options.centring != .group
    {
      throw SparsityError(
        code: .ineffectiveGroups,
        message: "a top-k profile by group equals the pooled one: k depends on the sparsity and "
          + "the width alone, not on the histograms of the \(histograms.groups.count) groups",
        hint: "use `gate: threshold` or `centring: group`, or fit it to a pooled histogram")
    }
    if options.method == .cats, options.gate == .topK {
      throw SparsityError(
        code: .outOfRange, message: "cats is defined by a threshold and has no top-k gate",
        hint: "use `gate: threshold` with cats")
    }
    if options.method == .cats, options.centring != .none {
      throw SparsityError(
        code: .centringMismatch, message: "scores of 'cats' cannot be centred",
        hint: "use `centring: none` with cats")
    }
    if options.centring == .group, !histograms.isGrouped {
      _ = try histograms.centringMeans(.group)
    }
    if options.gate == .threshold, options.sparsity > 0, histograms.centring != options.centring {
      throw SparsityError(
        code: .centringMismatch,
        message: "thresholds with centring '\(options.centring.rawValue)' cannot be fitted to "
          + "scores captured with centring '\(histograms.centring.rawValue)'",
        hint: "capture the scores with the means of the profile, or use `gate: topk`")
    }
  }

  private static func weighted(_ values: [Double], by tokens: [Int]) -> Double {
    let total = tokens.reduce(0, +)
    guard total > 0 else { return values.reduce(0, +) / Double(max(values.count, 1)) }
    return zip(values, tokens).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(total)
  }

  private static func percent(_ share: Double) -> String {
    "\((share * 1000).rounded() / 10) %"
  }
}

/// Fits the gates of one group after the other.
private struct GroupFitter {
  let histograms: HistogramSet
  let shapes: ProjectionShapes
  let options: ProfileOptions
  /// The sparsity of every gated projection.
  let own: Double
  var notes: [String] = []

  init(
    histograms: HistogramSet, shapes: ProjectionShapes, options: ProfileOptions, own: Double
  ) {
    self.histograms = histograms
    self.shapes = shapes
    self.options = options
    self.own = own
  }

  /// Returns thresholds and counts of shape [layers, 7] and the group's model-wide sparsity.
  mutating func fit(_ group: Int) throws -> (thresholds: [Float], keep: [Int32], sparsity: Double) {
    let source = try source(of: group)
    let layers = histograms.layout.layers
    let count = Projection.allCases.count
    var thresholds = [Float](repeating: .nan, count: layers * count)
    var keep = [Int32](repeating: -1, count: layers * count)
    var total = 0.0
    for layer in 0..<layers {
      var sparsities = [Double](repeating: 0, count: count)
      for (index, projection) in Projection.allCases.enumerated() where own > 0 {
        guard let slot = options.method.slot(for: projection) else { continue }
        let place = layer * count + index
        switch options.gate {
        case .threshold:
          let threshold = Float(
            try histograms.quantile(group: source, layer: layer, slot: slot, own))
          thresholds[place] = threshold
          sparsities[index] = try histograms.fraction(
            group: source, layer: layer, slot: slot, atOrBelow: Double(threshold))
        case .topK:
          let inputs = gatedWidth(projection)
          let kept = KeptInputs.count(of: inputs, sparsity: own)
          keep[place] = Int32(kept)
          sparsities[index] = 1 - Double(kept) / Double(inputs)
        }
      }
      total += SparsityBudget.modelSparsity(sparsities, shapes: shapes)
    }
    return (thresholds, keep, total / Double(layers))
  }

  /// Returns the group whose distribution is used: itself, or nil (pooled) when it is too small.
  private mutating func source(of group: Int) throws -> Int? {
    guard histograms.isGrouped else { return nil }
    let tokens = histograms.tokens[group]
    let name = histograms.groups[group]
    switch options.gate {
    case .topK:
      if tokens == 0 {
        notes.append("group '\(name)' has no gated tokens: it uses the pooled means")
      }
      return group
    case .threshold:
      if tokens > 0, tokens >= options.minimumTokens { return group }
      notes.append(
        "group '\(name)' has \(tokens) gated tokens, fewer than "
          + "\(max(options.minimumTokens, 1)): it uses the pooled thresholds")
      return nil
    }
  }

  /// Returns how many values the mask of a projection selects from: CATS masks hidden units.
  private func gatedWidth(_ projection: Projection) -> Int {
    options.method == .cats ? shapes.inputs(of: .downProj) : shapes.inputs(of: projection)
  }
}

/// How many inputs top-k keeps.
package enum KeptInputs {
  /// Returns ⌊n·(1 − s)⌋, guarded against representation error of s.
  package static func count(of inputs: Int, sparsity: Double) -> Int {
    Int((Double(inputs) * (1 - sparsity) + 1e-9).rounded(.down))
  }
}
