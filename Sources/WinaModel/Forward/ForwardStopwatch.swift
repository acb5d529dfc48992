/// A part of a forward pass that is timed by itself.
public enum ForwardPhase: String, Sendable, Hashable, CaseIterable {
  /// Norms and additions to the residual stream, and in a transformed model its rotations.
  case residual
  /// Scores, masks and compaction.
  case gate
  /// The product with q_proj, k_proj and v_proj.
  case attentionInput = "qkv_proj"
  /// Positions, scores and values of attention.
  case attention
  /// The product with o_proj.
  case outputInput = "o_proj"
  /// The product with gate_proj and up_proj.
  case mlpInput = "gate_up_proj"
  /// SiLU(gate) · up.
  case activation
  /// The product with down_proj.
  case downInput = "down_proj"
  /// The final norm and the head.
  case head
}

/// Adds up how long the phases of forward passes take.
public final class ForwardStopwatch {
  /// The time of each phase so far, in the clock's unit.
  public private(set) var times: [ForwardPhase: UInt64] = [:]
  private let now: () -> UInt64
  private var last: UInt64

  /// Starts a stopwatch with a clock that never goes back.
  public init(now: @escaping () -> UInt64) {
    self.now = now
    last = now()
  }

  /// Forgets the time since the last lap.
  func skip() { last = now() }

  /// Gives the time since the last lap to a phase.
  func lap(_ phase: ForwardPhase) {
    let time = now()
    times[phase, default: 0] += time &- last
    last = time
  }
}
