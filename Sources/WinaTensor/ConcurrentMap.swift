import Dispatch
import Synchronization

/// Computes values side by side and returns them in order; they do not depend on the number of threads.
///
/// After a failure no further value is begun.
///
/// - Parameters:
///   - count: How many values there are.
///   - threads: How many threads share the work, at most.
///   - progress: Is told, from any thread, how many values are done.
///   - value: Computes the value of an index below `count`.
/// - Throws: The error of the lowest index whose value failed.
public func concurrentMap<Value: Sendable>(
  _ count: Int, threads: Int, progress: @Sendable (Int) -> Void = { _ in },
  _ value: @Sendable (Int) throws -> Value
) throws -> [Value] {
  let state = Mutex(ConcurrentResults<Value>(results: Array(repeating: nil, count: count)))
  withoutActuallyEscaping(value) { value in
    withoutActuallyEscaping(progress) { progress in
      DispatchQueue.concurrentPerform(iterations: max(1, min(threads, count))) { _ in
        while true {
          let index = state.withLock { state -> Int in
            defer { state.next += 1 }
            return state.hasFailed ? count : state.next
          }
          guard index < count else { return }
          let result = Result { try value(index) }
          let done = state.withLock { state -> Int in
            if case .failure = result { state.hasFailed = true }
            state.results[index] = result
            state.done += 1
            return state.done
          }
          progress(done)
        }
      }
    }
  }
  let results = state.withLock { $0.results }
  return try results.compactMap { try $0?.get() }
}

/// What is done of a ``concurrentMap(_:threads:progress:_:)``.
private struct ConcurrentResults<Value: Sendable>: Sendable {
  var results: [Result<Value, any Error>?]
  var next = 0
  var done = 0
  var hasFailed = false
}
