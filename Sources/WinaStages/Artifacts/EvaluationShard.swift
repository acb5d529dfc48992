import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaTensor

/// The scores of one arm on one shard: sums per sample, never ratios.
public struct EvaluationShard: Artifact {
  public static let format = "scores/v1"

  /// The samples' digests, in order.
  public var digests: [ContentDigest]
  /// What the arm did on each sample.
  public var scores: [SampleScore]
  /// The group whose profile each sample used; empty where groups are not chosen by a rule.
  public var groups: [Int]
  /// The name under which divergences are reported.
  public var divergence: EvaluationMetric?
  /// What the dense arm predicted at the scored positions; other arms have none.
  public var references: DenseReferenceTable?
  /// Why there are no scores, such as a sparsity that the arm's score cannot reach.
  public var notApplicable: String?

  /// Makes a shard.
  public init(
    digests: [ContentDigest], scores: [SampleScore], groups: [Int], divergence: EvaluationMetric?,
    references: DenseReferenceTable?, notApplicable: String? = nil
  ) {
    self.digests = digests
    self.scores = scores
    self.groups = groups
    self.divergence = divergence
    self.references = references
    self.notApplicable = notApplicable
  }

  /// Scores a shard with the dense model and keeps what it predicted.
  static func dense(
    _ shard: TokenizedShard, _ evaluator: Evaluator, _ workspace: ForwardWorkspace,
    _ context: any StageContext
  ) throws -> EvaluationShard {
    var scores: [SampleScore] = []
    var references: [DenseReference] = []
    for (index, sample) in shard.samples.enumerated() {
      try context.checkCancellation()
      let (score, reference) = try evaluator.makeReference(sample, workspace: workspace)
      scores.append(score)
      references.append(reference)
      context.progress(index + 1, of: shard.samples.count)
    }
    let table = DenseReferenceTable(
      references, vocabulary: evaluator.model.configuration.vocabulary)
    return EvaluationShard(
      digests: shard.digests, scores: scores, groups: [], divergence: evaluator.divergence,
      references: table)
  }

  /// A shard of an arm that cannot be run.
  static func notApplicable(_ reason: String, _ shard: TokenizedShard) -> EvaluationShard {
    EvaluationShard(
      digests: shard.digests, scores: [], groups: [], divergence: nil, references: nil,
      notApplicable: reason)
  }

  /// What the dense arm predicted for a sample.
  func reference(_ sample: Int) throws -> DenseReference {
    guard let references else {
      throw ArtifactError("the scores of the dense arm hold no predictions to compare with")
    }
    return references.reference(sample)
  }

  private struct Metadata: Codable {
    var labels: [String]
    var usedWidth: Int
    var divergence: String?
    var vocabulary: Int?
    var notApplicable: String?
  }

  public func encoded() throws -> ArtifactPayload {
    let table = ScoreTable(scores)
    var columns = TensorColumns()
    try columns.add("digests", DigestColumn.bytes(digests), [digests.count, 32])
    try columns.add("labels", table.labelIndices, [table.labelIndices.count])
    try columns.add("values", table.values, [table.count, ScoreTable.columnNames.count])
    try columns.add("log_likelihoods", table.logLikelihoods, [table.logLikelihoods.count])
    try columns.add("is_greedy", table.isGreedy, [table.isGreedy.count])
    try columns.add("used_weights", table.usedWeights, [table.usedWeights.count])
    try columns.add("groups", groups.map(Int32.init), [groups.count])
    if let references {
      let positions = references.likeliest.count
      try columns.add("reference.counts", references.counts, [references.counts.count])
      try columns.add("reference.likeliest", references.likeliest, [positions])
      try columns.add(
        "reference.log_probabilities", references.logProbabilities,
        [positions, references.keptCount])
      try columns.add("reference.ids", references.ids, [references.ids.count])
      try columns.add("reference.rest", references.rest, [references.rest.count])
    }
    return ArtifactPayload(
      metadata: try JSONValue(
        encoding: Metadata(
          labels: table.labels, usedWidth: table.usedWidth, divergence: divergence?.rawValue,
          vocabulary: references?.vocabulary, notApplicable: notApplicable)),
      tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    digests = try DigestColumn.digests(payload.typed("digests").uint8s())
    scores = try ScoreTable(
      labels: metadata.labels, labelIndices: payload.typed("labels").int32s(),
      values: payload.typed("values").doubles(),
      logLikelihoods: payload.typed("log_likelihoods").doubles(),
      isGreedy: payload.typed("is_greedy").uint8s(),
      usedWeights: payload.typed("used_weights").uint64s(), usedWidth: metadata.usedWidth
    ).scores()
    groups = try payload.typed("groups").int32s().map(Int.init)
    divergence = metadata.divergence.flatMap(EvaluationMetric.init(rawValue:))
    notApplicable = metadata.notApplicable
    references = try metadata.vocabulary.map { vocabulary in
      try DenseReferenceTable(
        vocabulary: vocabulary, counts: payload.typed("reference.counts").int32s(),
        likeliest: payload.typed("reference.likeliest").int32s(),
        logProbabilities: payload.typed("reference.log_probabilities").floats(),
        ids: payload.typed("reference.ids").int32s(),
        rest: payload.typed("reference.rest").floats())
    }
  }
}
