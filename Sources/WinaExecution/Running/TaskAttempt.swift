import WinaPipeline
import WinaPlan
import WinaStore

/// One try of one task: finds its action in the cache or runs its stage under a lease.
struct TaskAttempt: Sendable {
  private static let waitSeconds = 0.05

  let graph: TaskGraph
  let registry: StageRegistry
  let inputs: RunInputs
  let services: RunServices
  let ledger: RunLedger
  let shelf: RecordShelf

  /// Tries a task whose inputs are known and says how that ended.
  func attempt(_ id: TaskID) -> TaskEnd {
    if services.cancellation.state == .killed { return .cancelled }
    let task = graph[id]
    let parts = graph.actionParts(of: id) { known($0) }
    let key = parts.actionKey
    let isForced = services.options.forced.contains(id)
    do throws(StoreError) {
      if !isForced, try settle(id, key) { return .finished }
      switch try services.store.acquireLease(for: key, taskName: task.name) {
      case .held(let owner):
        if ledger.wait(id) {
          services.events.post(
            .taskWaiting(task: task.name, owner: "process \(owner.pid) on \(owner.host)"))
        }
        return .parked(seconds: TaskAttempt.waitSeconds)
      case .acquired(let lease):
        defer { lease.release() }
        if !isForced, try settle(id, key) { return .finished }
        return run(task, parts, key)
      }
    } catch {
      return fail(task, key, .cache, error.message, error.hint, error)
    }
  }

  private func known(_ id: TaskID) -> ContentDigest {
    guard let digest = ledger.output(of: id) else {
      preconditionFailure("task '\(graph[id].name)' is used before it has run")
    }
    return digest
  }

  /// Takes the action's result from the cache, if it is there.
  private func settle(_ id: TaskID, _ key: ActionKey) throws(StoreError) -> Bool {
    guard let hit = services.store.lookup(action: key),
      let record = services.store.actionResult(for: key)
    else { return false }
    let task = graph[id]
    let isOwn = services.store.planEntry(for: task.planKey)?.action == key
    let entry =
      isOwn
      ? hit.entry : try services.store.commit(record, planKey: task.planKey).entry
    let report =
      isOwn
      ? ledger.report(id, key: key, .hit, "made by another process meanwhile")
      : ledger.report(id, key: key, .cutOff, "the inputs turned out unchanged")
    ledger.finish(id, report, entry)
    services.events.post(.taskFinished(report))
    return true
  }

  private func run(_ task: PlannedTask, _ parts: KeyParts, _ key: ActionKey) -> TaskEnd {
    let reason =
      services.options.forced.contains(task.id)
      ? "forced" : shelf.reason(for: parts, name: task.name)
    services.events.post(.taskStarted(task: task.name, kind: task.kind, reason: reason))
    let context = TaskContext(task, services: services)
    defer { context.cleanUp() }
    do {
      let (result, planned) = try execute(task, parts, key, context)
      if let violation = planned.violation {
        warn("not deterministic: \(violation)")
      }
      let report = ledger.report(
        task.id, key: key, .ran, reason, seconds: result.seconds, bytes: result.storedBytes)
      ledger.finish(task.id, report, planned.entry)
      services.events.post(.taskFinished(report))
      return .finished
    } catch {
      return end(task, key, context, error)
    }
  }

  private func execute(
    _ task: PlannedTask, _ parts: KeyParts, _ key: ActionKey, _ context: TaskContext
  ) throws -> (ActionResult, CommitOutcome) {
    guard let stage = registry[task.kind] else {
      preconditionFailure("the plan has a task of the unknown kind '\(task.kind)'")
    }
    let leaves = task.inputs.flatMap(\.sources).compactMap { source -> Leaf? in
      if case .leaf(let leaf) = source { leaf } else { nil }
    }
    try inputs.checkUnchanged(leaves)
    let start = services.clock.seconds()
    let payload = try stage.run(
      params: task.params, bindings: graph.bindings(of: task.id) { known($0) }, context: context)
    let seconds = services.clock.seconds() - start
    try context.checkCancellation()
    try inputs.checkUnchanged(leaves)
    let stored = try services.store.write(payload, format: task.format, threads: context.threads)
    let result = ActionResult(
      key: key, parts: parts, output: stored.digest, format: task.format, seconds: seconds,
      finished: services.clock.now(), host: services.options.host, taskName: task.name,
      storedBytes: stored.storedBytes)
    return (result, try services.store.commit(result, planKey: task.planKey))
  }

  /// Sorts an error into damage, cancellation or failure.
  private func end(
    _ task: PlannedTask, _ key: ActionKey, _ context: TaskContext, _ error: any Error
  ) -> TaskEnd {
    let damaged = context.damagedInputs
    if !damaged.isEmpty {
      return recover(task, key, damaged, error)
    }
    if services.cancellation.state == .killed { return .cancelled }
    switch error {
    case let error as StoreError:
      return fail(task, key, .cache, error.message, error.hint, error)
    case let error as ExecutionError:
      let code: TaskFailure.Code = error.code == .inputChanged ? .inputChanged : .stage
      return fail(task, key, code, error.message, error.hint, error)
    default:
      return fail(task, key, .stage, "\(error)", "", error)
    }
  }

  /// Sets damaged inputs aside, all that the task has, so that the next round makes them again.
  private func recover(
    _ task: PlannedTask, _ key: ActionKey, _ damaged: [ContentDigest], _ error: any Error
  ) -> TaskEnd {
    do throws(StoreError) {
      let known = Set(task.dependencies.compactMap { ledger.output(of: $0) })
      for digest in known.union(damaged) { _ = try services.store.quarantine(digest) }
    } catch {
      return fail(task, key, .cache, error.message, error.hint, error)
    }
    warn("an input of '\(task.name)' is damaged and is made again: \(error)")
    ledger.damage(
      task.id,
      TaskFailure(
        task: task.name, stage: task.stage, key: key, code: .damagedInput, message: "\(error)",
        hint: "check the disk; 'wina cache verify' lists what is damaged", underlying: error))
    return .failed
  }

  private func fail(
    _ task: PlannedTask, _ key: ActionKey, _ code: TaskFailure.Code, _ message: String,
    _ hint: String, _ error: any Error
  ) -> TaskEnd {
    let failure = TaskFailure(
      task: task.name, stage: task.stage, key: key, code: code, message: message, hint: hint,
      underlying: error)
    let report = ledger.report(task.id, key: key, .failed, message)
    ledger.fail(task.id, report, failure)
    services.events.post(.taskFailed(report, failure))
    return .failed
  }

  private func warn(_ message: String) {
    ledger.warn(message)
    services.events.post(.warning(message))
  }
}
