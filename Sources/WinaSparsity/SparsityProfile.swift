import WinaTensor

/// What one projection does with its inputs.
public enum GateRule: Sendable, Equatable {
  /// Keeps every input.
  case dense
  /// Keeps inputs whose score is strictly above the threshold.
  case threshold(Float)
  /// Keeps the given number of inputs with the highest scores, ties to the lower index.
  case keep(Int)

  /// The rule of the engine's masks; nil when dense.
  public var keepRule: KeepRule? {
    switch self {
    case .dense: nil
    case .threshold(let threshold): .threshold(threshold)
    case .keep(let count): .topK(count)
    }
  }
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
    /// What a reader should know, such as groups that fell back to the pooled distribution.
    public var notes: [String]
    /// Why the method cannot reach the target; such a profile is n/a in reports and has no gate.
    public var unreachable: String?
  }

  /// Everything except the arrays.
  public let summary: Summary
  /// Thresholds, shape [groups, layers, 7]; NaN where the gate is not a threshold.
  public let thresholds: [Float]
  /// Numbers of kept inputs, shape [groups, layers, 7]; −1 where the gate is not top-k.
  public let keep: [Int32]
  /// The means to subtract, or nil without centring.
  public let means: CentringMeans?

  /// Takes arrays of the stated shapes.
  ///
  /// - Throws: ``SparsityError`` (`shapeMismatch`) when sizes do not fit.
  public init(summary: Summary, thresholds: [Float], keep: [Int32], means: CentringMeans?) throws {
    let expected = summary.groups.count * summary.layers * Projection.allCases.count
    for have in [thresholds.count, keep.count] where have != expected {
      throw SparsityError.shape("the gates of a profile", have: have, expected: expected)
    }
    guard (means?.kind ?? .none) == summary.centring else {
      throw SparsityError.noData("the means of a centred profile")
    }
    self.summary = summary
    self.thresholds = thresholds
    self.keep = keep
    self.means = means
  }

  /// Compares bit for bit, so that an absent threshold (NaN) equals itself.
  public static func == (left: SparsityProfile, right: SparsityProfile) -> Bool {
    left.summary == right.summary && left.keep == right.keep && left.means == right.means
      && left.thresholds.elementsEqual(right.thresholds) { $0.bitPattern == $1.bitPattern }
  }

  /// Returns what a projection does with its inputs.
  ///
  /// - Precondition: The group and layer exist.
  public func gate(group: Int, layer: Int, projection: Projection) -> GateRule {
    precondition(summary.groups.indices.contains(group), "group \(group) has no profile")
    let index =
      (group * summary.layers + layer) * Projection.allCases.count
      + ProjectionShapes.index(projection)
    if !thresholds[index].isNaN { return .threshold(thresholds[index]) }
    return keep[index] >= 0 ? .keep(Int(keep[index])) : .dense
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
