import Synchronization
import WinaPipeline
import WinaPlan
import WinaStore

/// What has become of the tasks of a run so far.
final class RunLedger: Sendable {
  private struct State {
    var reports: [TaskReport?]
    var outputs: [PlanEntry?]
    var failures: [TaskFailure] = []
    var damaged: [TaskID: TaskFailure] = [:]
    var waiting: Set<TaskID> = []
    var warnings: [String] = []
  }

  private let graph: TaskGraph
  private let state: Mutex<State>

  init(_ graph: TaskGraph) {
    self.graph = graph
    state = Mutex(
      State(
        reports: Array(repeating: nil, count: graph.tasks.count),
        outputs: Array(repeating: nil, count: graph.tasks.count)))
  }

  /// Takes over what planning found, and forgets skips of an earlier round.
  func begin(_ pruning: Pruning) {
    state.withLock { state in
      for index in state.reports.indices where state.reports[index]?.status == .skipped {
        state.reports[index] = nil
      }
      for (task, hit) in pruning.hits {
        state.outputs[task.index] = hit.entry
        if state.reports[task.index] == nil {
          state.reports[task.index] = report(
            task, key: hit.entry.action, hit.origin == .remote ? .remoteHit : .hit,
            hit.origin == .remote ? "in the remote" : "cached")
        }
      }
      state.damaged = [:]
    }
  }

  /// Makes the report of a task.
  func report(
    _ task: TaskID, key: ActionKey?, _ status: TaskStatus, _ reason: String, seconds: Double = 0,
    bytes: Int = 0
  ) -> TaskReport {
    let planned = graph[task]
    return TaskReport(
      name: planned.name, kind: planned.kind, planKey: planned.planKey, actionKey: key,
      status: status, reason: reason, seconds: seconds, bytes: bytes)
  }

  /// The artifacts known so far, by task.
  var outputs: [PlanEntry?] { state.withLock { $0.outputs } }

  func output(of task: TaskID) -> ContentDigest? {
    state.withLock { $0.outputs[task.index]?.output }
  }

  func finish(_ task: TaskID, _ report: TaskReport, _ entry: PlanEntry) {
    state.withLock { state in
      state.reports[task.index] = report
      state.outputs[task.index] = entry
    }
  }

  func fail(_ task: TaskID, _ report: TaskReport, _ failure: TaskFailure) {
    state.withLock { state in
      state.reports[task.index] = report
      state.failures.append(failure)
    }
  }

  /// Takes note that a task could not read an input, which is to be made again.
  func damage(_ task: TaskID, _ failure: TaskFailure) {
    state.withLock { $0.damaged[task] = failure }
  }

  /// The tasks of this round whose inputs were damaged.
  var damaged: [TaskID: TaskFailure] { state.withLock { $0.damaged } }

  func skip(_ task: TaskID, _ report: TaskReport) {
    state.withLock { $0.reports[task.index] = report }
  }

  /// Takes note that another process runs a task; returns whether that is new.
  func wait(_ task: TaskID) -> Bool { state.withLock { $0.waiting.insert(task).inserted } }

  func warn(_ message: String) { state.withLock { $0.warnings.append(message) } }

  var failures: [TaskFailure] { state.withLock { $0.failures } }
  var warnings: [String] { state.withLock { $0.warnings } }

  /// Every task's report; one that nothing looked at was not needed.
  var reports: [TaskReport] {
    let reports = state.withLock { $0.reports }
    return graph.tasks.map { task in
      reports[task.id.index] ?? report(task.id, key: nil, .hit, "not needed")
    }
  }
}
