import WinaPipeline

/// An arm as a comparison sees it: what gates it and how it finds its group.
public struct ComparedArm: Codable, Sendable, Hashable {
  /// The arm's name.
  public var name: String
  /// The score, or `nil` for a dense arm.
  public var score: String?
  /// The gate: `threshold`, `topk`, `static` or `hybrid`.
  public var gate: String?
  /// The centring: `none`, `global` or `group`.
  public var centring: String?
  /// Whether the profile differs between groups.
  public var isGrouped: Bool
  /// How samples find their groups, or `nil` for pooled and dense arms.
  public var route: EvaluateStage.Route?
  /// What is made of the route, unless its group is simply taken.
  public var policy: EvaluateStage.Policy?
  /// Which of the compared clusterings the groups are.
  public var clusters: Int?
  /// Which of the compared routers chooses among the groups.
  public var router: Int?
  /// Which of the compared profiles gates the arm.
  public var profile: Int?
  /// Whether the stage that controls vary is upstream.
  public var isControl: Bool
  /// The transform of the model that the profile was fitted to, if there is one.
  public var transform: String?

  /// What else the profile was fitted with: its sparsity and what decides on small groups.
  public var settings: [String: JSONValue]?

  /// How the profile differs from a plain one, beside score, gate and centring.
  public var variation: Variation?

  /// What else tells the mechanisms of profiles apart.
  public struct Variation: Codable, Sendable, Hashable {
    /// Where thresholds lie between pooled and own ones, where not at the own ones.
    public var beta: Double?
    /// How thresholds are drawn towards the pooled ones.
    public var shrinkage: String?
    /// By what method sparsity is divided over modules.
    public var allocation: String?
    /// Whether groups have divisions of their own.
    public var hasGroupedAllocation: Bool?
    /// What static masks are sized by, where it is not a sparsity.
    public var coverage: Double?
    /// The share of MACs that the profile is sized by.
    public var macs: Double?
    /// Whether layers were calibrated on sparse inputs.
    public var propagation: String?
  }

  /// Whether nothing is gated.
  public var isDense: Bool { score == nil }

  /// What sets the arm apart from a plain pooled profile, in the words of the verdict.
  public var mechanism: String {
    transform == nil ? gating : gating + " on transformed weights"
  }

  private var gating: String {
    gateWords + allocationWords
  }

  private var allocationWords: String {
    guard let method = variation?.allocation else { return "" }
    let whose = variation?.hasGroupedAllocation == true ? " of its own" : ""
    return " with a division\(whose) by '\(method)'"
  }

  private var gateWords: String {
    if gate == "static" { return isGrouped ? "cluster static masks" : "static masks" }
    if gate == "hybrid" { return isGrouped ? "cluster hybrid gates" : "a hybrid gate" }
    return switch (isGrouped, centring) {
    case (true, "group"): "cluster centring"
    case (true, "global"): "cluster thresholds with global centring"
    case (true, _): "cluster thresholds"
    case (false, "global"): "global centring"
    case (false, _): gate == "topk" ? "pooled top-k" : "a pooled threshold"
    }
  }

  /// Whether another arm has the same profile but pooled, so that the difference is the clusters'.
  func isPooledCounterpart(of grouped: ComparedArm) -> Bool {
    guard grouped.isGrouped, !isGrouped, !isDense, score == grouped.score, gate == grouped.gate,
      transform == grouped.transform
    else { return false }
    let (own, other) = (variation ?? Variation(), grouped.variation ?? Variation())
    guard own.allocation == other.allocation, own.coverage == other.coverage,
      own.macs == other.macs, own.propagation == other.propagation
    else { return false }
    let wanted = grouped.centring == "none" ? "none" : "global"
    return centring == wanted
  }

  /// Whether another arm differs in nothing but the clusters.
  func isAlike(_ other: ComparedArm) -> Bool {
    score == other.score && gate == other.gate && centring == other.centring
      && isGrouped == other.isGrouped && route == other.route && policy == other.policy
      && settings == other.settings
      && transform == other.transform
      && (variation ?? Variation()) == (other.variation ?? Variation())
  }
}
