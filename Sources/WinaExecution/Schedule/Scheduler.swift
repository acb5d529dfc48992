import Dispatch
import Foundation
import Synchronization

/// How an attempt at a task ended, as far as the schedule is concerned.
public enum TaskEnd: Sendable, Hashable {
  case finished
  case failed
  case cancelled
  /// It could not be done now and is to be tried again after some seconds.
  case parked(seconds: Double)
}

/// Performs a schedule on Dispatch: keeps the state behind a lock and acts outside of it.
///
/// Tasks that compute run on a concurrent queue, never more at once than there are threads; tasks
/// that wait for another program get a thread of their own.
public final class Scheduler: Sendable {
  private let state: Mutex<ScheduleState>
  private let queue = DispatchQueue(label: "wina.tasks", attributes: .concurrent)
  private let ended = DispatchSemaphore(value: 0)
  private let acting = DispatchGroup()
  private let blocking: [Bool]
  private let perform: @Sendable (Int) -> TaskEnd
  private let skip: @Sendable (Int, ScheduleState.SkipReason) -> Void

  /// Makes a scheduler.
  ///
  /// - Parameters:
  ///   - state: The schedule before it begins.
  ///   - blocking: Which tasks mostly wait.
  ///   - perform: Does the work of a task and says how it ended.
  ///   - skip: Takes note of a task that is not run.
  public init(
    _ state: ScheduleState, blocking: [Bool],
    perform: @escaping @Sendable (Int) -> TaskEnd,
    skip: @escaping @Sendable (Int, ScheduleState.SkipReason) -> Void
  ) {
    self.state = Mutex(state)
    self.blocking = blocking
    self.perform = perform
    self.skip = skip
  }

  /// Runs every task to its end; blocks the calling thread.
  public func run() {
    if let task = send(.begin) { dispatch(task) }
    ended.wait()
    acting.wait()
  }

  /// Starts no further task.
  public func stop() {
    if let task = send(.stop) { dispatch(task) }
  }

  /// Works on a task, and then on what its end lets start.
  private func work(on first: Int) {
    var next: Int? = first
    while let task = next {
      switch perform(task) {
      case .finished: next = send(.finished(task))
      case .failed: next = send(.failed(task))
      case .cancelled: next = send(.cancelled(task))
      case .parked(let seconds):
        next = send(.parked(task))
        queue.asyncAfter(deadline: .now() + seconds) { [self] in
          if let task = send(.unparked(task)) { work(on: task) }
        }
      }
      if let task = next, blocking[task] {
        dispatch(task)
        next = nil
      }
    }
  }

  /// Hands an event to the state and acts on it, except for one start that the caller may do.
  private func send(_ event: ScheduleState.Event) -> Int? {
    acting.enter()
    defer { acting.leave() }
    let actions = state.withLock { $0.handle(event) }
    var own: Int?
    for action in actions {
      switch action {
      case .start(let task):
        if own == nil { own = task } else { dispatch(task) }
      case .skip(let task, let reason): skip(task, reason)
      case .end: ended.signal()
      }
    }
    return own
  }

  private func dispatch(_ task: Int) {
    if blocking[task] {
      Thread { [self] in work(on: task) }.start()
    } else {
      queue.async { [self] in work(on: task) }
    }
  }
}
