/// Counts multiply-accumulates (MACs) of dense and sparse inference.
///
/// Two conventions are kept apart. The *paper's* (arXiv 2505.19427, Table 5) counts per token
/// `(1 − s)·linears + head` and nothing else. The *full* count is that of a decode step for every
/// row that is run: each linear by the coordinates that were kept, attention by the keys it reads,
/// the head, the gate, centring, the router, and the rotations of a transformed model.
public struct CostModel: Sendable, Hashable {
  /// The model that is counted.
  public let shape: ModelShape
  /// Whether the full count has the rotations of the residual stream that a transformed model makes.
  public let isTransformed: Bool

  /// Counts for a model of the given shape.
  public init(_ shape: ModelShape, isTransformed: Bool = false) {
    self.shape = shape
    self.isTransformed = isTransformed
  }

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

  /// The MACs per token of the rotations that are run: two a layer but for the last, after which
  /// nothing needs another basis.
  public var executedRotationMACs: Double {
    Double(2 * shape.layers - 1) * Double(shape.hidden) * Double(shape.hidden)
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

  /// The keys that `rows` rows of a causal forward pass read after some others: row t reads t + 1.
  public static func attendedKeys(rows: Int, after earlier: Int = 0) -> Int {
    rows * (rows + 1) / 2 + rows * earlier
  }

  /// Turns kept coordinates into the weights that were used.
  ///
  /// - Parameters:
  ///   - kept: The kept coordinates of gated rows per (layer, projection), layer by layer in the
  ///     order of ``ModelShape/projectionNames``: of the input, but of the output of `up_proj` in a
  ///     layer with a CATS gate.
  ///   - hasNeuronGate: For each layer whether its gate is that of CATS.
  ///   - units: For each layer how many hidden units of the feed-forward block a static mask keeps,
  ///     the others needing no output of `gate_proj` and `up_proj`; empty or `nil` for all.
  /// - Returns: The weights of each projection that were multiplied, summed over rows.
  public func usedWeights(
    kept: [UInt64], hasNeuronGate: [Bool], units: [Int?] = []
  ) -> [UInt64] {
    let (inputs, outputs) = (shape.inputs, shape.outputs)
    precondition(kept.count == shape.layers * outputs.count, "one count per projection")
    return kept.enumerated().map { index, count in
      let (layer, projection) = index.quotientAndRemainder(dividingBy: outputs.count)
      let isFeedForward =
        projection == ModelShape.gateProjection || projection == ModelShape.upProjection
      if isFeedForward, layer < units.count, let needed = units[layer] {
        return count * UInt64(needed)
      }
      let isByOutput = hasNeuronGate[layer] && projection == ModelShape.upProjection
      return count * UInt64(isByOutput ? inputs[projection] : outputs[projection])
    }
  }

  /// The linears' MACs, given the weights that were used.
  ///
  /// - Parameters:
  ///   - used: The weights used in gated rows (``usedWeights(kept:hasNeuronGate:)``); empty when
  ///     nothing was gated.
  ///   - gatedRows: The rows that were gated.
  ///   - rows: All rows that were run; those not gated cost the dense amount.
  public func linearMACs(used: [UInt64], gatedRows: Int, rows: Int) -> Double {
    guard !used.isEmpty else { return linearMACs * Double(rows) }
    return linearMACs * Double(rows - gatedRows) + Double(used.reduce(0, +))
  }

  /// The parameter-weighted fraction of coordinates zeroed in the linears.
  ///
  /// - Parameters:
  ///   - used: See ``linearMACs(used:gatedRows:rows:)``.
  ///   - gatedRows: The rows that were gated.
  ///   - rows: The rows to spread over: `gatedRows` for gated tokens, all rows for all tokens.
  /// - Returns: 0 when nothing was gated.
  public func sparsity(used: [UInt64], gatedRows: Int, over rows: Int) -> Double {
    guard rows > 0, !used.isEmpty else { return 0 }
    return 1 - linearMACs(used: used, gatedRows: gatedRows, rows: rows)
      / (linearMACs * Double(rows))
  }

  /// Everything that a stretch of inference costs, the router aside.
  ///
  /// - Parameters:
  ///   - used: See ``linearMACs(used:gatedRows:rows:)``.
  ///   - gatedRows: The rows that were gated.
  ///   - rows: All rows that were run.
  ///   - attendedKeys: The keys read by them in one layer (``attendedKeys(rows:)``).
  ///   - overhead: What the profile adds.
  public func macs(
    used: [UInt64], gatedRows: Int, rows: Int, attendedKeys: Int, overhead: GateOverhead
  ) -> MACBreakdown {
    MACBreakdown(
      linear: linearMACs(used: used, gatedRows: gatedRows, rows: rows),
      attention: attentionMACs(attendedKeys: attendedKeys),
      head: headMACs * Double(rows),
      gate: overhead.gatePerRow * Double(gatedRows),
      centring: overhead.centringPerRow * Double(gatedRows), router: 0,
      rotation: isTransformed ? executedRotationMACs * Double(rows) : 0)
  }
}

/// What sparse inference costs beyond the products it keeps, in MACs.
public struct GateOverhead: Sendable, Hashable {
  /// Scoring and comparing, per gated row over all layers.
  public var gatePerRow: Double
  /// Subtracting `μ` and adding `W·μ`, per gated row over all layers.
  public var centringPerRow: Double

  /// No overhead: dense inference.
  public static let none = GateOverhead(gatePerRow: 0, centringPerRow: 0)

  /// Makes an overhead from its parts.
  public init(gatePerRow: Double, centringPerRow: Double) {
    self.gatePerRow = gatePerRow
    self.centringPerRow = centringPerRow
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
  /// The rotations of the residual stream in a transformed model.
  public var rotation: Double

  /// No cost.
  public static let zero = MACBreakdown(
    linear: 0, attention: 0, head: 0, gate: 0, centring: 0, router: 0)

  /// Makes a breakdown from its parts.
  public init(
    linear: Double, attention: Double, head: Double, gate: Double, centring: Double,
    router: Double, rotation: Double = 0
  ) {
    self.linear = linear
    self.attention = attention
    self.head = head
    self.gate = gate
    self.centring = centring
    self.router = router
    self.rotation = rotation
  }

  /// The sum of all parts.
  public var total: Double { linear + attention + head + gate + centring + router + rotation }

  /// Adds part by part.
  public static func + (a: MACBreakdown, b: MACBreakdown) -> MACBreakdown {
    MACBreakdown(
      linear: a.linear + b.linear, attention: a.attention + b.attention, head: a.head + b.head,
      gate: a.gate + b.gate, centring: a.centring + b.centring, router: a.router + b.router,
      rotation: a.rotation + b.rotation)
  }
}
