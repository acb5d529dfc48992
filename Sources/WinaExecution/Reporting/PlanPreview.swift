import WinaPipeline
import WinaPlan
import WinaStore

/// What a run would do, found without running anything.
public struct PlanPreview: Sendable {
  /// What would become of a task.
  public enum Status: String, Sendable, Hashable, CaseIterable {
    /// It is cached here.
    case hit
    /// It is cached in the remote.
    case remoteHit = "remote-hit"
    /// It is known under another plan, since its inputs are unchanged.
    case cutOff = "cut-off"
    /// It would run.
    case run
    /// It would run unless what is upstream gives what it gave before.
    case mayBeCutOff = "may-be-cut-off"
    /// Everything that would need it is cached.
    case notNeeded = "not-needed"
  }

  /// A task of the plan.
  public struct Entry: Sendable, Hashable {
    /// The task.
    public var task: TaskID
    /// Its name.
    public var name: String
    /// The stage's kind.
    public var kind: String
    /// What would become of it.
    public var status: Status
    /// Why, in a few words.
    public var reason: String
    /// The action key, where it is known.
    public var actionKey: ActionKey?
    /// How long it would take, judged by earlier records, or `nil` without any.
    public var estimatedSeconds: Double?
    /// Stored bytes: those there are, or those expected; `nil` when unknown.
    public var bytes: Int?
  }

  /// Every task in the order of the graph.
  public let tasks: [Entry]

  /// The seconds of work in all, as far as there are estimates; parallel work counts in full.
  public var estimatedSeconds: Double { tasks.reduce(0) { $0 + ($1.estimatedSeconds ?? 0) } }

  /// How many tasks there are of each status.
  public var counts: [Status: Int] {
    tasks.reduce(into: [:]) { $0[$1.status, default: 0] += 1 }
  }

  /// Looks at what is cached.
  ///
  /// - Parameters:
  ///   - graph: The plan.
  ///   - store: The cache.
  ///   - remote: Whether to ask the remote.
  ///   - measuresHits: Whether to read the records of hits for their sizes.
  public init(
    graph: TaskGraph, store: ArtifactStore, remote: RemoteAccess = .check,
    measuresHits: Bool = true
  ) {
    var search = PreviewSearch(graph: graph, store: store, remote: remote)
    tasks = search.entries(measuresHits: measuresHits)
  }
}

/// The walk that a preview is made with.
struct PreviewSearch {
  let graph: TaskGraph
  let store: ArtifactStore
  let remote: RemoteAccess
  let shelf: RecordShelf
  private var outputs: [TaskID: ContentDigest] = [:]

  init(graph: TaskGraph, store: ArtifactStore, remote: RemoteAccess) {
    self.graph = graph
    self.store = store
    self.remote = remote
    shelf = RecordShelf(store)
  }

  mutating func entries(measuresHits: Bool) -> [PlanPreview.Entry] {
    let pruning = Pruning(graph, store: store, remote: remote, forced: [])
    let misses = Set(pruning.misses)
    for (task, hit) in pruning.hits { outputs[task] = hit.entry.output }
    return graph.tasks.map { task in
      if misses.contains(task.id) { return miss(task) }
      guard let hit = pruning.hits[task.id] else {
        return entry(task, .notNeeded, "what needs it is cached")
      }
      let isRemote = hit.origin == .remote
      var entry = entry(task, isRemote ? .remoteHit : .hit, isRemote ? "in the remote" : "cached")
      entry.actionKey = hit.entry.action
      if measuresHits { entry.bytes = store.actionResult(for: hit.entry.action)?.storedBytes }
      return entry
    }
  }

  private mutating func miss(_ task: PlannedTask) -> PlanPreview.Entry {
    let open = task.dependencies.filter { outputs[$0] == nil }
    var entry: PlanPreview.Entry
    if let first = open.first {
      let others = open.count > 1 ? " and \(open.count - 1) more" : ""
      entry = self.entry(task, .mayBeCutOff, "depends on '\(graph[first].name)'\(others)")
    } else {
      let known = outputs
      let parts = graph.actionParts(of: task.id) { known[$0] ?? graph[$0].planKey.digest }
      let key = parts.actionKey
      if let hit = store.lookup(action: key, remote: remote) {
        outputs[task.id] = hit.entry.output
        entry = self.entry(task, .cutOff, "the inputs are unchanged")
        entry.actionKey = key
        return entry
      }
      entry = self.entry(task, .run, shelf.reason(for: parts, name: task.name))
      entry.actionKey = key
    }
    entry.estimatedSeconds = shelf.seconds(kind: task.kind, name: task.name)
    entry.bytes = shelf.shelf(task.kind).typical?.bytes
    return entry
  }

  private func entry(
    _ task: PlannedTask, _ status: PlanPreview.Status, _ reason: String
  ) -> PlanPreview.Entry {
    PlanPreview.Entry(
      task: task.id, name: task.name, kind: task.kind, status: status, reason: reason)
  }
}
