import WinaEvaluation
import WinaModel
import WinaSparsity

/// Runs samples through the dense model, one after the other, and their activations into an
/// accumulator.
final class CapturePass {
  private let model: LanguageModel
  private let policy: EvaluationPolicy
  private let keepsGate: Bool
  private let workspace = ForwardWorkspace()
  private var accumulator: CaptureAccumulator

  init(
    model: LanguageModel, policy: EvaluationPolicy, keepsGate: Bool,
    accumulator: CaptureAccumulator
  ) {
    self.model = model
    self.policy = policy
    self.keepsGate = keepsGate
    self.accumulator = accumulator
  }

  /// Adds a sample; `group` chooses among means and exact histograms of groups.
  func feed(_ sample: TokenizedSample, group: Int) throws {
    let fed = Array(sample.goldSequence.tokens.dropLast())
    try accumulator.beginSample(
      route: CapturePass.routeRange(of: sample, policy, rows: fed.count),
      gated: CapturePass.gatedRange(of: sample, policy, rows: fed.count), group: group)
    var failure: (any Error)?
    _ = try model.forward(
      fed, ForwardRequest(logitRows: .none), workspace: workspace
    ) { point, block in
      guard failure == nil else { return }
      do { try self.add(block, at: point) } catch { failure = error }
    }
    if let failure { throw failure }
    try accumulator.endSample()
  }

  private func add(_ block: ActivationBlock, at point: TapPoint) throws {
    switch point {
    case .stream(let stream, let layer):
      try accumulator.add(
        layer: layer, stream: stream, values: block.values, rows: block.rows, firstPosition: 0)
    case .gateActivation(let layer):
      guard keepsGate else { return }
      try accumulator.addGate(
        layer: layer, values: block.values, rows: block.rows, firstPosition: 0)
    }
  }

  /// Returns what was kept of all samples.
  func finish() throws -> ShardCapture { try accumulator.finish() }

  /// The rows that clustering and routing may see: the prompt, or the leading tokens of a document,
  /// without the dense prefix, whose outliers would drown everything else.
  static func routeRange(
    of sample: TokenizedSample, _ policy: EvaluationPolicy, rows: Int
  ) -> Range<Int> {
    let end =
      sample.kind == .document
      ? min(rows, policy.routeTokens) : min(rows, sample.goldSequence.scoredStart)
    return min(policy.densePrefix, end)..<end
  }

  /// The rows that arms gate, which are those that thresholds are fitted to.
  static func gatedRange(
    of sample: TokenizedSample, _ policy: EvaluationPolicy, rows: Int
  ) -> Range<Int> {
    min(rows, policy.firstGatedRow(sample.kind))..<rows
  }
}
