import Dispatch
import Synchronization

/// Shares numbered pieces of work among a given number of threads.
enum Workers {
  /// Runs `worker` on up to `threads` threads; each takes indices below `count` until none is left.
  ///
  /// The first failure stops the handing out of further indices and is thrown at the end.
  static func run(
    count: Int, threads: Int,
    _ worker: @Sendable (_ next: () -> Int?) throws(StoreError) -> Void
  ) throws(StoreError) {
    let position = Atomic<Int>(0)
    let failure = Mutex<StoreError?>(nil)
    @Sendable func work(_: Int) {
      do throws(StoreError) {
        try worker {
          let index = position.wrappingAdd(1, ordering: .relaxed).oldValue
          return index < count ? index : nil
        }
      } catch {
        position.store(count, ordering: .relaxed)
        failure.withLock { $0 = $0 ?? error }
      }
    }
    let threads = min(threads, count)
    if threads <= 1 {
      work(0)
    } else {
      DispatchQueue.concurrentPerform(iterations: threads, execute: work)
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}

extension Workers {
  /// Runs `body` for every index below `count` on up to `threads` threads.
  static func each(count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
    let position = Atomic<Int>(0)
    @Sendable func work(_: Int) {
      while true {
        let index = position.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= count { return }
        body(index)
      }
    }
    let threads = min(threads, count)
    if threads <= 1 {
      work(0)
    } else {
      DispatchQueue.concurrentPerform(iterations: threads, execute: work)
    }
  }
}
