import CWinaKernels
import Glibc
import Synchronization

/// Threads that take parts of one piece of work together, many times a second.
///
/// Handing work over costs well under a microsecond while the others still look for it, as they do
/// for a short while after the last piece; later it costs a system call. With one thread nothing is
/// handed over.
public final class ThreadTeam {
  // Safety: `work` is written before `round` is raised with releasing order and read after it was
  // read with acquiring order; it is not touched again before all threads have counted down `busy`.
  private let round = Atomic<Int>(0)
  private let busy = Atomic<Int>(0)
  private let isOver = Atomic<Bool>(false)
  private let sleepers = Atomic<Int>(0)
  private var work: ((Int) -> Void)?
  private var threads: [pthread_t] = []
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// The number of threads, the calling one included: fewer than asked for where the system starts no
  /// more.
  public private(set) var count = 1

  /// How often an idle thread looks for work before it sleeps: some hundred microseconds, which is
  /// longer than what a pass does alone between two pieces of work.
  private static let patience = 20_000

  /// Starts `count` − 1 threads.
  public init(count: Int) {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
    while self.count < count, start(self.count) { self.count += 1 }
  }

  deinit {
    isOver.store(true, ordering: .releasing)
    announce()
    for thread in threads { pthread_join(thread, nil) }
    pthread_cond_destroy(wake)
    pthread_mutex_destroy(mutex)
    wake.deallocate()
    mutex.deallocate()
  }

  /// Calls `body` with every index below ``count``, each on its own thread, and returns when all are
  /// done.
  func run(_ body: (Int) -> Void) {
    guard count > 1 else {
      body(0)
      return
    }
    // The others compute as this thread does, even if it has a kernel level of its own.
    let level = wina_kernel_level()
    withoutActuallyEscaping(body) { body in
      work = { index in
        let before = wina_set_thread_level(level)
        body(index)
        _ = wina_set_thread_level(before)
      }
      busy.store(count - 1, ordering: .relaxed)
      announce()
      body(0)
      while busy.load(ordering: .acquiring) > 0 { Self.pause() }
      work = nil
    }
  }

  /// Splits a range into one part a thread, each but the last a multiple of `grain`.
  func run(over range: Range<Int>, grain: Int, _ body: (Int, Range<Int>) -> Void) {
    let units = (range.count + grain - 1) / grain
    run { index in
      let first = units * index / count * grain
      let end = min(range.count, units * (index + 1) / count * grain)
      if first < end {
        body(index, (range.lowerBound + first)..<(range.lowerBound + end))
      }
    }
  }

  private func announce() {
    round.add(1, ordering: .sequentiallyConsistent)
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
  }

  /// Starts a thread, unless the system refuses.
  private func start(_ index: Int) -> Bool {
    // The thread must not keep the team alive, or it would never end.
    final class Start {
      unowned(unsafe) let team: ThreadTeam
      let index: Int
      init(_ team: ThreadTeam, _ index: Int) { (self.team, self.index) = (team, index) }
    }
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(self, index))
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        start.team.serve(start.index)
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      start.release()
      return false
    }
    threads.append(thread)
    return true
  }

  private func serve(_ index: Int) {
    var seen = 0
    while true {
      seen = waitForRound(after: seen)
      if isOver.load(ordering: .acquiring) { return }
      work?(index)
      busy.subtract(1, ordering: .releasing)
    }
  }

  private func waitForRound(after seen: Int) -> Int {
    for _ in 0..<Self.patience {
      let current = round.load(ordering: .acquiring)
      if current != seen { return current }
      Self.pause()
    }
    pthread_mutex_lock(mutex)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    var current = round.load(ordering: .sequentiallyConsistent)
    while current == seen {
      pthread_cond_wait(wake, mutex)
      current = round.load(ordering: .sequentiallyConsistent)
    }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
    return current
  }

  private static func pause() {
    wina_pause()
  }
}
