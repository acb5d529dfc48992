import WinaStatistics
import WinaTensor

/// Fits the gates of all groups at a given sparsity of the modules.
struct ProfileFitter {
  let histograms: HistogramSet
  let shapes: ProjectionShapes
  let options: ProfileOptions
  let evidence: ProfileEvidence
  /// The group whose distribution each group uses: itself, or nil (pooled) when it is too small.
  private let sources: [Int?]
  /// What a reader should know of the groups.
  let notes: [String]

  /// How many groups use the pooled distribution; `nil` for none.
  var pooledGroups: Int? {
    let count = histograms.isGrouped ? sources.count { $0 == nil } : 0
    return count == 0 ? nil : count
  }

  init(
    histograms: HistogramSet, shapes: ProjectionShapes, options: ProfileOptions,
    evidence: ProfileEvidence
  ) throws {
    self.histograms = histograms
    self.shapes = shapes
    self.options = options
    self.evidence = evidence
    var notes: [String] = []
    sources = histograms.groups.indices.map { group in
      Self.source(of: group, histograms, options, &notes)
    }
    self.notes = notes
  }

  private static func source(
    of group: Int, _ histograms: HistogramSet, _ options: ProfileOptions, _ notes: inout [String]
  ) -> Int? {
    guard histograms.isGrouped else { return nil }
    let tokens = histograms.tokens[group]
    let name = histograms.groups[group]
    if options.gate == .topK {
      if tokens == 0 {
        notes.append("group '\(name)' has no gated tokens: it uses the pooled means")
      }
      return group
    }
    if tokens > 0, tokens >= options.minimumTokens { return group }
    let what = options.gate == .fixed ? "mask" : "thresholds"
    notes.append(
      "group '\(name)' has \(tokens) gated tokens, fewer than "
        + "\(max(options.minimumTokens, 1)): it uses the pooled \(what)")
    return nil
  }

  private var layers: Int { histograms.layout.layers }

  /// The inputs of all projections of a layer, one after the other; 0 without masks.
  private var maskInputs: Int {
    options.gate == .fixed || options.gate == .hybrid ? shapes.inputs.reduce(0, +) : 0
  }

  /// Gates that keep everything.
  func empty() -> FittedGates {
    FittedGates(groups: histograms.groups.count, layers: layers, inputs: maskInputs)
  }

  /// The sparsity of the gated modules that the target asks for.
  func budget() throws -> SparsityBudget {
    guard let sparsity = options.sparsity else { return .reachable(0) }
    return try SparsityBudget.forModel(sparsity, method: options.method, shapes: shapes)
  }

  /// Returns gates whose expected sparsity meets the target, and the sparsity of modules it took.
  ///
  /// Quantiles of a distribution meet it by themselves; what mixes distributions, or leaves out
  /// outputs besides inputs, is moved there by bisection.
  func solve(_ own: Double) throws -> (Double, FittedGates) {
    let first = try gates(at: own)
    guard let target = options.sparsity, target > 0, own > 0,
      options.mixesThresholds || options.gate == .fixed
    else { return (own, first) }
    var (low, high) = (0.0, min(0.999, own + (1 - own) / 2))
    var best = (own, first)
    for _ in 0..<40 {
      let middle = (low + high) / 2
      // An allocation ends somewhere; what lies beyond is more than is needed.
      guard let fitted = try? gates(at: middle) else {
        high = middle
        continue
      }
      let found = expected(fitted)
      if abs(found - target) < abs(expected(best.1) - target) { best = (middle, fitted) }
      if found == target || high - low < 1e-6 { break }
      if found < target { low = middle } else { high = middle }
    }
    return best
  }

  private func expected(_ gates: FittedGates) -> Double {
    let total = histograms.tokens.reduce(0, +)
    guard total > 0 else { return gates.sparsities.reduce(0, +) / Double(gates.sparsities.count) }
    return zip(gates.sparsities, histograms.tokens).reduce(0) { $0 + $1.0 * Double($1.1) }
      / Double(total)
  }

  private func gates(at own: Double) throws -> FittedGates {
    var fitted = empty()
    guard own > 0 || options.sparsity == nil else { return fitted }
    let pools = options.mixesThresholds ? try weights(own) : []
    for group in histograms.groups.indices {
      let allocated = try evidence.allocation?(group, own)
      var total = 0.0
      for layer in 0..<layers {
        var use = LayerUse()
        for (index, projection) in Projection.allCases.enumerated() {
          guard let slot = options.method.slot(for: projection) else { continue }
          let module = Module(
            group: group, layer: layer, projection: projection, slot: slot,
            sparsity: allocated?[layer][index] ?? own,
            ownWeight: pools.isEmpty ? 1 : pools[group][layer * shapes.inputs.count + index])
          guard module.sparsity > 0 || options.sparsity == nil else { continue }
          use.inputs[index] = 1 - (try fit(module, into: &fitted))
        }
        if options.gate == .fixed { use.units = use.inputs[Self.down] }
        total += use.sparsity(shapes)
      }
      fitted.sparsities[group] = total / Double(layers)
      if maskInputs > 0 {
        let size = layers * maskInputs
        let kept = fitted.masks[(group * size)..<((group + 1) * size)].reduce(0) { $0 + Int($1) }
        fitted.removed?[group] = 1 - Double(kept) / Double(size)
      }
    }
    return fitted
  }

  private static let down = ProjectionShapes.index(.downProj)

  /// One projection of one layer, for one group.
  private struct Module {
    let group: Int
    let layer: Int
    let projection: Projection
    let slot: ScoreSlot
    let sparsity: Double
    /// The weight of the group's own threshold against the pooled one.
    let ownWeight: Double
  }

  /// Fits the gate of one module, and returns the fraction of its inputs that it zeroes.
  private func fit(_ module: Module, into gates: inout FittedGates) throws -> Double {
    let place =
      (module.group * layers + module.layer) * Projection.allCases.count
      + ProjectionShapes.index(module.projection)
    switch options.gate {
    case .threshold:
      let threshold = try threshold(of: module)
      gates.thresholds[place] = threshold
      return try fraction(of: module, atOrBelow: threshold, in: histograms)
    case .topK:
      let inputs = shapes.inputs(of: module.projection)
      let kept = KeptInputs.count(of: inputs, sparsity: module.sparsity)
      gates.keep[place] = Int32(kept)
      return 1 - Double(kept) / Double(inputs)
    case .fixed:
      let mask = try fixedMask(of: module)
      write(mask, of: module, into: &gates)
      return 1 - Double(mask.reduce(0) { $0 + Int($1) }) / Double(mask.count)
    case .hybrid:
      let threshold = try threshold(of: module)
      gates.thresholds[place] = threshold
      let (mask, share) = try activeMask(of: module)
      write(mask, of: module, into: &gates)
      return min(1, try fraction(of: module, atOrBelow: threshold, in: histograms) + share)
    }
  }

  private func threshold(of module: Module) throws -> Float {
    let source = sources[module.group]
    func pooled() throws -> Double {
      try histograms.quantile(
        group: nil, layer: module.layer, slot: module.slot, module.sparsity)
    }
    guard let source else { return Float(try pooled()) }
    let own: Double
    if case .tokens(let count) = options.shrinkage {
      own = try histograms.quantile(
        group: source, layer: module.layer, slot: module.slot, module.sparsity,
        mixedWithPooledTokens: count)
    } else {
      own = try histograms.quantile(
        group: source, layer: module.layer, slot: module.slot, module.sparsity)
    }
    let weight = module.ownWeight * options.beta
    return Float(
      weight == 1 ? own : ThresholdPooling.mix(pooled: try pooled(), own: own, weight: weight))
  }

  private func fraction(
    of module: Module, atOrBelow threshold: Float, in set: HistogramSet
  ) throws -> Double {
    // Where the thresholds are the pooled ones, the group's own tokens still say what they zero.
    let group: Int? =
      set.isGrouped && (sources[module.group] != nil || set.tokens[module.group] > 0)
      ? module.group : nil
    return try set.fraction(
      group: group, layer: module.layer, slot: module.slot, atOrBelow: Double(threshold))
  }

  // MARK: Shrinkage

  /// The weight of each group's own thresholds, shape [groups][layers · 7].
  private func weights(_ own: Double) throws -> [[Double]] {
    let modules = layers * Projection.allCases.count
    let groups = histograms.groups.count
    guard options.shrinkage == .variance, histograms.isGrouped else {
      return [[Double]](repeating: [Double](repeating: 1, count: modules), count: groups)
    }
    var weights = [[Double]](repeating: [Double](repeating: 0, count: modules), count: groups)
    let allocated = try histograms.groups.indices.map { try evidence.allocation?($0, own) }
    for layer in 0..<layers {
      for (index, projection) in Projection.allCases.enumerated() {
        guard let slot = options.method.slot(for: projection) else { continue }
        var thresholds: [Double?] = []
        var variances: [Double] = []
        for group in 0..<groups {
          let level = allocated[group]?[layer][index] ?? own
          // How much a group of one sample varies is not known.
          guard sources[group] != nil, histograms.samples[group] > 1 else {
            thresholds.append(nil)
            variances.append(0)
            continue
          }
          thresholds.append(
            try histograms.quantile(group: group, layer: layer, slot: slot, level))
          variances.append(
            try histograms.logVariance(group: group, layer: layer, slot: slot, level))
        }
        let found = ThresholdPooling.weights(thresholds: thresholds, variances: variances)
        for group in 0..<groups {
          weights[group][layer * Projection.allCases.count + index] = found[group]
        }
      }
    }
    return weights
  }

  /// The mean weight of each group's own thresholds after shrinkage; nil without it.
  func ownWeights(_ own: Double) throws -> [Double]? {
    switch options.shrinkage {
    case .none: return nil
    case .variance:
      let gated = Projection.allCases.indices.filter {
        options.method.slot(for: Projection.allCases[$0]) != nil
      }
      return try weights(own).map { row in
        let kept = row.indices.filter { gated.contains($0 % Projection.allCases.count) }
        return kept.reduce(0) { $0 + row[$1] } / Double(max(kept.count, 1))
      }
    case .tokens(let count):
      return histograms.tokens.map { Double($0) / max(Double($0) + count, 1) }
    }
  }

  // MARK: Masks

  private func write(_ mask: [UInt8], of module: Module, into gates: inout FittedGates) {
    let before = shapes.inputs[..<ProjectionShapes.index(module.projection)].reduce(0, +)
    let start = (module.group * layers + module.layer) * maskInputs + before
    gates.masks.replaceSubrange(start..<(start + mask.count), with: mask)
  }

  private func fixedMask(of module: Module) throws -> [UInt8] {
    let importance = try importance(of: module)
    let count: Int
    if case .coverage(let share) = options.target {
      count = StaticMask.count(covering: share, of: importance)
    } else {
      count = KeptInputs.count(of: importance.count, sparsity: module.sparsity)
    }
    return StaticMask.largest(importance, count: count)
  }

  private func importance(of module: Module) throws -> [Double] {
    let layout = histograms.layout
    let stream = module.projection.stream
    let range = layout.channelRange(stream)
    func slice(_ groups: [Float], _ pooled: [Float]) -> ArraySlice<Float> {
      let source = sources[module.group]
      let start =
        ((source ?? 0) * layers + module.layer) * layout.channels + range.lowerBound
      let values = source == nil ? pooled : groups
      return values[start..<(start + range.count)]
    }
    var norms: [Float]?
    if !module.slot.weights.isEmpty {
      guard let all = evidence.norms else {
        throw SparsityError.noData("a static mask of scores that weigh by column norms")
      }
      norms = try all.norms(layer: module.layer, of: module.slot)
    }
    let means = try evidence.means ?? histograms.centringMeans(options.centring)
    return StaticMask.importance(
      square: slice(histograms.groupSquares, histograms.pooledSquares),
      mean: slice(histograms.groupMeans, histograms.pooledMeans),
      centre: options.centring == .none
        ? nil : means?.mean(group: module.group, layer: module.layer, stream: stream),
      norms: norms)
  }

  /// Returns the inputs that are not surely inactive, and the share of scores above the threshold
  /// that removing the others zeroes besides.
  ///
  /// An input is removed if the upper end of the one-sided 95 % Clopper–Pearson interval of its
  /// activity lies below the limit: if so few active tokens would be unlikely at the limit.
  private func activeMask(of module: Module) throws -> (mask: [UInt8], share: Double) {
    guard let activity = evidence.activity else {
      throw SparsityError.noData("the activity that a hybrid gate needs")
    }
    let tokens = activity.tokens[module.group]
    let counts = activity.counts(
      group: module.group, layer: module.layer, projection: module.projection)
    let limit = Self.largestInactive(tokens: tokens, limit: options.neverActive)
    var lost: UInt64 = 0
    let mask = counts.map { count -> UInt8 in
      guard let limit, count <= UInt64(limit) else { return 1 }
      lost += count
      return 0
    }
    let scores = Double(tokens) * Double(mask.count)
    return (mask, scores > 0 ? Double(lost) / scores : 0)
  }

  /// Returns the largest count of active tokens at which an input is surely less active than the
  /// limit, or nil when there are too few tokens to say so of any.
  static func largestInactive(tokens: Int, limit: Double) -> Int? {
    guard tokens > 0, limit > 0, limit < 1 else { return nil }
    var largest: Int?
    var sum = 0.0
    for count in 0...tokens {
      sum += Binomial.mass(count, trials: tokens, probability: limit)
      guard sum < 0.05 else { break }
      largest = count
    }
    return largest
  }

  // MARK: Held-out sparsity

  /// Returns the model-wide sparsity of each group on other samples.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when these are in other groups.
  func sparsities(of gates: FittedGates, on heldOut: HistogramSet) throws -> [Double] {
    guard heldOut.groups == histograms.groups, heldOut.layout.layers == layers else {
      throw SparsityError(
        code: .shapeMismatch,
        message: "the held-out histogram has the groups \(heldOut.groups), the profile "
          + "\(histograms.groups)",
        hint: "group the held-out histogram by the same clusters")
    }
    guard options.gate == .threshold || options.gate == .hybrid else { return gates.sparsities }
    return try histograms.groups.indices.map { group in
      var total = 0.0
      for layer in 0..<layers {
        var use = LayerUse()
        for (index, projection) in Projection.allCases.enumerated() {
          let place = (group * layers + layer) * Projection.allCases.count + index
          guard let slot = options.method.slot(for: projection),
            !gates.thresholds[place].isNaN
          else { continue }
          let source = heldOut.isGrouped && heldOut.tokens[group] > 0 ? group : nil
          use.inputs[index] =
            1
            - (try heldOut.fraction(
              group: source, layer: layer, slot: slot,
              atOrBelow: Double(gates.thresholds[place])))
        }
        total += use.sparsity(shapes)
      }
      return total / Double(layers)
    }
  }
}
