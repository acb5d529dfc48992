import WinaExecution
import WinaPipeline
import WinaStore

/// Finds what a task of an earlier run produced.
struct ArtifactLookup {
  let workspace: Workspace
  let store: ArtifactStore
  /// The only kind of task that is meant, or `nil` for all.
  var kind: String?

  /// Returns the digest of an artifact, given itself, a key, or the name of a task.
  ///
  /// - Parameters:
  ///   - text: A digest, a plan key, an action key, or a task's name.
  ///   - run: The run whose tasks are meant; `nil` for the latest.
  /// - Throws: `ModelInputError` when there is none.
  func output(named text: String, run: String?) throws -> ContentDigest {
    let key = try ContentDigest(hex: text) ?? planKey(ofTask: text, run)
    if store.contains(key) { return key }
    let hit =
      store.lookup(plan: PlanKey(digest: key)) ?? store.lookup(action: ActionKey(digest: key))
    guard let hit else {
      throw ModelInputError(
        message: "the cache '\(store.root)' holds nothing under '\(text)'",
        hint: "run the spec again, or name another cache with --cache")
    }
    return hit.entry.output
  }

  private func planKey(ofTask name: String, _ run: String?) throws -> ContentDigest {
    let listing = try RunHistory(workspace: workspace.state).load(run ?? "last")
    let tasks = (listing.result?.tasks ?? []).filter { kind == nil || $0.kind == kind }
    guard let task = tasks.first(where: { $0.name == name }) else {
      let known = tasks.map(\.name)
      throw ModelInputError(
        message: "run \(listing.id) has no \(kind ?? "task") '\(name)'",
        hint: known.isEmpty
          ? "it made none; give another --run, or a digest of 64 hexadecimal digits"
          : "it has \(known.prefix(12).joined(separator: ", "))\(known.count > 12 ? ", …" : "")")
    }
    return task.planKey.digest
  }
}
