import WinaPipeline
import WinaStore

/// How a task of a run ended.
public enum TaskStatus: String, Sendable, Hashable, Codable, CaseIterable {
  /// The plan key was found, or nothing needed the task.
  case hit
  /// The plan key was found in the remote.
  case remoteHit = "remote-hit"
  /// The stage did its work.
  case ran
  /// The plan key was missed but the action was known, because the inputs turned out unchanged.
  case cutOff = "cut-off"
  /// The stage failed.
  case failed
  /// It was not tried, because of a failure or because the run ended early.
  case skipped
}

/// What became of a task.
public struct TaskReport: Sendable, Hashable {
  /// The task's name.
  public var name: String
  /// The stage's kind.
  public var kind: String
  /// The plan key.
  public var planKey: PlanKey
  /// The action key, or `nil` when it was not needed.
  public var actionKey: ActionKey?
  /// How it ended.
  public var status: TaskStatus
  /// Why, in a few words.
  public var reason: String
  /// Wall time of the stage's own work in this run.
  public var seconds: Double
  /// Stored bytes of what the task wrote in this run.
  public var bytes: Int

  /// Makes a report.
  public init(
    name: String, kind: String, planKey: PlanKey, actionKey: ActionKey?, status: TaskStatus,
    reason: String, seconds: Double = 0, bytes: Int = 0
  ) {
    self.name = name
    self.kind = kind
    self.planKey = planKey
    self.actionKey = actionKey
    self.status = status
    self.reason = reason
    self.seconds = seconds
    self.bytes = bytes
  }
}

extension TaskReport: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, kind, status, reason, seconds, bytes
    case planKey = "plan_key"
    case actionKey = "action_key"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try container.decode(String.self, forKey: .name),
      kind: try container.decode(String.self, forKey: .kind),
      planKey: try container.decode(PlanKey.self, forKey: .planKey),
      actionKey: try container.decodeIfPresent(ActionKey.self, forKey: .actionKey),
      status: try container.decode(TaskStatus.self, forKey: .status),
      reason: try container.decode(String.self, forKey: .reason),
      seconds: try container.decode(Double.self, forKey: .seconds),
      bytes: try container.decodeIfPresent(Int.self, forKey: .bytes) ?? 0)
  }

  /// Encodes every member, an absent action key as `null`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(kind, forKey: .kind)
    try container.encode(planKey, forKey: .planKey)
    try container.encode(actionKey, forKey: .actionKey)
    try container.encode(status, forKey: .status)
    try container.encode(reason, forKey: .reason)
    try container.encode(seconds, forKey: .seconds)
    try container.encode(bytes, forKey: .bytes)
  }
}

/// Why a task failed.
public struct TaskFailure: Error, Sendable, CustomStringConvertible {
  /// The kinds of failure that callers tell apart.
  public enum Code: String, Sendable, Hashable {
    /// The stage threw.
    case stage
    /// A file changed while the task read it, or since the run was planned.
    case inputChanged = "input-changed"
    /// The cache could not be read or written; ``TaskFailure/underlying`` is a `StoreError`.
    case cache
    /// An input was damaged and making it again did not help.
    case damagedInput = "damaged-input"
  }

  /// The task's name.
  public var task: String
  /// The stage's name in the spec.
  public var stage: String
  /// The action key, when it was known.
  public var key: ActionKey?
  /// The kind of failure.
  public var code: Code
  /// The fact.
  public var message: String
  /// What to do; may be empty.
  public var hint: String
  /// The error that was thrown.
  public var underlying: any Error

  public var description: String {
    let text = "task '\(task)' failed: \(message)"
    return hint.isEmpty ? text : "\(text) (\(hint))"
  }
}

/// What came of a run.
public struct RunOutcome: Sendable {
  /// Every task of the graph, in its order.
  public var tasks: [TaskReport]
  /// The tasks that failed, in the order in which they did.
  public var failures: [TaskFailure]
  /// Whether the run was ended early.
  public var isInterrupted: Bool
  /// Wall time of the run.
  public var seconds: Double
  /// What went wrong without a task failing.
  public var warnings: [String]
  /// What was exchanged with the remote.
  public var remote: RemoteSummary

  /// Whether every target is there.
  public var succeeded: Bool {
    !isInterrupted && tasks.allSatisfy { $0.status != .failed && $0.status != .skipped }
  }

  /// Whether a failure was the cache's rather than a task's.
  public var hasCacheFault: Bool { failures.contains { $0.code == .cache } }

  /// How many tasks ended in each way.
  public var counts: [TaskStatus: Int] {
    tasks.reduce(into: [:]) { $0[$1.status, default: 0] += 1 }
  }
}
