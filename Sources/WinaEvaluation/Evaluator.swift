import WinaModel

/// Scores samples with a model, dense or under a profile.
///
/// A sample's score is a function of the sample, the arm and the reference alone: every forward
/// pass runs one sequence, so neither the order of samples nor the number of threads changes a bit.
public struct Evaluator: Sendable {
  /// The model that is evaluated.
  public let model: LanguageModel
  /// Which positions are gated and scored.
  public let policy: EvaluationPolicy
  /// The cost model of the model's shape.
  public let cost: CostModel

  /// Makes an evaluator.
  public init(model: LanguageModel, policy: EvaluationPolicy = EvaluationPolicy()) {
    self.model = model
    self.policy = policy
    cost = CostModel(ModelShape(model.configuration))
  }

  /// The metric that divergences of this model are reported as.
  public var divergence: EvaluationMetric {
    DenseReference.metric(vocabulary: model.configuration.vocabulary)
  }

  /// Scores a sample with the dense model and keeps what it predicted.
  ///
  /// - Parameters:
  ///   - sample: What is scored.
  ///   - workspace: Buffers of the calling thread.
  /// - Throws: ``EvaluationError`` if a prediction is not a number, and `ModelError`.
  public func makeReference(
    _ sample: TokenizedSample, workspace: ForwardWorkspace
  ) throws -> (score: SampleScore, reference: DenseReference) {
    let result = try scorer.score(
      sample, reference: nil, overhead: .none, routerMACs: 0, keepsReference: true
    ) { pass in try run(pass, of: sample, arm: nil, workspace: workspace) }
    guard let reference = result.reference else {
      throw EvaluationError.emptySample(sample.label, "its right choice was not scored")
    }
    return (result.score, reference)
  }

  /// Scores a sample.
  ///
  /// - Parameters:
  ///   - sample: What is scored.
  ///   - arm: The profile to apply, or `nil` for the dense model.
  ///   - routerMACs: What choosing the profile cost, once per sample.
  ///   - reference: What the dense arm predicted for the same sample under the same policy; without
  ///     it the score has no divergence.
  ///   - workspace: Buffers of the calling thread.
  /// - Throws: ``EvaluationError`` if a prediction is not a number or the reference does not fit,
  ///   and `ModelError`.
  public func score(
    _ sample: TokenizedSample, arm: GatedArm? = nil, routerMACs: Double = 0,
    reference: DenseReference? = nil, workspace: ForwardWorkspace
  ) throws -> SampleScore {
    try scorer.score(
      sample, reference: reference, overhead: arm?.overhead ?? .none, routerMACs: routerMACs,
      keepsReference: false
    ) { pass in try run(pass, of: sample, arm: arm, workspace: workspace) }.score
  }

  private var scorer: SampleScorer { SampleScorer(cost: cost, policy: policy) }

  private func run(
    _ pass: ScoringPass, of sample: TokenizedSample, arm: GatedArm?, workspace: ForwardWorkspace
  ) throws -> PassResult {
    let request = ForwardRequest(
      logitRows: .range(pass.rows), gates: arm?.gates,
      firstGatedRow: min(policy.firstGatedRow(sample.kind), pass.input.count))
    let result = try model.forward(pass.input, request, workspace: workspace)
    guard let arm else { return PassResult(logits: result.logits) }
    return PassResult(
      logits: result.logits,
      usedWeights: cost.usedWeights(kept: result.kept, hasNeuronGate: arm.hasNeuronGate),
      gatedRows: result.gatedRows)
  }
}
