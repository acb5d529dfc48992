import WinaTensor

/// What profiles are fitted to besides score distributions; each is needed by some options only.
public struct ProfileEvidence {
  /// The sparsity of every module for a group and a target, shape [layers][7]; nil is uniform.
  public typealias Allocation = (_ group: Int, _ target: Double) throws -> [[Double]]

  /// The means that the scores were centred with; nil takes those of the histograms.
  public var means: CentringMeans?
  /// The norms that static masks weigh inputs with, for scores that do.
  public var norms: ColumnNorms?
  /// How often inputs exceed the thresholds, for hybrid gates.
  public var activity: ActivityCounts?
  /// Score distributions of other samples in the same groups, to measure the sparsity on.
  public var heldOut: HistogramSet?
  /// How sparsity is divided over modules.
  public var allocation: Allocation?
  /// Whether groups differ in how sparsity is divided over modules.
  public var hasOwnAllocations = false

  /// Makes evidence.
  public init(
    means: CentringMeans? = nil, norms: ColumnNorms? = nil, activity: ActivityCounts? = nil,
    heldOut: HistogramSet? = nil, allocation: Allocation? = nil
  ) {
    self.means = means
    self.norms = norms
    self.activity = activity
    self.heldOut = heldOut
    self.allocation = allocation
  }
}

extension SparsityProfile {
  /// Fits a profile to score distributions.
  ///
  /// Thresholds are quantiles of each (group, layer, projection); top-k keeps ⌊n·(1 − s)⌋ inputs; a
  /// static mask keeps the inputs of the highest mean squared score, as many as the target or the
  /// coverage asks for. A group with fewer than `minimumTokens` gated tokens uses the pooled
  /// distribution, and a note says so. Where mixed thresholds or the interplay of static masks would
  /// miss the target, the sparsity of modules is moved until the expected one meets it. A method that
  /// cannot reach the target gives a profile whose summary says why. A target of 0 leaves everything
  /// dense.
  ///
  /// - Parameters:
  ///   - histograms: Distributions of scores centred as the options ask (for threshold gates).
  ///   - shapes: The shapes of the projections.
  ///   - options: What to fit.
  ///   - evidence: What else it is fitted to.
  /// - Throws: ``SparsityError``: `ineffectiveGroups` for grouped top-k without group centring,
  ///   `centringMismatch`, `missingScore`, `outOfRange`, `noData`.
  public static func fit(
    _ histograms: HistogramSet, shapes: ProjectionShapes, options: ProfileOptions,
    evidence: ProfileEvidence = ProfileEvidence()
  ) throws -> SparsityProfile {
    try check(histograms, options, hasOwnAllocations: evidence.hasOwnAllocations)
    var summary = Summary(
      method: options.method, sparsity: options.sparsity ?? 0, methodSparsity: 0,
      gate: options.gate, centring: options.centring, groups: histograms.groups,
      isGrouped: histograms.isGrouped, layers: histograms.layout.layers,
      widths: ActivationStream.allCases.map(histograms.layout.width(of:)), expectedSparsity: 0,
      groupSparsity: [Double](repeating: 0, count: histograms.groups.count), notes: [],
      unreachable: nil)
    let fitter = try ProfileFitter(
      histograms: histograms, shapes: shapes, options: options, evidence: evidence)
    var gates = FittedGates(groups: 0, layers: summary.layers, inputs: 0)
    switch try fitter.budget() {
    case .unreachable(let maximum):
      summary.unreachable =
        "\(options.method.rawValue) gates \(percent(maximum)) of the weights of a layer and cannot "
        + "reach a model-wide sparsity of \(percent(summary.sparsity))"
      gates = fitter.empty()
    case .reachable(let own):
      (summary.methodSparsity, gates) = try fitter.solve(own)
      summary.groupSparsity = gates.sparsities
      summary.notes = fitter.notes
      summary.pooledGroups = fitter.pooledGroups
      summary.expectedSparsity = weighted(summary.groupSparsity, by: histograms.tokens)
      if case .coverage(let share) = options.target {
        summary.coverage = share
        summary.sparsity = summary.expectedSparsity
      }
      summary.beta = options.beta == 1 ? nil : options.beta
      summary.ownWeights = try fitter.ownWeights(own)
      summary.removed = gates.removed
      if let heldOut = evidence.heldOut {
        let found = try fitter.sparsities(of: gates, on: heldOut)
        summary.heldOutGroupSparsity = found
        summary.heldOutSparsity = weighted(found, by: heldOut.tokens)
      }
    }
    let centred = try evidence.means ?? histograms.centringMeans(options.centring)
    return try SparsityProfile(
      summary: summary, thresholds: gates.thresholds, keep: gates.keep, masks: gates.masks,
      means: options.centring == .none ? nil : centred)
  }

  private static func check(
    _ histograms: HistogramSet, _ options: ProfileOptions, hasOwnAllocations: Bool
  ) throws {
    if histograms.isGrouped, histograms.groups.count > 1, options.gate == .topK,
      options.centring != .group, !hasOwnAllocations
    {
      throw SparsityError(
        code: .ineffectiveGroups,
        message: "a top-k profile by group equals the pooled one: k depends on the sparsity and "
          + "the width alone, not on the histograms of the \(histograms.groups.count) groups",
        hint: "use `gate: threshold` or `centring: group`, or fit it to a pooled histogram")
    }
    if options.method.gatesNeurons, options.gate != .threshold {
      throw SparsityError(
        code: .outOfRange,
        message: "\(options.method.rawValue) is defined by a threshold and has no "
          + "\(options.gate.rawValue) gate",
        hint: "use `gate: threshold` with \(options.method.rawValue)")
    }
    if options.method.gatesNeurons, options.centring != .none {
      throw SparsityError(
        code: .centringMismatch,
        message: "scores of '\(options.method.rawValue)' cannot be centred",
        hint: "use `centring: none` with \(options.method.rawValue)")
    }
    if options.centring == .group, !histograms.isGrouped {
      _ = try histograms.centringMeans(.group)
    }
    let hasThresholds = options.gate == .threshold || options.gate == .hybrid
    if hasThresholds, options.sparsity ?? 0 > 0, histograms.centring != options.centring {
      throw SparsityError(
        code: .centringMismatch,
        message: "thresholds with centring '\(options.centring.rawValue)' cannot be fitted to "
          + "scores captured with centring '\(histograms.centring.rawValue)'",
        hint: "capture the scores with the means of the profile, or use `gate: topk`")
    }
    if options.gate != .fixed, case .coverage = options.target {
      throw SparsityError(
        code: .outOfRange,
        message: "coverage sizes static masks, not a \(options.gate.rawValue) gate",
        hint: "use `gate: static`, or give a sparsity")
    }
    if !(0...1).contains(options.beta) {
      throw SparsityError.range("beta", "\(options.beta)", expected: "0…1")
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

/// How many inputs top-k keeps.
package enum KeptInputs {
  /// Returns ⌊n·(1 − s)⌋, guarded against representation error of s.
  package static func count(of inputs: Int, sparsity: Double) -> Int {
    Int((Double(inputs) * (1 - sparsity) + 1e-9).rounded(.down))
  }
}
