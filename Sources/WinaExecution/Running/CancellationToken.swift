import Synchronization

/// Says whether a run is to end early: at first by letting running tasks finish, then at once.
public final class CancellationToken: Sendable {
  /// How far the cancellation has gone.
  public enum State: Int, Sendable, Hashable, Comparable {
    case running
    /// No further task starts.
    case draining
    /// Running tasks stop as soon as they can, and programs are killed.
    case killed

    public static func < (left: State, right: State) -> Bool { left.rawValue < right.rawValue }
  }

  private struct Storage {
    var state = State.running
    var observers: [Int: @Sendable (State) -> Void] = [:]
    var next = 0
  }

  private let storage = Mutex(Storage())

  /// Makes a token of a run that goes on.
  public init() {}

  /// How far the cancellation has gone.
  public var state: State { storage.withLock { $0.state } }

  /// Lets running tasks finish and starts no other.
  public func drain() { advance(to: .draining) }

  /// Ends running tasks.
  public func kill() { advance(to: .killed) }

  /// Calls a function at every change from now on, and now if there was one.
  ///
  /// - Returns: What ``remove(_:)`` takes.
  func observe(_ observer: @escaping @Sendable (State) -> Void) -> Int {
    let (identifier, state) = storage.withLock { storage in
      storage.next += 1
      storage.observers[storage.next] = observer
      return (storage.next, storage.state)
    }
    if state != .running { observer(state) }
    return identifier
  }

  func remove(_ identifier: Int) {
    storage.withLock { $0.observers[identifier] = nil }
  }

  private func advance(to state: State) {
    let observers = storage.withLock { storage -> [@Sendable (State) -> Void] in
      guard storage.state < state else { return [] }
      storage.state = state
      return Array(storage.observers.values)
    }
    for observer in observers { observer(state) }
  }
}
