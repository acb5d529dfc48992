import Dispatch
import WinaPipeline

/// Something that happened in a run, for terminals, JSON and the journal.
public struct RunEvent: Sendable {
  /// What happened.
  public enum Kind: Sendable {
    /// The run began: all tasks, those that are not found cached, and the threads in use.
    case runStarted(tasks: Int, toRun: Int, jobs: Int)
    /// A stage begins its work.
    case taskStarted(task: String, kind: String, reason: String)
    /// A task waits because another process is doing the same.
    case taskWaiting(task: String, owner: String)
    /// A stage says how far it is.
    case taskProgress(task: String, done: Int, total: Int)
    /// A task ended without failing.
    case taskFinished(TaskReport)
    /// A task failed.
    case taskFailed(TaskReport, TaskFailure)
    /// Something is not as it should be, but no task failed.
    case warning(String)
    /// The run ended.
    case runFinished(counts: [TaskStatus: Int], seconds: Double, isInterrupted: Bool)
  }

  /// What happened.
  public var kind: Kind
  /// When, in seconds since 1970.
  public var time: Double

  /// Makes an event.
  public init(_ kind: Kind, time: Double) {
    self.kind = kind
    self.time = time
  }

  /// The event as one object of the `--json` stream.
  public var json: JSONValue {
    var members: [String: JSONValue]
    switch kind {
    case .runStarted(let tasks, let toRun, let jobs):
      members = ["tasks": .int(tasks), "to_run": .int(toRun), "jobs": .int(jobs)]
    case .taskStarted(let task, let kind, let reason):
      members = ["task": .string(task), "kind": .string(kind), "reason": .string(reason)]
    case .taskWaiting(let task, let owner):
      members = ["task": .string(task), "owner": .string(owner)]
    case .taskProgress(let task, let done, let total):
      members = ["task": .string(task), "done": .int(done), "total": .int(total)]
    case .taskFinished(let report):
      members = RunEvent.members(of: report)
    case .taskFailed(let report, let failure):
      members = RunEvent.members(of: report)
      members["code"] = .string(failure.code.rawValue)
      members["message"] = .string(failure.message)
      members["hint"] = failure.hint.isEmpty ? nil : .string(failure.hint)
    case .warning(let message):
      members = ["message": .string(message)]
    case .runFinished(let counts, let seconds, let isInterrupted):
      members = [
        "counts": .object(
          Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, .int($0.value)) })),
        "seconds": .double(seconds), "interrupted": .bool(isInterrupted),
      ]
    }
    members["type"] = .string(typeName)
    members["time"] = .double((time * 1000).rounded() / 1000)
    return .object(members)
  }

  /// The value of `type` in JSON.
  public var typeName: String {
    switch kind {
    case .runStarted: "run-started"
    case .taskStarted: "task-started"
    case .taskWaiting: "task-waiting"
    case .taskProgress: "task-progress"
    case .taskFinished: "task-finished"
    case .taskFailed: "task-failed"
    case .warning: "warning"
    case .runFinished: "run-finished"
    }
  }

  private static func members(of report: TaskReport) -> [String: JSONValue] {
    [
      "task": .string(report.name), "kind": .string(report.kind),
      "plan_key": .string(report.planKey.digest.hex),
      "action_key": report.actionKey.map { .string($0.digest.hex) } ?? .null,
      "status": .string(report.status.rawValue), "reason": .string(report.reason),
      "seconds": .double(report.seconds), "bytes": .int(report.bytes),
    ]
  }
}

/// Hands events to a listener one at a time and in order, on a queue of its own.
final class EventChannel: Sendable {
  private let queue = DispatchQueue(label: "wina.events")
  private let listener: @Sendable (RunEvent) -> Void
  private let clock: RunClock

  init(clock: RunClock, listener: @escaping @Sendable (RunEvent) -> Void) {
    self.clock = clock
    self.listener = listener
  }

  func post(_ kind: RunEvent.Kind) {
    let event = RunEvent(kind, time: clock.now())
    queue.async { [listener] in listener(event) }
  }

  /// Returns when everything posted before has been handed over.
  func flush() { queue.sync {} }
}
