import Foundation

/// What a model scored on one benchmark task.
public struct TaskReport: Sendable, Hashable {
  /// One item of the task, in the order of the file.
  public struct Item: Sendable, Hashable {
    /// The record and its requests.
    public var document: TaskDocument
    /// The index of the right choice.
    public var gold: Int
    /// The log-likelihood of each choice, or of the one continuation or text, in nats.
    public var logLikelihoods: [Double]
    /// Whether each token of the choice was the likeliest.
    public var isGreedy: [Bool]
    /// The log-likelihoods of the choices after nothing, if `acc_mutual_info` was asked for.
    public var unconditional: [Double]
    /// Whether each token of a choice after nothing was the likeliest.
    public var isGreedyUnconditional: [Bool]
    /// What the model generated, if it was asked to.
    public var answer: String?
    /// 1 if the likeliest choice is the right one, else 0.
    public var accuracy: Int
    /// The same, per character.
    public var normalizedAccuracy: Int
  }

  /// The task's name.
  public var task: BenchmarkTask
  /// The items that were scored.
  public var items: [Item]
  /// What the harness reports, metric by metric.
  public var results: [HarnessResult]
  /// The metrics over all items by per-sample sums; see ``EvaluationMetric``.
  public var summary: ScoreSummary
  /// The per-sample sums, parallel to ``items``.
  public var scores: [SampleScore]
  /// The number of records that the file has.
  public var available: Int

  let cost: CostModel
  private let divergence: EvaluationMetric?

  /// Reports scores of items.
  ///
  /// - Precondition: There is one score per item.
  init(
    task: BenchmarkTask, items: [Item], scores: [SampleScore], available: Int, cost: CostModel,
    divergence: EvaluationMetric?
  ) {
    precondition(items.count == scores.count, "one score per item")
    self.task = task
    self.items = items
    self.scores = scores
    self.available = available
    self.cost = cost
    self.divergence = divergence
    summary = ScoreSummary(scores, cost: cost, divergence: divergence)
    results = TaskReport.results(task.metrics, of: items)
  }

  /// Reports the items of several tasks as those of one.
  ///
  /// - Precondition: The reports are of one model.
  public init(task: BenchmarkTask, pooling reports: [TaskReport]) {
    self.init(
      task: task, items: reports.flatMap(\.items), scores: reports.flatMap(\.scores),
      available: reports.reduce(0) { $0 + $1.available }, cost: reports[0].cost,
      divergence: reports[0].divergence)
  }

  /// Returns a metric over all items, or `nil` if it does not apply to the task.
  public subscript(_ metric: EvaluationMetric) -> MetricValue? { summary[metric] }

  private static func results(_ metrics: [HarnessMetric], of items: [Item]) -> [HarnessResult] {
    var results = metrics.compactMap { metric in
      HarnessAggregation.result(metric, items.compactMap { $0.value(metric) })
    }
    for filter in AnswerFilter.allCases {
      let values = items.compactMap { item in
        item.answer.map { answer in
          let isMatch = AnswerFilter.matches(
            filter.extract(answer), target: item.document.target)
          return HarnessValue.number(isMatch ? 1 : 0)
        }
      }
      if let result = HarnessAggregation.result(.exactMatch, filter: filter.rawValue, values) {
        results.append(result)
      }
    }
    return results
  }
}

extension TaskReport.Item {
  /// Returns what the item contributes to a metric, or `nil` if the metric does not apply to it.
  public func value(_ metric: HarnessMetric) -> HarnessValue? {
    switch document.item {
    case .choices(let item): choiceValue(metric, item)
    case .continuation: continuationValue(metric)
    case .rolling(let item): rollingValue(metric, item)
    case .document: nil
    }
  }

  private func choiceValue(_ metric: HarnessMetric, _ item: MultipleChoiceItem) -> HarnessValue? {
    func isRight(_ values: [Double]) -> HarnessValue {
      .number(values.firstMaximum == gold ? 1 : 0)
    }
    switch metric {
    case .accuracy: return isRight(logLikelihoods)
    case .normalizedAccuracy:
      return isRight(zip(logLikelihoods, item.choices).map { $0 / Double(PythonText.length($1)) })
    case .byteAccuracy:
      return isRight(zip(logLikelihoods, item.choices).map { $0 / Double($1.utf8.count) })
    case .mutualInformation:
      guard unconditional.count == logLikelihoods.count else { return nil }
      return isRight(zip(logLikelihoods, unconditional).map { $0 - $1 })
    case .exactMatch: return .number(isGreedy[gold] ? 1 : 0)
    case .brier:
      let largest = logLikelihoods.max() ?? 0
      let weights = logLikelihoods.map { exp($0 - largest) }
      let sum = weights.reduce(0, +)
      return .prediction(gold: gold, weights.map { $0 / sum })
    case .perplexity, .wordPerplexity, .bytePerplexity, .bitsPerByte: return nil
    }
  }

  private func continuationValue(_ metric: HarnessMetric) -> HarnessValue? {
    switch metric {
    case .perplexity: logLikelihoods.first.map { .number($0) }
    case .accuracy: isGreedy.first.map { .number($0 ? 1 : 0) }
    default: nil
    }
  }

  private func rollingValue(_ metric: HarnessMetric, _ item: RollingItem) -> HarnessValue? {
    guard let sum = logLikelihoods.first else { return nil }
    switch metric {
    case .wordPerplexity: return .weighted(sum, item.words)
    case .bytePerplexity, .bitsPerByte: return .weighted(sum, item.bytes)
    default: return nil
    }
  }
}
