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
  /// How texts are divided that are scored as a whole.
  public let windows: TextWindows
  /// Where documents are cut.
  public let maxTokens: Int
  /// Whether answers are generated for logged requests of GSM8K's kind.
  public let generates: Bool

  /// Makes an evaluation of a model with its tokenizer.
  public init(
    evaluator: Evaluator, encoder: SampleEncoder, windows: TextWindows = .rolling,
    maxTokens: Int = 256, generates: Bool = false
  ) {
    self.evaluator = evaluator
    self.encoder = encoder
    self.windows = windows
    self.maxTokens = maxTokens
    self.generates = generates
  }

  /// Scores the records of a task.
  ///
  /// With an arm the dense model is run as well, and divergences from it are reported.
  ///
  /// - Parameters:
  ///   - task: The task.
  ///   - records: Its records, in the order of the file.
  ///   - limit: The number of records to take from the start; all if `nil`.
  ///   - arm: The profile to apply, or `nil` for the dense model.
  ///   - jobs: The threads to use; the result does not depend on it.
  /// - Throws: ``EvaluationError``, of the first record that has one, and `ModelError`.
  public func run(
    _ task: BenchmarkTask, records: [Record], limit: Int? = nil, arm: GatedArm? = nil,
    jobs: Int = 1
  ) throws -> TaskReport {
    // What overlapping windows leave out has no part in the sum, so that words and bytes of the whole
    // text are not what to divide by.
    let task = task.kind == .rolling && windows != .rolling ? task.reporting([]) : task
    let documents = try documents(task, records, limit: limit)
    let parts = try documents.map { document, origin in
      do {
        return try samples(of: document)
      } catch let error as EvaluationError {
        throw error.located(at: origin)
      }
    }
    let scores = try score(parts.flatMap(\.self), arm: arm, jobs: max(1, jobs))
    let answers = try answers(documents.map(\.0), label: task.name, arm: arm, jobs: max(1, jobs))
    var start = 0
    var items: [TaskReport.Item] = []
    var sums: [SampleScore] = []
    for ((document, _), part) in zip(documents, parts) {
      let own = Array(scores[start..<(start + part.count)])
      start += part.count
      var (item, sum) = item(document, part[0], own)
      item.answer = answers[items.count]
      items.append(item)
      sums.append(sum)
    }
    let isWhole = limit.map { documents.count < $0 } ?? true
    return TaskReport(
      task: task, items: items, scores: sums,
      available: isWhole ? documents.count : records.count, cost: evaluator.cost,
      divergence: arm == nil ? nil : evaluator.divergence)
  }

  /// Reads the records that are scored; of lines of one record with several filters the first.
  private func documents(
    _ task: BenchmarkTask, _ records: [Record], limit: Int?
  ) throws -> [(TaskDocument, RecordOrigin)] {
    var documents: [(TaskDocument, RecordOrigin)] = []
    var seen: Set<Int> = []
    for (index, record) in records.enumerated() where documents.count < limit ?? .max {
      let document = try task.document(
        record: record.bytes, index: index, origin: record.origin)
      if seen.insert(document.id).inserted { documents.append((document, record.origin)) }
    }
    return documents
  }

  /// Generates what documents ask for; `nil` where nothing is generated.
  private func answers(
    _ documents: [TaskDocument], label: String, arm: GatedArm?, jobs: Int
  ) throws -> [String?] {
    let requests = documents.map { generates && $0.generation?.filter != nil ? $0.generation : nil }
    let wanted = requests.indices.filter { requests[$0] != nil }
    let generator = AnswerGenerator(
      model: evaluator.model, encoder: encoder, arm: arm,
      densePrefix: evaluator.policy.densePrefix)
    let results = Mutex([Result<String, any Error>?](repeating: nil, count: requests.count))
    DispatchQueue.concurrentPerform(iterations: min(jobs, max(1, wanted.count))) { job in
      for index in stride(from: job, to: wanted.count, by: jobs) {
        guard let request = requests[wanted[index]] else { continue }
        let result = Result { try generator.answer(request, label: label) }
        results.withLock { $0[wanted[index]] = result }
        if case .failure = result { return }
      }
    }
    return try results.withLock { slots in try slots.map { try $0?.get() } }
  }

  /// The samples that a document becomes: its own, and the choices after nothing; or its windows.
  private func samples(of document: TaskDocument) throws -> [TokenizedSample] {
    switch document.item {
    case .rolling(let item): return try encoder.windows(item, windows)
    case .choices(var item) where !document.unconditional.isEmpty:
      let conditional = try encoder.encode(document.item, maxTokens: maxTokens)
      item.prompt = ""
      item.requests = document.unconditional
      return [conditional, try encoder.encode(.choices(item), maxTokens: maxTokens)]
    default: return [try encoder.encode(document.item, maxTokens: maxTokens)]
    }
  }

  private func item(
    _ document: TaskDocument, _ sample: TokenizedSample, _ scores: [SampleScore]
  ) -> (TaskReport.Item, SampleScore) {
    var sum = scores[0]
    var item = TaskReport.Item(
      document: document, gold: sample.gold, logLikelihoods: sum.logLikelihoods,
      isGreedy: sum.isGreedy, unconditional: [], isGreedyUnconditional: [],
      accuracy: sum.accuracy, normalizedAccuracy: sum.normalizedAccuracy)
    switch document.item {
    case .rolling(let text):
      sum = scores.dropFirst().reduce(scores[0]) { $0.adding($1) }
      sum.kind = .document
      (sum.first.bytes, sum.first.words) =
        windows == .rolling ? (text.bytes, text.words) : (0, 0)
      (sum.second.bytes, sum.second.words) = (0, 0)
      sum.logLikelihoods = [scores.reduce(0) { $0 + ($1.logLikelihoods.first ?? 0) }]
      item.logLikelihoods = sum.logLikelihoods
      item.isGreedy = []
    case .choices where scores.count == 2:
      item.unconditional = scores[1].logLikelihoods
      item.isGreedyUnconditional = scores[1].isGreedy
    default: break
    }
    return (item, sum)
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
          try score(batch: samples[batches[index]], arm: arm, workspace: workspace)
        }
        results.withLock { $0[index] = result }
        if case .failure = result { return }
      }
    }
    return try results.withLock { slots in try slots.flatMap { try $0?.get() ?? [] } }
  }

  private func score(
    batch: ArraySlice<TokenizedSample>, arm: GatedArm?, workspace: ForwardWorkspace
  ) throws -> [SampleScore] {
    let dense = try evaluator.score(
      batch.map { ScoringJob($0, keepsReference: arm != nil) }, workspace: workspace)
    guard let arm else { return dense.map(\.score) }
    let jobs = zip(batch, dense).map {
      ScoringJob($0, arm: arm, reference: $1.score.isSkipped ? nil : $1.reference)
    }
    return try evaluator.score(jobs, workspace: workspace).map(\.score)
  }
}

extension SampleScore {
  /// The score of two stretches of one text.
  fileprivate func adding(_ other: SampleScore) -> SampleScore {
    var sum = self
    sum.first = first + other.first
    sum.second = second + other.second
    sum.rows += other.rows
    sum.gatedRows += other.gatedRows
    sum.macs = macs + other.macs
    sum.usedWeights =
      usedWeights.isEmpty
      ? other.usedWeights
      : other.usedWeights.isEmpty
        ? usedWeights : zip(usedWeights, other.usedWeights).map { $0 + $1 }
    return sum
  }
}
