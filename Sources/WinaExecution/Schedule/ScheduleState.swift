/// Decides which task starts when: events in, actions out, no threads and no clock.
///
/// - Priority is the critical path: a task's own estimate plus the longest chain of estimates after
///   it.
/// - A task starts when its threads and memory are free. When the most urgent ready task does not
///   fit, capacity is reserved for it: others pass it only if it could still run beside them, so
///   that wide tasks do not starve.
/// - A failure skips everything downstream. Without `keepGoing` nothing else starts either.
/// - Complexity: O(log n) per event, plus the size of the cone for a failure.
public struct ScheduleState: Sendable {
  /// A task as the schedule sees it.
  public struct Item: Sendable, Hashable {
    /// The positions of the tasks that must be finished before, all lower than its own.
    public var dependencies: [Int]
    /// The threads it uses.
    public var threads: Int
    /// The memory it uses, in bytes.
    public var memory: Int
    /// How long it is expected to take.
    public var seconds: Double

    /// Makes an item.
    public init(dependencies: [Int], threads: Int = 1, memory: Int = 0, seconds: Double = 1) {
      self.dependencies = dependencies
      self.threads = threads
      self.memory = memory
      self.seconds = seconds
    }
  }

  /// What the machine offers, or what is free of it.
  public struct Capacity: Sendable, Hashable {
    /// Threads.
    public var threads: Int
    /// Memory in bytes.
    public var memory: Int

    /// Makes a capacity.
    public init(threads: Int, memory: Int) {
      self.threads = threads
      self.memory = memory
    }
  }

  /// What happened.
  public enum Event: Sendable, Hashable {
    /// The run begins.
    case begin
    /// A running task is finished.
    case finished(Int)
    /// A running task failed.
    case failed(Int)
    /// A running task was cut short because the run is being cancelled.
    case cancelled(Int)
    /// A running task can do nothing for now, such as one that another process is running.
    case parked(Int)
    /// A parked task may try again.
    case unparked(Int)
    /// No further task is to start.
    case stop
  }

  /// Why a task is not run.
  public enum SkipReason: Sendable, Hashable {
    /// A task upstream failed.
    case upstream(Int)
    /// The run stopped before it could start.
    case stopped
  }

  /// What is to be done.
  public enum Action: Sendable, Hashable {
    case start(Int)
    case skip(Int, SkipReason)
    /// Every task has ended; comes last and once.
    case end
  }

  private enum Phase: UInt8 { case waiting, ready, running, parked, ended }

  /// How many ready tasks are considered for passing one that does not fit.
  private static let lookahead = 64

  private let items: [Item]
  private let dependents: [[Int]]
  private let priorities: [Double]
  private let keepGoing: Bool
  private let total: Capacity
  private var phases: [Phase]
  private var missing: [Int]
  private var ready = ReadyQueue()
  private var free: Capacity
  private var running = 0
  private var remaining: Int
  private var isStopped = false
  private var isEnded = false
  /// The task that capacity is reserved for, and the running tasks that passed it.
  private var reserved: Int?
  private var passing: Set<Int> = []

  /// Makes the state before the run.
  ///
  /// - Parameters:
  ///   - items: The tasks in topological order. One that asks for more than there is gets it all.
  ///   - capacity: What may be in use at once.
  ///   - keepGoing: Whether tasks that a failure does not concern still start after it.
  public init(items: [Item], capacity: Capacity, keepGoing: Bool) {
    precondition(capacity.threads > 0 && capacity.memory >= 0)
    self.items = items.enumerated().map { index, item in
      precondition(item.dependencies.allSatisfy { $0 < index }, "items are not in order")
      var item = item
      item.threads = min(max(1, item.threads), capacity.threads)
      item.memory = min(max(0, item.memory), capacity.memory)
      return item
    }
    self.keepGoing = keepGoing
    total = capacity
    free = capacity
    phases = Array(repeating: .waiting, count: items.count)
    missing = items.map { Set($0.dependencies).count }
    remaining = items.count
    var dependents = [[Int]](repeating: [], count: items.count)
    for (index, item) in items.enumerated() {
      for dependency in Set(item.dependencies) { dependents[dependency].append(index) }
    }
    var priorities = items.map(\.seconds)
    for index in items.indices.reversed() {
      priorities[index] += dependents[index].map { priorities[$0] }.max() ?? 0
    }
    self.dependents = dependents
    self.priorities = priorities
  }

  /// Takes note of an event and returns what is to be done because of it.
  public mutating func handle(_ event: Event) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .begin:
      for task in items.indices where missing[task] == 0 { makeReady(task) }
    case .finished(let task):
      release(task, to: .ended)
      for dependent in dependents[task] {
        missing[dependent] -= 1
        if missing[dependent] == 0, phases[dependent] == .waiting { makeReady(dependent) }
      }
    case .failed(let task):
      release(task, to: .ended)
      skipCone(of: task, &actions)
      if !keepGoing { isStopped = true }
    case .cancelled(let task):
      release(task, to: .ended)
      actions.append(.skip(task, .stopped))
      isStopped = true
    case .parked(let task):
      release(task, to: .parked)
    case .unparked(let task):
      if phases[task] == .parked { makeReady(task) }
    case .stop:
      isStopped = true
    }
    if isStopped {
      if running == 0 { skipRest(&actions) }
    } else {
      admit(&actions)
    }
    if remaining == 0, !isEnded {
      isEnded = true
      actions.append(.end)
    }
    return actions
  }

  private mutating func makeReady(_ task: Int) {
    phases[task] = .ready
    ready.insert(task, priority: priorities[task])
  }

  private mutating func start(_ task: Int, _ actions: inout [Action]) {
    phases[task] = .running
    free.threads -= items[task].threads
    free.memory -= items[task].memory
    running += 1
    actions.append(.start(task))
  }

  private mutating func release(_ task: Int, to phase: Phase) {
    precondition(phases[task] == .running, "task \(task) is not running")
    phases[task] = phase
    free.threads += items[task].threads
    free.memory += items[task].memory
    running -= 1
    passing.remove(task)
    if phase == .ended { remaining -= 1 }
  }

  private mutating func admit(_ actions: inout [Action]) {
    var passed: [Int] = []
    while free.threads > 0, passed.count < ScheduleState.lookahead, let task = ready.popFirst() {
      if phases[task] != .ready { continue }
      if let head = passed.first {
        if fits(task), canPass(task, head) {
          passing.insert(task)
          start(task, &actions)
        } else {
          passed.append(task)
        }
      } else if fits(task) {
        start(task, &actions)
      } else {
        passed.append(task)
        if reserved != task {
          reserved = task
          passing = []
        }
      }
    }
    for task in passed { ready.insert(task, priority: priorities[task]) }
  }

  private func fits(_ task: Int) -> Bool {
    items[task].threads <= free.threads && items[task].memory <= free.memory
  }

  /// Whether the head could start with this task and all that passed it before still running.
  private func canPass(_ task: Int, _ head: Int) -> Bool {
    let others = passing.union([task, head])
    let threads = others.reduce(0) { $0 + items[$1].threads }
    let memory = others.reduce(0) { $0 + items[$1].memory }
    return threads <= total.threads && memory <= total.memory
  }

  private mutating func skipCone(of failed: Int, _ actions: inout [Action]) {
    var pending = dependents[failed]
    while let task = pending.popLast() {
      guard phases[task] != .ended else { continue }
      phases[task] = .ended
      remaining -= 1
      actions.append(.skip(task, .upstream(failed)))
      pending += dependents[task]
    }
  }

  private mutating func skipRest(_ actions: inout [Action]) {
    for task in items.indices where phases[task] != .ended {
      phases[task] = .ended
      remaining -= 1
      actions.append(.skip(task, .stopped))
    }
  }
}
