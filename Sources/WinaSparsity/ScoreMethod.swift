import WinaTensor

/// How an input coordinate of a projection is scored.
public enum ScoreMethod: String, Codable, Sendable, CaseIterable {
  /// |x|·c at k_proj and gate_proj, |x| elsewhere, as in the released WINA code.
  case wina
  /// |x|·c at every projection.
  case winaAll = "wina_all"
  /// |x|·c with the norms of all projections that read a stream as one matrix, at q, k and v and at
  /// gate and up, |x| elsewhere: what the released WINA code does for checkpoints that fuse them (Phi).
  case winaFused = "wina_fused"
  /// |x| at every projection.
  case teal
  /// |SiLU(gate)| as one mask for up_proj's outputs and down_proj's inputs; all else dense.
  case cats
  /// |SiLU(gate)|·‖W_down[:, i]‖ in place of CATS's |SiLU(gate)|: WINA's weight on CATS's mask.
  case winaCATS = "wina_cats"

  /// Whether hidden units of the feed-forward block are masked before up_proj, as in CATS, instead of
  /// the inputs of all projections.
  public var gatesNeurons: Bool { self == .cats || self == .winaCATS }

  /// The names of the methods that mask the inputs of every projection.
  public static let ofInputs = allCases.filter { !$0.gatesNeurons }.map(\.rawValue)

  /// Returns the slot that scores a projection, or nil when the method leaves it dense.
  ///
  /// ### References
  /// WINA, [arXiv:2505.19427](https://arxiv.org/abs/2505.19427); TEAL,
  /// [arXiv:2408.14690](https://arxiv.org/abs/2408.14690); CATS,
  /// [arXiv:2404.08763](https://arxiv.org/abs/2404.08763).
  public func slot(for projection: Projection) -> ScoreSlot? {
    switch self {
    case .wina:
      projection == .kProj || projection == .gateProj
        ? .weighted(projection) : .stream(projection.stream)
    case .winaAll: .weighted(projection)
    case .winaFused:
      projection == .oProj || projection == .downProj
        ? .stream(projection.stream) : .fused(projection.stream)
    case .teal: .stream(projection.stream)
    case .cats: projection == .upProj || projection == .downProj ? .gate : nil
    case .winaCATS: projection == .upProj || projection == .downProj ? .weightedGate : nil
    }
  }

  /// The distinct slots of the method, in canonical order.
  public var slots: [ScoreSlot] { Self.slots(for: [self]) }

  /// Returns the distinct slots that the given methods need together, in canonical order.
  public static func slots(for methods: [ScoreMethod]) -> [ScoreSlot] {
    let needed = Set(
      methods.flatMap { method in Projection.allCases.compactMap { method.slot(for: $0) } })
    return ScoreSlot.all.filter(needed.contains)
  }
}
