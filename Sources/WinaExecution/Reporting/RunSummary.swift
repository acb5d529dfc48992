import Foundation

/// What a list of runs says of one: the result without its tasks and numbers, or how far it is.
public struct RunSummary: Sendable, Hashable {
  /// How a run ended, if it did.
  public enum Status: String, Sendable, Hashable, Codable {
    /// Every target is there.
    case done
    /// A task failed.
    case failed
    /// It was ended early.
    case interrupted
    /// There is no result yet, and nothing says that there will be none.
    case running
    /// There is no result, and the process that would have written it has ended.
    case unfinished
    /// A file of the run cannot be read; ``RunSummary/message`` says which.
    case damaged
  }

  /// The run's name.
  public var run: RunID
  /// How it ended, if it did.
  public var status: Status
  /// The path of the spec; the result tells it.
  public var spec: String?
  /// The name of the experiment; the result tells it.
  public var experiment: String?
  /// When it began, in seconds since 1970.
  public var started: Double?
  /// Wall time, so far where it has not ended.
  public var seconds: Double?
  /// The number of tasks.
  public var tasks: Int?
  /// How many tasks ended in each way.
  public var counts: [TaskStatus: Int] = [:]
  /// What is wrong with a damaged run.
  public var message: String?

  /// Sums a result up.
  public init(_ run: RunID, _ result: RunResult) {
    self.run = run
    spec = result.spec
    experiment = result.experiment
    started = result.started
    seconds = result.seconds
    tasks = result.tasks.count
    counts = result.tasks.reduce(into: [:]) { $0[$1.status, default: 0] += 1 }
    status =
      switch result.status {
      case .done: .done
      case .failed: .failed
      case .interrupted: .interrupted
      }
  }

  /// Sums up how far a run without a result is.
  ///
  /// - Parameters:
  ///   - run: The run's name.
  ///   - progress: What its events tell.
  ///   - isAbandoned: Whether its process is known to have ended.
  public init(_ run: RunID, _ progress: RunProgress, isAbandoned: Bool) {
    self.run = run
    status = isAbandoned ? .unfinished : .running
    started = progress.started
    tasks = progress.total
    counts = progress.counts
    if let started, let latest = progress.latest { seconds = max(0, latest - started) }
  }

  /// Stands in for a run that cannot be read.
  public init(_ run: RunID, damaged message: String) {
    self.run = run
    self.message = message
    status = .damaged
  }
}

extension RunSummary: Encodable {
  private enum CodingKeys: String, CodingKey {
    case run, status, spec, experiment, started, seconds, tasks, counts, message
  }

  /// Encodes every member, what is not known as `null`; `message` only where there is one.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(run.text, forKey: .run)
    try container.encode(status, forKey: .status)
    try container.encode(spec, forKey: .spec)
    try container.encode(experiment, forKey: .experiment)
    try container.encode(started, forKey: .started)
    try container.encode(seconds, forKey: .seconds)
    try container.encode(tasks, forKey: .tasks)
    let named = counts.map { ($0.key.rawValue, $0.value) }
    try container.encode(Dictionary(uniqueKeysWithValues: named), forKey: .counts)
    try container.encodeIfPresent(message, forKey: .message)
  }
}
