import WinaTensor

/// Scratch memory of forward passes: one a thread, reused from pass to pass.
///
/// It grows to the largest pass it saw and holds nothing that influences a result.
public final class ForwardWorkspace {
  /// The residual stream, [T, D].
  var residual: [Float] = []
  /// The normed residual, [T, D].
  var normed: [Float] = []
  /// Queries, values and keys side by side, [T, (H + 2K)·E].
  var attention: [Float] = []
  /// Attention scores of a block of rows of one head.
  var scores: [Float] = []
  /// The heads' outputs, [T, H·E].
  var attended: [Float] = []
  /// gate and up side by side, [T, 2F].
  var gateUp: [Float] = []
  /// SiLU(gate), [T, F].
  var activated: [Float] = []
  /// The input of down_proj, [T, F].
  var neurons: [Float] = []
  /// The masked copy of a stream.
  var masked: [Float] = []

  private var rope: RotaryEmbedding?
  private var headSize = 0
  private var positions = 0
  private(set) var cosines: [Float] = []
  private(set) var sines: [Float] = []

  /// Makes an empty workspace.
  public init() {}

  /// Makes room for a pass of `rows` tokens that attends to `keys` positions.
  func prepare(_ configuration: ModelConfiguration, rows: Int, keys: Int) {
    let (hidden, units) = (configuration.hidden, configuration.feedForward)
    let queries = configuration.heads * configuration.headSize
    let keyValues = configuration.keyValueHeads * configuration.headSize
    grow(&residual, rows * hidden)
    grow(&normed, rows * hidden)
    grow(&attention, rows * (queries + 2 * keyValues))
    grow(&scores, max(min(rows, AttentionBlock.rows), configuration.heads) * keys)
    grow(&attended, rows * queries)
    grow(&gateUp, rows * 2 * units)
    grow(&neurons, rows * units)
    turn(configuration, positions: keys)
  }

  /// Makes room for a masked copy.
  func prepareMasked(_ count: Int) { grow(&masked, count) }

  /// Makes room for SiLU(gate).
  func prepareActivated(_ count: Int) { grow(&activated, count) }

  private func grow(_ buffer: inout [Float], _ count: Int) {
    if buffer.count < count { buffer = [Float](repeating: 0, count: count) }
  }

  private func turn(_ configuration: ModelConfiguration, positions count: Int) {
    let isKnown = rope == configuration.rope && headSize == configuration.headSize
    if isKnown, positions >= count { return }
    // Token by token the table would otherwise be made anew for every position.
    let target = min(
      max(count, 2 * (isKnown ? positions : 128)), max(count, configuration.contextLength))
    (cosines, sines) = configuration.rope.angles(
      positions: target, headSize: configuration.headSize)
    (rope, headSize, positions) = (configuration.rope, configuration.headSize, target)
  }
}

/// How attention is cut into matrix products.
enum AttentionBlock {
  /// The rows of a block: enough for an efficient product, few enough to skip most masked scores.
  static let rows = 64
}
