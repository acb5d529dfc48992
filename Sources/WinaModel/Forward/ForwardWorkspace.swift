import WinaTensor

/// Scratch memory and threads of forward passes: one for each thread that runs passes, reused from
/// pass to pass.
///
/// It grows to the largest pass it saw and holds nothing that influences a result.
public final class ForwardWorkspace {
  /// Multiplies, with the threads that a pass may use.
  let engine: ProductEngine
  /// The residual stream, [T, D].
  var residual: [Float] = []
  /// The normed residual, [T, D].
  var normed: [Float] = []
  /// What a block adds to the residual stream, [T, D].
  var delta: [Float] = []
  /// Queries, values and keys side by side, [T, (H + 2K)·E].
  var attention: [Float] = []
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
  /// The outputs of packed weights before they go to their places.
  var packed: [Float] = []
  /// The kept inputs of a stream of one row.
  var kept = CompactRow()
  /// The normed rows that have logits, [rows, D].
  var headInput: [Float] = []

  /// Times the phases of passes, where they are to be timed.
  public var stopwatch: ForwardStopwatch?

  private var scratchBlock: KeyValueBlock?
  private var rope: RotaryEmbedding?
  private var positions = 0
  private(set) var cosines: [Float] = []
  private(set) var sines: [Float] = []

  /// Makes an empty workspace.
  ///
  /// - Parameter threads: How many threads a pass may use, the calling one included.
  public init(threads: Int = 1) {
    engine = ProductEngine(threads: threads)
  }

  /// Makes room for a pass of `rows` tokens that sees positions below `end`.
  func prepare(_ configuration: ModelConfiguration, rows: Int, end: Int) {
    let (hidden, units) = (configuration.hidden, configuration.feedForward)
    let queries = configuration.heads * configuration.headSize
    let keyValues = configuration.keyValueHeads * configuration.headSize
    grow(&residual, rows * hidden)
    grow(&normed, rows * hidden)
    grow(&delta, rows * hidden)
    grow(&attention, rows * (queries + 2 * keyValues))
    grow(&attended, rows * queries)
    grow(&gateUp, rows * 2 * units)
    grow(&neurons, rows * units)
    turn(configuration, positions: end)
  }

  /// Gives the time since the last lap to a phase.
  func lap(_ phase: ForwardPhase) { stopwatch?.lap(phase) }

  /// Makes room for a masked copy.
  func prepareMasked(_ count: Int) { grow(&masked, count) }

  /// Makes room for outputs of packed weights.
  func preparePacked(_ count: Int) { grow(&packed, count) }

  /// Makes room for SiLU(gate).
  func prepareActivated(_ count: Int) { grow(&activated, count) }

  /// Makes room for the input of the head.
  func prepareHead(_ count: Int) { grow(&headInput, count) }

  /// An empty block for the keys and values of a sequence that is not continued.
  func emptyBlock(_ configuration: ModelConfiguration) -> KeyValueBlock {
    let (heads, size) = (configuration.keyValueHeads, configuration.headSize)
    if let block = scratchBlock, block.heads == heads, block.size == size {
      block.removeAll()
      return block
    }
    let block = KeyValueBlock(heads: heads, size: size)
    scratchBlock = block
    return block
  }

  private func grow(_ buffer: inout [Float], _ count: Int) {
    if buffer.count < count { buffer = [Float](repeating: 0, count: count) }
  }

  private func turn(_ configuration: ModelConfiguration, positions count: Int) {
    let isKnown = rope == configuration.rope
    if isKnown, positions >= count { return }
    // Token by token the table would otherwise be made anew for every position.
    let target = min(
      max(count, 2 * (isKnown ? positions : 128)), max(count, configuration.contextLength))
    (cosines, sines) = configuration.rope.angles(positions: target)
    (rope, positions) = (configuration.rope, target)
  }
}
