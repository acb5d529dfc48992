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
  /// The group whose profile each sample used, the most probable of several, −1 for the fallback;
  /// empty where there is one profile or none.
  public var groups: [Int]
  /// The probability of the most probable group of each sample; empty but for routes by a classifier.
  public var confidences: [Double]
  /// The name under which divergences are reported.
  public var divergence: EvaluationMetric?
  /// What the dense arm predicted at the scored positions; other arms have none.
  public var references: DensePredictions?
  /// Why there are no scores, such as a sparsity that the arm's score cannot reach.
  public var notApplicable: String?

  /// Makes a shard.
  public init(
    digests: [ContentDigest], scores: [SampleScore], groups: [Int], confidences: [Double] = [],
    divergence: EvaluationMetric?, references: DensePredictions?, notApplicable: String? = nil
  ) {
    self.digests = digests
    self.scores = scores
    self.groups = groups
    self.confidences = confidences
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
    var references = DensePredictions(
      vocabulary: evaluator.model.configuration.vocabulary,
      positions: shard.samples.reduce(0) { $0 + $1.scoredCount(shard.policy) })
    for batch in evaluator.batches(shard.samples) {
      try context.checkCancellation()
      let jobs = shard.samples[batch].map { ScoringJob($0, keepsReference: true) }
      for result in try evaluator.score(jobs, workspace: workspace) {
        scores.append(result.score)
        guard let reference = result.reference else {
          throw ArtifactError("a sample of the dense arm was not scored")
        }
        references.append(reference)
      }
      context.progress(batch.upperBound, of: shard.samples.count)
    }
    return EvaluationShard(
      digests: shard.digests, scores: scores, groups: [], divergence: evaluator.divergence,
      references: references)
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
    return try references.reference(sample)
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
    try DigestColumn.add(digests, to: &columns)
    try columns.add("labels", table.labelIndices, [table.labelIndices.count])
    try columns.add("values", table.values, [table.count, ScoreTable.columnNames.count])
    try columns.add("log_likelihoods", table.logLikelihoods, [table.logLikelihoods.count])
    try columns.add("is_greedy", table.isGreedy, [table.isGreedy.count])
    try columns.add("used_weights", table.usedWeights, [table.usedWeights.count])
    if !table.rotationMACs.isEmpty {
      try columns.add("rotation_macs", table.rotationMACs, [table.count])
    }
    try columns.add("groups", groups.map(Int32.init), [groups.count])
    try columns.add("confidences", confidences, [confidences.count])
    try references?.add(to: &columns)
    return ArtifactPayload(
      metadata: try JSONValue(
        encoding: Metadata(
          labels: table.labels, usedWidth: table.usedWidth, divergence: divergence?.rawValue,
          vocabulary: references?.vocabulary, notApplicable: notApplicable)),
      tensors: columns.tensors)
  }

  public init(decoding payload: ArtifactPayload) throws {
    let metadata = try payload.decodedMetadata(as: Metadata.self)
    digests = try DigestColumn.read(payload)
    let labels = try payload.typed("labels", [nil]).int32s()
    let isRotated = payload.tensors.contains { $0.name == "rotation_macs" }
    scores = try ScoreTable(
      labels: metadata.labels, labelIndices: labels,
      values: payload.typed("values", [labels.count, ScoreTable.columnNames.count]).doubles(),
      logLikelihoods: payload.typed("log_likelihoods", [nil]).doubles(),
      isGreedy: payload.typed("is_greedy", [nil]).uint8s(),
      usedWeights: payload.typed("used_weights", [nil]).uint64s(), usedWidth: metadata.usedWidth,
      rotationMACs: isRotated ? payload.typed("rotation_macs", [labels.count]).doubles() : []
    ).scores()
    groups = try payload.typed("groups", [nil]).int32s().map(Int.init)
    confidences = try payload.typed("confidences", [nil]).doubles()
    divergence = try metadata.divergence.map { name in
      guard let metric = EvaluationMetric(rawValue: name) else {
        throw ArtifactError("there is no divergence '\(name)'")
      }
      return metric
    }
    notApplicable = metadata.notApplicable
    guard scores.count == (notApplicable == nil ? digests.count : 0),
      groups.isEmpty || groups.count == scores.count,
      confidences.isEmpty || confidences.count == scores.count
    else {
      throw ArtifactError(
        "\(digests.count) samples have \(scores.count) scores and \(groups.count) groups")
    }
    references = try metadata.vocabulary.map {
      try DensePredictions(payload, vocabulary: $0, samples: scores.count)
    }
  }
}
