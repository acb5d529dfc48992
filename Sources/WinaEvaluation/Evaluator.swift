import WinaModel

/// A sample to be scored under an arm.
public struct ScoringJob: Sendable {
  /// What is scored.
  public var sample: TokenizedSample
  /// The profile to apply, or `nil` for the dense model.
  public var arm: GatedArm?
  /// What choosing the profile cost, once per sample.
  public var routerMACs: Double
  /// What the dense arm predicted for the same sample under the same policy; without it the score has
  /// no divergence.
  public var reference: DenseReference?
  /// Whether what is predicted is kept as a reference.
  public var keepsReference: Bool

  /// Makes a job.
  public init(
    _ sample: TokenizedSample, arm: GatedArm? = nil, routerMACs: Double = 0,
    reference: DenseReference? = nil, keepsReference: Bool = false
  ) {
    self.sample = sample
    self.arm = arm
    self.routerMACs = routerMACs
    self.reference = reference
    self.keepsReference = keepsReference
  }
}

/// Scores samples with a model, dense or under a profile.
///
/// A sample's score is a function of the sample, the arm and the reference alone: neither the order of
/// samples, nor those it shares a forward pass with, nor the number of threads changes a bit.
public struct Evaluator: Sendable {
  /// The model that is evaluated.
  public let model: LanguageModel
  /// Which positions are gated and scored.
  public let policy: EvaluationPolicy
  /// The cost model of the model's shape.
  public let cost: CostModel

  /// The tokens that are enough for one forward pass: more make products no faster.
  private static let rowsOfBatch = 384
  /// The logits that a batch may hold, unless one sample alone has more: 128 MiB.
  private static let logitsOfBatch = 1 << 25

  /// Makes an evaluator.
  public init(model: LanguageModel, policy: EvaluationPolicy = EvaluationPolicy()) {
    self.model = model
    self.policy = policy
    cost = CostModel(ModelShape(model.configuration), isTransformed: model.isTransformed)
  }

  /// The metric that divergences of this model are reported as.
  public var divergence: EvaluationMetric {
    DenseReference.metric(vocabulary: model.configuration.vocabulary)
  }

  /// Scores a sample with the dense model and keeps what it predicted.
  ///
  /// - Throws: ``EvaluationError`` if a prediction is not a number, and `ModelError`.
  public func makeReference(
    _ sample: TokenizedSample, workspace: ForwardWorkspace
  ) throws -> (score: SampleScore, reference: DenseReference) {
    let job = ScoringJob(sample, keepsReference: true)
    let result = try score([job], workspace: workspace)[0]
    guard let reference = result.reference else {
      throw EvaluationError.emptySample(sample.label, "its right choice was not scored")
    }
    return (result.score, reference)
  }

  /// Scores a sample; see ``ScoringJob``.
  ///
  /// - Throws: ``EvaluationError`` if a prediction is not a number or the reference does not fit,
  ///   and `ModelError`.
  public func score(
    _ sample: TokenizedSample, arm: GatedArm? = nil, routerMACs: Double = 0,
    reference: DenseReference? = nil, workspace: ForwardWorkspace
  ) throws -> SampleScore {
    let job = ScoringJob(sample, arm: arm, routerMACs: routerMACs, reference: reference)
    return try score([job], workspace: workspace)[0].score
  }

  /// Divides samples into neighbours that are worth scoring together.
  public func batches(_ samples: [TokenizedSample]) -> [Range<Int>] {
    var batches: [Range<Int>] = []
    let most = max(1, Self.logitsOfBatch / model.configuration.vocabulary)
    var (start, rows, scored) = (0, 0, 0)
    for (index, sample) in samples.enumerated() {
      let plan = ScoringPlan(sample, policy: policy)
      let isFull = rows + plan.rows > Self.rowsOfBatch || scored + plan.scoredRows > most
      if rows > 0, isFull {
        batches.append(start..<index)
        (start, rows, scored) = (index, 0, 0)
      }
      rows += plan.rows
      scored += plan.scoredRows
    }
    if start < samples.count { batches.append(start..<samples.count) }
    return batches
  }

  /// Scores samples together, in two forward passes: what the sequences of each share, and the rest.
  ///
  /// - Parameters:
  ///   - jobs: What is scored; a batch of ``batches(_:)``, or fewer.
  ///   - workspace: Buffers of the calling thread.
  /// - Returns: The scores, with references for jobs that keep them.
  /// - Throws: ``EvaluationError`` if a prediction is not a number or a reference does not fit, and
  ///   `ModelError`.
  public func score(
    _ jobs: [ScoringJob], workspace: ForwardWorkspace
  ) throws -> [(score: SampleScore, reference: DenseReference?)] {
    let plans = jobs.map { ScoringPlan($0.sample, policy: policy) }
    let results = try run(plans, jobs, workspace: workspace)
    let scorer = SampleScorer(cost: cost, policy: policy)
    return try jobs.indices.map { index in
      let job = jobs[index]
      return try scorer.score(
        job.sample, plans[index], results[index], reference: job.reference,
        overhead: job.arm?.overhead ?? .none, routerMACs: job.routerMACs,
        keepsReference: job.keepsReference)
    }
  }

  private func run(
    _ plans: [ScoringPlan], _ jobs: [ScoringJob], workspace: ForwardWorkspace
  ) throws -> [[PassResult]] {
    var results = plans.map { [PassResult?](repeating: nil, count: $0.passes.count) }
    var caches = [KeyValueCache?](repeating: nil, count: plans.count)
    for isFirst in [true, false] {
      var parts: [SequencePart] = []
      var places: [(job: Int, pass: Int)] = []
      for (job, plan) in plans.enumerated() {
        for (index, pass) in plan.passes.enumerated() where pass.prefix.isEmpty == isFirst {
          // The first pass of several that others continue keeps its keys and values.
          if isFirst, plan.passes.contains(where: { !$0.prefix.isEmpty }) {
            caches[job] = KeyValueCache(model.configuration)
          }
          parts.append(
            part(pass, jobs[job], cache: isFirst ? caches[job] : caches[job]?.fork()))
          places.append((job, index))
        }
      }
      for (place, result) in zip(places, try model.forward(parts, workspace: workspace)) {
        results[place.job][place.pass] = passResult(result, jobs[place.job].arm)
      }
    }
    return results.map { $0.compactMap(\.self) }
  }

  private func part(
    _ pass: ScoringPass, _ job: ScoringJob, cache: KeyValueCache?
  ) -> SequencePart {
    SequencePart(
      tokens: pass.tokens,
      request: ForwardRequest(
        logitRows: .range(pass.rows), gates: job.arm?.gates,
        firstGatedRow: max(0, policy.firstGatedRow(job.sample) - pass.prefix.count)),
      cache: cache)
  }

  private func passResult(_ result: ForwardResult, _ arm: GatedArm?) -> PassResult {
    guard let arm else { return PassResult(logits: result.logits) }
    return PassResult(
      logits: result.logits,
      usedWeights: cost.usedWeights(
        kept: result.kept, hasNeuronGate: arm.hasNeuronGate, units: arm.units),
      gatedRows: result.gatedRows)
  }
}
