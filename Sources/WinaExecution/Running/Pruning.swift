import WinaPipeline
import WinaPlan
import WinaStore

/// Which tasks have to be made, found by looking from the targets down: a task that is cached needs
/// nothing upstream.
struct Pruning: Sendable {
  /// The cached tasks that a target or a task to be made needs.
  private(set) var hits: [TaskID: StoreHit] = [:]
  /// The tasks that are needed and not cached, in the order of the graph.
  private(set) var misses: [TaskID] = []

  /// Asks the store, level by level.
  ///
  /// - Parameters:
  ///   - forced: Tasks that count as missed.
  /// - Complexity: One bulk lookup per level; O(tasks looked at + their inputs).
  init(_ graph: TaskGraph, store: ArtifactStore, remote: RemoteAccess, forced: Set<TaskID>) {
    var isSeen = [Bool](repeating: false, count: graph.tasks.count)
    var level: [TaskID] = []
    for target in graph.targets where !isSeen[target.index] {
      isSeen[target.index] = true
      level.append(target)
    }
    while !level.isEmpty {
      let found = store.lookup(
        plans: level.filter { !forced.contains($0) }.map { graph[$0].planKey }, remote: remote)
      var next: [TaskID] = []
      for task in level {
        if !forced.contains(task), let hit = found[graph[task].planKey] {
          hits[task] = hit
          continue
        }
        misses.append(task)
        for dependency in graph[task].dependencies where !isSeen[dependency.index] {
          isSeen[dependency.index] = true
          next.append(dependency)
        }
      }
      level = next
    }
    misses.sort()
  }
}
