import WinaPipeline
import WinaPlan
import WinaStore

/// Why a task would run, or did: the smallest difference to what was run before.
public struct Explanation: Sendable {
  /// A task whose own parts changed, so that what depends on it is not found.
  public struct RootCause: Sendable, Hashable {
    /// The task's name.
    public var task: String
    /// What changed about it.
    public var changes: [KeyChange]
    /// How many tasks are to be run because of it, itself included.
    public var affected: Int

    /// Makes a cause.
    public init(task: String, changes: [KeyChange], affected: Int) {
      self.task = task
      self.changes = changes
      self.affected = affected
    }
  }

  /// The task's name.
  public var task: String
  /// What would become of the task now.
  public var status: PlanPreview.Status
  /// The answer in one sentence.
  public var reason: String
  /// The earlier action that is most like the task, or `nil` when there is none of its kind.
  public var nearest: ActionResult?
  /// The parameters, version and numerics that differ from the nearest action.
  public var changes: [KeyChange]
  /// The inputs that differ from the nearest action, where they are known.
  public var inputChanges: [KeyChange]
  /// Where the difference comes from, nearest to the task first.
  public var rootCauses: [RootCause]

  /// Explains a task of a plan.
  ///
  /// - Complexity: O(tasks + records of the kinds upstream).
  public static func explain(
    _ task: TaskID, graph: TaskGraph, store: ArtifactStore
  ) -> Explanation {
    var search = ExplanationSearch(graph: graph, store: store)
    return search.explain(task)
  }
}

/// The walk that an explanation is made with.
private struct ExplanationSearch {
  let graph: TaskGraph
  let store: ArtifactStore
  let shelf: RecordShelf
  let preview: [PlanPreview.Entry]
  let outputs: [TaskID: ContentDigest]

  init(graph: TaskGraph, store: ArtifactStore) {
    self.graph = graph
    self.store = store
    shelf = RecordShelf(store)
    preview = PlanPreview(graph: graph, store: store, remote: .none, measuresHits: false).tasks
    let entries = store.lookup(plans: graph.tasks.map(\.planKey), remote: .none)
    outputs = graph.tasks.reduce(into: [:]) { outputs, task in
      outputs[task.id] = entries[task.planKey]?.entry.output
    }
  }

  mutating func explain(_ id: TaskID) -> Explanation {
    let task = graph[id]
    let own = ownEntry(of: id)
    let parts = FlatParts(keyParts(of: id))
    let known = knownPorts(of: task)
    let nearest = nearest(to: parts, name: task.name, ports: known, excluding: own?.actionKey)
    let changes = nearest.map { parts.changes(since: $0.flat) } ?? []
    let inputs = nearest.map { parts.inputChanges(since: $0.flat, ports: known) } ?? []
    let status = own?.status ?? .notNeeded
    let causes = isMissing(status) ? rootCauses(of: id) : []
    return Explanation(
      task: task.name, status: status,
      reason: sentence(task, status, nearest?.record, changes, inputs, causes),
      nearest: nearest?.record, changes: changes, inputChanges: inputs, rootCauses: causes)
  }

  private func ownEntry(of id: TaskID) -> PlanPreview.Entry? {
    var entry = preview[id.index]
    if entry.status == .notNeeded, let found = store.lookup(plan: graph[id].planKey, remote: .none)
    {
      entry.status = .hit
      entry.actionKey = found.entry.action
    }
    return entry
  }

  private func isMissing(_ status: PlanPreview.Status) -> Bool {
    status == .run || status == .mayBeCutOff || status == .notNeeded
  }

  private func keyParts(of id: TaskID) -> KeyParts {
    graph.actionParts(of: id) { outputs[$0] ?? graph[$0].planKey.digest }
  }

  /// The ports whose inputs are all known, so that comparing them means something.
  private func knownPorts(of task: PlannedTask) -> Set<String> {
    let known = task.inputs.filter { input in
      input.sources.allSatisfy { source in
        if case .task(let id) = source { outputs[id] != nil } else { true }
      }
    }
    return Set(known.map(\.port))
  }

  /// Returns the record that differs least: in parameters, then in inputs; the task's own name and
  /// then the latest decide among equals.
  private func nearest(
    to parts: FlatParts, name: String, ports: Set<String>, excluding key: ActionKey?
  ) -> (record: ActionResult, flat: FlatParts)? {
    let shelf = shelf.shelf(parts.kind)
    var best: (cost: (Int, Int, Int), index: Int)?
    for (index, record) in shelf.records.enumerated() where record.key != key {
      let flat = shelf.flat[index]
      let cost = (
        parts.changes(since: flat).count, parts.inputChanges(since: flat, ports: ports).count,
        record.taskName == name ? 0 : 1
      )
      if best.map({ cost < $0.cost }) ?? true { best = (cost, index) }
    }
    return best.map { (shelf.records[$0.index], shelf.flat[$0.index]) }
  }

  /// Returns what changed of a task itself: its parameters, version, numerics and leaves.
  private func ownChanges(of id: TaskID) -> [KeyChange]? {
    let task = graph[id]
    let leaves = task.inputs.filter { input in
      input.sources.allSatisfy { if case .leaf = $0 { true } else { false } }
    }
    let ports = Set(leaves.map(\.port))
    let parts = FlatParts(keyParts(of: id))
    guard let nearest = nearest(to: parts, name: task.name, ports: ports, excluding: nil) else {
      return nil
    }
    return parts.changes(since: nearest.flat)
      + parts.inputChanges(since: nearest.flat, ports: ports)
  }

  /// Walks upstream through missing tasks to those that themselves changed.
  private func rootCauses(of id: TaskID) -> [Explanation.RootCause] {
    var causes: [Explanation.RootCause] = []
    var seen: Set<TaskID> = [id]
    var pending = [id]
    var next = 0
    while next < pending.count {
      let current = pending[next]
      next += 1
      let upstream = graph[current].dependencies.filter { isMissing(preview[$0.index].status) }
        .filter { outputs[$0] == nil }
      let changes = ownChanges(of: current)
      if changes.map({ !$0.isEmpty }) ?? true || upstream.isEmpty {
        causes.append(
          Explanation.RootCause(
            task: graph[current].name, changes: changes ?? [], affected: affected(by: current)))
        continue
      }
      for dependency in upstream where seen.insert(dependency).inserted {
        pending.append(dependency)
      }
    }
    return causes
  }

  /// Counts the missing tasks at and below a task.
  private func affected(by cause: TaskID) -> Int {
    var isAffected = [Bool](repeating: false, count: graph.tasks.count)
    isAffected[cause.index] = true
    var count = 1
    for task in graph.tasks[(cause.index + 1)...] where isMissing(preview[task.id.index].status) {
      if task.dependencies.contains(where: { isAffected[$0.index] }) {
        isAffected[task.id.index] = true
        count += 1
      }
    }
    return count
  }

  private func sentence(
    _ task: PlannedTask, _ status: PlanPreview.Status, _ nearest: ActionResult?,
    _ changes: [KeyChange], _ inputs: [KeyChange], _ causes: [Explanation.RootCause]
  ) -> String {
    switch status {
    case .hit, .remoteHit: return "it is cached"
    case .cutOff: return "its inputs are unchanged, so that its artifact is known"
    case .run, .mayBeCutOff, .notNeeded: break
    }
    guard nearest != nil else { return "no \(task.kind) was ever run with this cache" }
    if !changes.isEmpty { return changes.map(\.description).joined(separator: ", ") }
    if let cause = causes.first, cause.task != task.name {
      let what = cause.changes.map(\.description).joined(separator: ", ")
      return "'\(cause.task)' upstream changed" + (what.isEmpty ? "" : ": \(what)")
    }
    if !inputs.isEmpty { return "other " + inputs.map(\.path).joined(separator: ", ") }
    return "its artifact is no longer in the cache"
  }
}
