import WinaTensor

/// What one projection does with its inputs.
public enum GateRule: Sendable, Equatable {
  /// Keeps every input.
  case dense
  /// Keeps inputs whose score is strictly above the threshold.
  case threshold(Float)
  /// Keeps the given number of inputs with the highest scores, ties to the lower index.
  case keep(Int)
  /// Keeps the inputs that are `true`, for every token.
  case fixed([Bool])
  /// Keeps, of the inputs that are `true`, those whose score is strictly above the threshold.
  case hybrid(Float, [Bool])
}

/// The thresholds (or counts) of every group, layer and projection.
///
/// - Invariant: Groups are in the order of the clustering, so that a cluster's number is its group's
///   index; a pooled profile has the single group `all`.
public struct SparsityProfile: Sendable, Equatable {
  /// Everything about a profile except its arrays.
  public struct Summary: Codable, Sendable, Equatable {
    /// How coordinates are scored.
    public var method: ScoreMethod
    /// The model-wide target that was asked for.
    public var sparsity: Double
    /// The sparsity of each gated projection; differs from ``sparsity`` for CATS.
    public var methodSparsity: Double
    /// How a profile decides what to keep.
    public var gate: GateKind
    /// Which means are subtracted first.
    public var centring: CentringKind
    /// The names of the groups.
    public var groups: [String]
    /// Whether the groups come from a clustering.
    public var isGrouped: Bool
    /// The number of layers.
    public var layers: Int
    /// The widths of the model's streams, in `ActivationStream.allCases` order.
    public var widths: [Int]
    /// The model-wide sparsity on the calibration tokens, weighted by tokens over groups.
    public var expectedSparsity: Double
    /// The model-wide sparsity of each group on its own calibration tokens.
    public var groupSparsity: [Double]
    /// Where thresholds lie between the pooled (0) and the group's own (1), where not at 1.
    public var beta: Double?
    /// How strongly each group's thresholds are its own after shrinkage, 1 being not shrunk.
    public var ownWeights: [Double]?
    /// The share of squared scores that static masks keep, where it was given.
    public var coverage: Double?
    /// The share of inputs that a static mask or a hybrid gate removes for all tokens, by group.
    public var removed: [Double]?
    /// The model-wide sparsity of each group on held-out tokens, by the same thresholds.
    public var heldOutGroupSparsity: [Double]?
    /// The model-wide sparsity on held-out tokens, weighted by tokens over groups.
    public var heldOutSparsity: Double?
    /// How many groups have no thresholds or masks of their own but the pooled ones, where there are any.
    public var pooledGroups: Int?
    /// What a reader should know, such as groups that fell back to the pooled distribution.
    public var notes: [String]
    /// Why the method cannot reach the target; such a profile is n/a in reports and has no gate.
    public var unreachable: String?
    /// The digest of the transform that the model went through first, where there is one.
    public var transform: String?
  }

  /// Everything except the arrays.
  public let summary: Summary
  /// Thresholds, shape [groups, layers, 7]; NaN where the gate is not a threshold.
  public let thresholds: [Float]
  /// Numbers of kept inputs, shape [groups, layers, 7]; −1 where the gate is not top-k.
  public let keep: [Int32]
  /// Which inputs are kept (1) whatever the token, shape [groups, layers, inputs of all projections];
  /// empty unless masks are static or hybrid.
  public let masks: [UInt8]
  /// The means to subtract, or nil without centring.
  public let means: CentringMeans?

  /// Takes arrays of the stated shapes.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when sizes do not fit.
  public init(
    summary: Summary, thresholds: [Float], keep: [Int32], masks: [UInt8] = [],
    means: CentringMeans?
  ) throws {
    let expected = summary.groups.count * summary.layers * Projection.allCases.count
    for have in [thresholds.count, keep.count] where have != expected {
      throw SparsityError.shape("the gates of a profile", have: have, expected: expected)
    }
    let cells = summary.groups.count * summary.layers * Self.inputs(of: summary)
    guard masks.isEmpty || masks.count == cells else {
      throw SparsityError.shape("the masks of a profile", have: masks.count, expected: cells)
    }
    guard (means?.kind ?? .none) == summary.centring else {
      throw SparsityError.noData("the means of a centred profile")
    }
    self.summary = summary
    self.thresholds = thresholds
    self.keep = keep
    self.masks = masks
    self.means = means
  }

  /// Compares bit for bit, so that an absent threshold (NaN) equals itself.
  public static func == (left: SparsityProfile, right: SparsityProfile) -> Bool {
    left.summary == right.summary && left.keep == right.keep && left.means == right.means
      && left.masks == right.masks
      && left.thresholds.elementsEqual(right.thresholds) { $0.bitPattern == $1.bitPattern }
  }

  /// Returns a profile that has no gate, with the reason.
  public func unreachable(because reason: String) -> SparsityProfile {
    var summary = summary
    summary.unreachable = reason
    let gates = thresholds.count
    return SparsityProfile(
      unchecked: summary, thresholds: [Float](repeating: .nan, count: gates),
      keep: [Int32](repeating: -1, count: gates), masks: [], means: means)
  }

  /// Returns the profile as one of a model that went through a transform, named by its digest.
  public func transformed(by name: String) -> SparsityProfile {
    var summary = summary
    summary.transform = name
    return SparsityProfile(
      unchecked: summary, thresholds: thresholds, keep: keep, masks: masks, means: means)
  }

  /// Returns the profile with another note for its reader.
  public func noting(_ note: String) -> SparsityProfile {
    var summary = summary
    summary.notes.append(note)
    return SparsityProfile(
      unchecked: summary, thresholds: thresholds, keep: keep, masks: masks, means: means)
  }

  private init(
    unchecked summary: Summary, thresholds: [Float], keep: [Int32], masks: [UInt8],
    means: CentringMeans?
  ) {
    self.summary = summary
    self.thresholds = thresholds
    self.keep = keep
    self.masks = masks
    self.means = means
  }

  /// Returns what a projection does with its inputs.
  ///
  /// - Precondition: The group and layer exist.
  public func gate(group: Int, layer: Int, projection: Projection) -> GateRule {
    precondition(summary.groups.indices.contains(group), "group \(group) has no profile")
    let index =
      (group * summary.layers + layer) * Projection.allCases.count
      + ProjectionShapes.index(projection)
    let threshold = thresholds[index]
    if summary.gate == .fixed || summary.gate == .hybrid,
      let mask = mask(group: group, layer: layer, projection: projection)
    {
      return threshold.isNaN ? .fixed(mask) : .hybrid(threshold, mask)
    }
    if !threshold.isNaN { return .threshold(threshold) }
    return keep[index] >= 0 ? .keep(Int(keep[index])) : .dense
  }

  /// The inputs of all seven projections of a layer, one after the other.
  static func inputs(of summary: Summary) -> Int {
    Projection.allCases.reduce(0) { $0 + width(of: $1, summary) }
  }

  private static func width(of projection: Projection, _ summary: Summary) -> Int {
    zip(ActivationStream.allCases, summary.widths).first { $0.0 == projection.stream }?.1 ?? 0
  }

  private func mask(group: Int, layer: Int, projection: Projection) -> [Bool]? {
    guard !masks.isEmpty else { return nil }
    var start = (group * summary.layers + layer) * Self.inputs(of: summary)
    for other in Projection.allCases {
      let width = Self.width(of: other, summary)
      if other == projection { return masks[start..<(start + width)].map { $0 == 1 } }
      start += width
    }
    return nil
  }

  /// Returns the group that serves a cluster: the cluster itself, or the pooled group.
  ///
  /// - Throws: ``SparsityError`` (`unassignable`) when a grouped profile lacks the cluster.
  public func group(forCluster cluster: Int) throws -> Int {
    if !summary.isGrouped { return 0 }
    guard summary.groups.indices.contains(cluster) else {
      throw SparsityError.unassignable(
        "the profile has \(summary.groups.count) groups and none for cluster \(cluster)",
        hint: "fit the profile on a histogram grouped by the clustering that routes")
    }
    return cluster
  }
}
