import WinaTensor

/// One distribution of scores that a capture keeps per layer.
///
/// Projections that read the same stream share a slot as long as their scores are equal.
public enum ScoreSlot: Hashable, Sendable, Comparable {
  /// |x| of an activation stream, shared by all projections that read it.
  case stream(ActivationStream)
  /// |x|·c of one projection, c being the norms of its weight columns.
  case weighted(Projection)
  /// |x|·c of all projections that read a stream, c being the norms of the columns of their weights one
  /// below the other.
  case fused(ActivationStream)
  /// |SiLU(gate)|, the hidden unit of the feed-forward block.
  case gate
  /// |SiLU(gate)|·c, c being the norms of the columns of down_proj.
  case weightedGate

  /// Every slot, in canonical order.
  public static let all: [ScoreSlot] =
    ActivationStream.allCases.map(ScoreSlot.stream) + Projection.allCases.map(ScoreSlot.weighted)
    + [.gate, .weightedGate, .fused(.attentionInput), .fused(.mlpInput)]

  /// The stable name, such as `stream.attn_in`, `weighted.k_proj`, `fused.mlp_in`, `gate` or
  /// `weighted.gate`.
  public var name: String {
    switch self {
    case .stream(let stream): "stream." + stream.rawValue
    case .weighted(let projection): "weighted." + projection.rawValue
    case .fused(let stream): "fused." + stream.rawValue
    case .gate: "gate"
    case .weightedGate: "weighted.gate"
    }
  }

  /// Whether the slot scores hidden units of the feed-forward block before up_proj.
  public var isGate: Bool { self == .gate || self == .weightedGate }

  /// The stream whose values are scored; `nil` for hidden units.
  public var stream: ActivationStream? {
    switch self {
    case .stream(let stream), .fused(let stream): stream
    case .weighted(let projection): projection.stream
    case .gate, .weightedGate: nil
    }
  }

  /// The projections whose weights' columns scores are weighed by, as one matrix; none if they are not.
  public var weights: [Projection] {
    switch self {
    case .stream, .gate: []
    case .weighted(let projection): [projection]
    case .weightedGate: [.downProj]
    case .fused(let stream): Projection.allCases.filter { $0.stream == stream }
    }
  }

  /// Finds the slot of a stable name.
  public init?(name: String) {
    guard let slot = Self.all.first(where: { $0.name == name }) else { return nil }
    self = slot
  }

  /// Orders slots as in ``all``.
  public static func < (left: ScoreSlot, right: ScoreSlot) -> Bool { left.rank < right.rank }

  private var rank: Int { Self.all.firstIndex(of: self) ?? 0 }
}

extension ScoreSlot: Codable {
  /// Reads the stable name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let slot = ScoreSlot(name: name) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "'\(name)' names no score slot")
    }
    self = slot
  }

  /// Writes the stable name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}
