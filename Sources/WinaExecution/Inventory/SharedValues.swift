import Dispatch
import Synchronization

/// Values that are costly to make, made once even when several threads ask at the same time, and
/// dropped in the order of their last use when they take more than a given number of bytes.
final class SharedValues: Sendable {
  private struct Key: Hashable {
    var name: String
    var type: ObjectIdentifier
  }

  private struct Kept {
    var value: any Sendable
    var cost: Int
    var lastUse: Int
  }

  private struct State {
    var kept: [Key: Kept] = [:]
    var making: [Key: DispatchGroup] = [:]
    var total = 0
    var uses = 0
  }

  private enum Turn {
    case found(any Sendable)
    case wait(DispatchGroup)
    case make(DispatchGroup)
  }

  private let limit: Int
  private let state = Mutex(State())

  /// Makes an empty collection.
  ///
  /// - Parameter limit: The most bytes that the values may take together.
  init(limit: Int) { self.limit = limit }

  /// Returns the value under a name, making it when it is not there.
  ///
  /// Should making it fail, the next thread that waits for it tries.
  func value<Value: Sendable>(
    _ name: String, make: () throws -> (value: Value, cost: Int)
  ) throws -> Value {
    let key = Key(name: name, type: ObjectIdentifier(Value.self))
    while true {
      switch turn(key) {
      case .found(let value):
        guard let value = value as? Value else {
          preconditionFailure("'\(name)' is kept as another type than it was made")
        }
        return value
      case .wait(let group):
        group.wait()
      case .make(let group):
        defer {
          state.withLock { $0.making[key] = nil }
          group.leave()
        }
        let made = try make()
        keep(made.value, cost: made.cost, key)
        return made.value
      }
    }
  }

  private func turn(_ key: Key) -> Turn {
    state.withLock { state in
      if let kept = state.kept[key] {
        state.uses += 1
        state.kept[key]?.lastUse = state.uses
        return .found(kept.value)
      }
      if let group = state.making[key] { return .wait(group) }
      let group = DispatchGroup()
      group.enter()
      state.making[key] = group
      return .make(group)
    }
  }

  private func keep(_ value: any Sendable, cost: Int, _ key: Key) {
    guard cost <= limit else { return }
    state.withLock { state in
      state.uses += 1
      state.total += cost
      state.kept[key] = Kept(value: value, cost: cost, lastUse: state.uses)
      guard state.total > limit else { return }
      for (old, kept) in state.kept.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
        if state.total <= limit / 4 * 3 || old == key { break }
        state.kept[old] = nil
        state.total -= kept.cost
      }
    }
  }
}
