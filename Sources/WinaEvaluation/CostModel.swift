/// Counts multiply-accumulates (MACs) of dense and sparse inference.
///
/// Two conventions are kept apart. The *paper's* (arXiv 2505.19427, Table 5) counts per token
/// `(1 − s)·linears + head` and nothing else. The *full* count is that of a decode step for every
/// row that is run: each linear by the coordinates that were kept, attention by the keys it reads,
/// the head, the gate, centring and the router.
public struct CostModel: Sendable, Hashable {
  /// The model that is counted.
  public let shape: ModelShape

  /// Counts for a model of the given shape.
  public init(_ shape: ModelShape) { self.shape = shape }

  /// The dense MACs per token of all decoder linears.
  public var linearMACs: Double {
    Double(shape.layers)
      * zip(shape.inputs, shape.outputs).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// The MACs per token of the output head.
  public var headMACs: Double { Double(shape.hidden) * Double(shape.vocabulary) }

  /// The MACs per token of rotating the residual stream twice a layer, which the orthogonal
  /// transform of the paper needs and its table leaves out.
  public var rotationMACs: Double {
    2 * Double(shape.layers) * Double(shape.hidden) * Double(shape.hidden)
  }

  /// The paper's MACs ("FLOPs") per token at a sparsity of the linears.
  ///
  /// - Parameters:
  ///   - sparsity: The parameter-weighted fraction of zeroed input coordinates, in 0…1.
  ///   - rotated: Whether to add the rotations the paper does not count.
  public func paperMACs(sparsity: Double, rotated: Bool = false) -> Double {
    (1 - sparsity) * linearMACs + headMACs + (rotated ? rotationMACs : 0)
  }

  /// The MACs of attention for rows that together read `attendedKeys` keys in every layer.
  public func attentionMACs(attendedKeys: Int) -> Double {
    2 * Double(shape.layers) * Double(shape.heads * shape.headSize) * Double(attendedKeys)
  }

  /// The keys that rows 0..<`rows` of a causal forward pass read: row t reads t + 1.
  public static func attendedKeys(rows: Int) -> Int { rows * (rows + 1) / 2 }

  /// The linears' MACs, given the coordinates that were kept.
  ///
  /// - Parameters:
  ///   - kept: The kept input coordinates of gated rows per (layer, projection), layer by layer in
  ///     the order of ``ModelShape/projectionNames``; empty when nothing was gated.
  ///   - gatedRows: The rows that were gated.
  ///   - rows: All rows that were run; those not gated cost the dense amount.
  public func linearMACs(kept: [UInt64], gatedRows: Int, rows: Int) -> Double {
    guard !kept.isEmpty else { return linearMACs * Double(rows) }
    precondition(kept.count == shape.layers * shape.outputs.count, "one count per projection")
    var total = linearMACs * Double(rows - gatedRows)
    for (index, count) in kept.enumerated() {
      total += Double(shape.outputs[index % shape.outputs.count]) * Double(count)
    }
    return total
  }

  /// The parameter-weighted fraction of input coordinates zeroed in the linears.
  ///
  /// - Parameters:
  ///   - kept: See ``linearMACs(kept:gatedRows:rows:)``.
  ///   - gatedRows: The rows that were gated.
  ///   - rows: The rows to spread over: `gatedRows` for gated tokens, all rows for all tokens.
  /// - Returns: 0 when nothing was gated.
  public func sparsity(kept: [UInt64], gatedRows: Int, over rows: Int) -> Double {
    guard rows > 0, !kept.isEmpty else { return 0 }
    return 1 - linearMACs(kept: kept, gatedRows: gatedRows, rows: rows)
      / (linearMACs * Double(rows))
  }

  /// Everything that a stretch of inference costs.
  ///
  /// - Parameters:
  ///   - kept: See ``linearMACs(kept:gatedRows:rows:)``.
  ///   - gatedRows: The rows that were gated.
  ///   - rows: All rows that were run.
  ///   - attendedKeys: The keys read by them in one layer (``attendedKeys(rows:)``).
  ///   - overhead: What the profile adds.
  public func macs(
    kept: [UInt64], gatedRows: Int, rows: Int, attendedKeys: Int, overhead: GateOverhead
  ) -> MACBreakdown {
    MACBreakdown(
      linear: linearMACs(kept: kept, gatedRows: gatedRows, rows: rows),
      attention: attentionMACs(attendedKeys: attendedKeys),
      head: headMACs * Double(rows),
      gate: overhead.gatePerRow * Double(gatedRows),
      centring: overhead.centringPerRow * Double(gatedRows),
      router: overhead.routerPerSample)
  }

  /// What a gate adds to the cost of a gated row.
  ///
  /// - Parameters:
  ///   - gated: The projections that have a gate, by index into ``ModelShape/projectionNames``, in
  ///     every layer.
  ///   - rule: How the mask is made.
  ///   - centred: Whether the projections' inputs are centred (`x − μ` and the bias `W·μ`).
  ///   - routerPerSample: The router's MACs for one sample.
  public func overhead(
    gated: [Int], rule: MaskRule, centred: Bool = false, routerPerSample: Double = 0
  ) -> GateOverhead {
    let layers = Double(shape.layers)
    let inputs = gated.reduce(0) { $0 + Double(shape.inputs[$1]) }
    let outputs = gated.reduce(0) { $0 + Double(shape.outputs[$1]) }
    return GateOverhead(
      gatePerRow: layers * (rule == .cats ? Double(shape.feedForward) : rule.cost * inputs),
      centringPerRow: centred ? layers * (inputs + outputs) : 0,
      routerPerSample: routerPerSample)
  }
}

/// How a mask is made from an input.
public enum MaskRule: Sendable, Hashable {
  /// Scores against a threshold: one multiply-and-compare per coordinate.
  case threshold
  /// The k largest scores: about three operations per coordinate.
  case topK
  /// One threshold on `SiLU(gate)`, shared by up and down.
  case cats

  fileprivate var cost: Double {
    switch self {
    case .threshold, .cats: 1
    case .topK: 3
    }
  }
}

/// What sparse inference costs beyond the products it keeps, in MACs.
public struct GateOverhead: Sendable, Hashable {
  /// Scoring and comparing, per gated row over all layers.
  public var gatePerRow: Double
  /// Subtracting `μ` and adding `W·μ`, per gated row over all layers.
  public var centringPerRow: Double
  /// Choosing the profile, once per sample.
  public var routerPerSample: Double

  /// No overhead: dense inference.
  public static let none = GateOverhead(gatePerRow: 0, centringPerRow: 0, routerPerSample: 0)

  /// Makes an overhead from its parts.
  public init(gatePerRow: Double, centringPerRow: Double, routerPerSample: Double) {
    self.gatePerRow = gatePerRow
    self.centringPerRow = centringPerRow
    self.routerPerSample = routerPerSample
  }
}

/// Multiply-accumulates by where they are spent.
public struct MACBreakdown: Sendable, Hashable {
  /// The decoder linears, by kept coordinates.
  public var linear: Double
  /// `QKᵀ` and the weighted sum of values.
  public var attention: Double
  /// The output head.
  public var head: Double
  /// Scores and comparisons.
  public var gate: Double
  /// Subtractions and bias additions of centring.
  public var centring: Double
  /// The router.
  public var router: Double

  /// No cost.
  public static let zero = MACBreakdown(
    linear: 0, attention: 0, head: 0, gate: 0, centring: 0, router: 0)

  /// Makes a breakdown from its parts.
  public init(
    linear: Double, attention: Double, head: Double, gate: Double, centring: Double,
    router: Double
  ) {
    self.linear = linear
    self.attention = attention
    self.head = head
    self.gate = gate
    self.centring = centring
    self.router = router
  }

  /// The sum of all parts.
  public var total: Double { linear + attention + head + gate + centring + router }

  /// Adds part by part.
  public static func + (a: MACBreakdown, b: MACBreakdown) -> MACBreakdown {
    MACBreakdown(
      linear: a.linear + b.linear, attention: a.attention + b.attention, head: a.head + b.head,
      gate: a.gate + b.gate, centring: a.centring + b.centring, router: a.router + b.router)
  }
}
