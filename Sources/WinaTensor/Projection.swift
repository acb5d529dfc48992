/// The linear maps of a decoder layer, in the spelling of checkpoints.
public enum Projection: String, CaseIterable, Codable, Sendable, Hashable {
  case qProj = "q_proj"
  case kProj = "k_proj"
  case vProj = "v_proj"
  case oProj = "o_proj"
  case gateProj = "gate_proj"
  case upProj = "up_proj"
  case downProj = "down_proj"

  /// The activations that enter the projection.
  public var stream: ActivationStream {
    switch self {
    case .qProj, .kProj, .vProj: .attentionInput
    case .oProj: .outputInput
    case .gateProj, .upProj: .mlpInput
    case .downProj: .downInput
    }
  }
}

/// The activations that enter the projections of a layer; several projections may share one.
public enum ActivationStream: String, CaseIterable, Codable, Sendable, Hashable {
  /// What q_proj, k_proj and v_proj take: the normed residual, width D.
  case attentionInput = "attn_in"
  /// What o_proj takes: the heads' outputs, width H·E.
  case outputInput = "o_in"
  /// What gate_proj and up_proj take: the normed residual, width D.
  case mlpInput = "mlp_in"
  /// What down_proj takes: SiLU(gate) · up, width F.
  case downInput = "down_in"

  /// The projections that take these activations.
  public var projections: [Projection] { Projection.allCases.filter { $0.stream == self } }
}
