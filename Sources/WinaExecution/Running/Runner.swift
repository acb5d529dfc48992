import Synchronization
import WinaPipeline
import WinaPlan
import WinaStore

/// Realises a plan: finds what is cached, runs the rest, and mends what turns out to be damaged.
///
/// A task that is cached needs nothing upstream of it. What is missing runs in the order of the
/// schedule; damaged or lost inputs are set aside and made again in another round, for each task a
/// bounded number of times.
public final class Runner: Sendable {
  /// How often the inputs of one task are made again.
  private static let mostRepairs = 4

  private let graph: TaskGraph
  private let options: RunOptions
  private let clock: RunClock
  private let cancellation: CancellationToken
  private let events: EventChannel
  private let store: ArtifactStore
  private let ledger: RunLedger
  private let shelf: RecordShelf
  private let tasks: TaskAttempt

  /// Makes a runner for one run.
  ///
  /// - Parameters:
  ///   - graph: The plan.
  ///   - registry: The stages that it was planned with.
  ///   - store: The cache.
  ///   - inputs: What stands behind the plan's leaves.
  ///   - options: What the run may use.
  ///   - clock: The clocks.
  ///   - cancellation: Ends the run early.
  ///   - events: Called for every event, one at a time and in order, on a queue of its own.
  public init(
    graph: TaskGraph, registry: StageRegistry, store: ArtifactStore, inputs: RunInputs,
    options: RunOptions, clock: RunClock, cancellation: CancellationToken = CancellationToken(),
    events: @escaping @Sendable (RunEvent) -> Void = { _ in }
  ) {
    self.graph = graph
    self.options = options
    self.clock = clock
    self.cancellation = cancellation
    self.store = store
    self.events = EventChannel(clock: clock, listener: events)
    ledger = RunLedger(graph)
    shelf = RecordShelf(store)
    let services = RunServices(
      store: store, records: RecordSource(inputs, limit: options.decodedBytes), options: options,
      clock: clock, cancellation: cancellation, events: self.events,
      decoded: SharedValues(limit: options.decodedBytes), shared: SharedValues(limit: .max))
    tasks = TaskAttempt(
      graph: graph, registry: registry, inputs: inputs, services: services, ledger: ledger,
      shelf: shelf)
  }

  /// Runs what is not cached; blocks the calling thread until every task has ended.
  public func run() -> RunOutcome {
    let start = clock.seconds()
    var pruning = prune(forced: options.forced)
    events.post(
      .runStarted(tasks: graph.tasks.count, toRun: pruning.misses.count, jobs: options.jobs))
    perform(&pruning)
    let remote = store.drain()
    for warning in remote.warnings { events.post(.warning(warning)) }
    let outcome = RunOutcome(
      tasks: ledger.reports, failures: ledger.failures, isInterrupted: isInterrupted,
      seconds: clock.seconds() - start, warnings: ledger.warnings + remote.warnings,
      remote: remote)
    events.post(
      .runFinished(
        counts: outcome.counts, seconds: outcome.seconds, isInterrupted: outcome.isInterrupted))
    events.flush()
    return outcome
  }

  /// Returns the artifact of a target after ``run()``, making it again if it is damaged.
  ///
  /// - Throws: ``TaskFailure`` when it cannot be made, or what the store or the artifact throws.
  public func artifact<Value: Artifact>(of target: TaskID, as type: Value.Type) throws -> Value {
    for _ in 0..<Runner.mostRepairs {
      guard let digest = ledger.output(of: target) else { break }
      do throws(StoreError) {
        let payload = try store.read(digest, as: Value.format)
        return try decode(payload)
      } catch {
        guard error.isMiss else { throw error }
        _ = try store.quarantine(digest)
      }
      var pruning = Pruning(
        TaskGraph(tasks: graph.tasks, targets: [target]), store: store, remote: .fetch, forced: [])
      perform(&pruning)
      events.flush()
      if let failure = ledger.failures.last { throw failure }
    }
    throw StoreError(
      .notFound, "the artifact of '\(graph[target].name)' is not in the cache",
      hint: "run the spec again")
  }

  private func decode<Value: Artifact>(_ payload: ArtifactPayload) throws(StoreError) -> Value {
    do {
      return try Value(decoding: payload)
    } catch {
      throw StoreError(.wrongFormat, "the artifact cannot be read: \(error)")
    }
  }

  private var isInterrupted: Bool { cancellation.state != .running }

  private func prune(forced: Set<TaskID>) -> Pruning {
    Pruning(graph, store: store, remote: .fetch, forced: forced)
  }

  /// Runs rounds until nothing is missing, something failed, or mending does not help.
  private func perform(_ pruning: inout Pruning) {
    var repairs: [TaskID: Int] = [:]
    while true {
      ledger.begin(pruning)
      if pruning.misses.isEmpty { return }
      runRound(pruning.misses)
      let damaged = ledger.damaged
      let hasFailed = !ledger.failures.isEmpty && !options.keepGoing
      if damaged.isEmpty || hasFailed || isInterrupted { return }
      for task in damaged.keys { repairs[task, default: 0] += 1 }
      let hopeless = damaged.filter { repairs[$0.key, default: 0] >= Runner.mostRepairs }
      if !hopeless.isEmpty {
        for (task, failure) in hopeless.sorted(by: { $0.key < $1.key }) {
          let report = ledger.report(task, key: failure.key, .failed, failure.message)
          ledger.fail(task, report, failure)
          events.post(.taskFailed(report, failure))
        }
        return
      }
      pruning = prune(forced: [])
    }
  }

  private func runRound(_ misses: [TaskID]) {
    var positions: [TaskID: Int] = [:]
    var items: [ScheduleState.Item] = []
    for (position, task) in misses.enumerated() {
      positions[task] = position
      let planned = graph[task]
      items.append(
        ScheduleState.Item(
          dependencies: planned.dependencies.compactMap { positions[$0] },
          threads: planned.resources.threads, memory: planned.resources.memory,
          seconds: shelf.seconds(kind: planned.kind, name: planned.name) ?? 1))
    }
    let state = ScheduleState(
      items: items,
      capacity: ScheduleState.Capacity(threads: options.jobs, memory: options.memory),
      keepGoing: options.keepGoing)
    let scheduler = Scheduler(
      state, blocking: misses.map { graph[$0].resources.isBlocking },
      perform: { [tasks] in tasks.attempt(misses[$0]) },
      skip: { [self] position, reason in skip(misses[position], reason, misses) })
    let observer = cancellation.observe { _ in scheduler.stop() }
    scheduler.run()
    cancellation.remove(observer)
  }

  private func skip(_ task: TaskID, _ reason: ScheduleState.SkipReason, _ misses: [TaskID]) {
    let text =
      switch reason {
      case .upstream(let failed): "'\(graph[misses[failed]].name)' failed"
      case .stopped: isInterrupted ? "the run was cancelled" : "the run stopped after a failure"
      }
    ledger.skip(task, ledger.report(task, key: nil, .skipped, text))
  }
}
