import Dispatch
import Synchronization
import WinaModel

/// Evaluates a model on benchmark records without a spec: the work behind `wina evaluate`.
public struct TaskEvaluation: Sendable {
  /// One line of a data file.
  public struct Record: Sendable, Hashable {
    /// The bytes of one JSON object.
    public var bytes: [UInt8]
    /// Where it stands.
    public var origin: RecordOrigin

    /// Names the place of a record.
    public init(bytes: [UInt8], origin: RecordOrigin) {
      self.bytes = bytes
      self.origin = origin
    }
  }

  /// Scores samples.
  public let evaluator: Evaluator
  /// Encodes items.
  public let encoder: SampleEncoder

  /// Makes an evaluation of a model with its tokenizer.
  public init(evaluator: Evaluator, encoder: SampleEncoder) {
    self.evaluator = evaluator
    self.encoder = encoder
  }

  /// Scores the records of a task.
  ///
  /// - Parameters:
  ///   - task: The task.
  ///   - records: Its records, in the order of the file.
  ///   - limit: The number of records to take from the start; all if `nil`.
  ///   - arm: The profile to apply, or `nil` for the dense model.
  ///   - maxTokens: Where documents are cut.
  ///   - jobs: The threads to use; the result does not depend on it.
  /// - Throws: ``EvaluationError``, of the first record that has one, and `ModelError`.
  public func run(
    _ task: BenchmarkTask, records: [Record], limit: Int? = nil, arm: GatedArm? = nil,
    maxTokens: Int = 256, jobs: Int = 1
  ) throws -> TaskReport {
    let samples = try records.prefix(limit ?? records.count).map { record in
      try encoder.encode(
        task.parse(record: record.bytes, origin: record.origin), maxTokens: maxTokens)
    }
    let scores = try score(samples, arm: arm, jobs: max(1, jobs))
    return TaskReport(task: task.name, samples: samples, scores: scores, cost: evaluator.cost)
  }

  private func score(
    _ samples: [TokenizedSample], arm: GatedArm?, jobs: Int
  ) throws -> [SampleScore] {
    let batches = evaluator.batches(samples)
    let results = Mutex([Result<[SampleScore], any Error>?](repeating: nil, count: batches.count))
    DispatchQueue.concurrentPerform(iterations: min(jobs, max(1, batches.count))) { job in
      let workspace = ForwardWorkspace()
      for index in stride(from: job, to: batches.count, by: jobs) {
        let result = Result {
          try evaluator.score(
            samples[batches[index]].map { ScoringJob($0, arm: arm) }, workspace: workspace
          ).map(\.score)
        }
        results.withLock { $0[index] = result }
        if case .failure = result { return }
      }
    }
    return try results.withLock { slots in try slots.flatMap { try $0?.get() ?? [] } }
  }
}
