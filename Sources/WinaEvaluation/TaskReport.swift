/// What a model scored on one benchmark task.
public struct TaskReport: Sendable, Hashable {
  /// One item of the task, in the order of the file.
  public struct Item: Sendable, Hashable {
    /// The index of the right choice.
    public var gold: Int
    /// The log-likelihood of each choice, or of the one continuation, in nats.
    public var logLikelihoods: [Double]
    /// Whether each token of the choice was the likeliest.
    public var isGreedy: [Bool]
    /// 1 if the likeliest choice is the right one, else 0.
    public var accuracy: Int
    /// The same, per character.
    public var normalizedAccuracy: Int
  }

  /// The task's name.
  public var task: String
  /// The items that were scored.
  public var items: [Item]
  /// The metrics; see ``EvaluationMetric``.
  public var summary: ScoreSummary
  /// The per-sample sums, parallel to ``items``.
  public var scores: [SampleScore]

  private let cost: CostModel

  /// Reports scores of samples.
  ///
  /// - Precondition: There is one score per sample.
  public init(task: String, samples: [TokenizedSample], scores: [SampleScore], cost: CostModel) {
    precondition(samples.count == scores.count, "one score per sample")
    self.task = task
    self.scores = scores
    self.cost = cost
    items = zip(samples, scores).map { sample, score in
      Item(
        gold: sample.gold, logLikelihoods: score.logLikelihoods, isGreedy: score.isGreedy,
        accuracy: score.accuracy, normalizedAccuracy: score.normalizedAccuracy)
    }
    summary = ScoreSummary(scores, cost: cost, divergence: nil)
  }

  /// Reports the items of several tasks as those of one.
  ///
  /// - Precondition: The reports are of one model.
  public init(task: String, pooling reports: [TaskReport]) {
    self.task = task
    scores = reports.flatMap(\.scores)
    items = reports.flatMap(\.items)
    summary = ScoreSummary(scores, cost: reports[0].cost, divergence: nil)
    cost = reports[0].cost
  }

  /// Returns a metric over all items, or `nil` if it does not apply to the task.
  public subscript(_ metric: EvaluationMetric) -> MetricValue? { summary[metric] }
}
