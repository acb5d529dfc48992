import Synchronization
import WinaPipeline

extension ArtifactStore {
  /// Looks a plan key up; a hit only if its record and all outputs exist.
  public func lookup(plan key: PlanKey, remote access: RemoteAccess = .fetch) -> StoreHit? {
    lookup(plans: [key], remote: access)[key]
  }

  /// Looks many plan keys up at once, as planning does.
  ///
  /// - Parameters:
  ///   - keys: The plan keys.
  ///   - access: How far the lookup may go into the remote tier for what is not here.
  /// - Returns: The hits; a key without one is a miss.
  /// - Complexity: One read of the index, then a look at the record and at each blob of a hit,
  ///   without opening them: about ten microseconds a key.
  public func lookup(plans keys: [PlanKey], remote access: RemoteAccess = .fetch)
    -> [PlanKey: StoreHit]
  {
    var hits = localHits(keys)
    guard let remote, access != .none else { return hits }
    if access == .fetch {
      remote.enqueue(
        hits.map { key, hit in
          .init(plan: key, action: hit.entry.action, output: hit.entry.output)
        })
    }
    let missing = keys.filter { hits[$0] == nil }
    let found = inParallel(missing, block: 1) { keys in
      keys.compactMap { key in self.remoteHit(plan: key, access).map { (key, $0) } }
    }
    for (key, hit) in found { hits[key] = hit }
    return hits
  }

  /// Looks an action up, for a task whose plan key missed but whose inputs are known by now.
  public func lookup(action key: ActionKey, remote access: RemoteAccess = .fetch) -> StoreHit? {
    if let result = actionResult(for: key), contains(result.output) {
      return StoreHit(entry: PlanEntry(action: key, output: result.output), origin: .local)
    }
    return remoteHit(action: key, plan: nil, access)
  }

  private func localHits(_ keys: [PlanKey]) -> [PlanKey: StoreHit] {
    let records = index.records(for: keys)
    let found = inParallel(Array(zip(keys, records)), block: 256) { pairs in
      var actions = PresenceProbe(folder: self.layout.actions)
      var objects = PresenceProbe(folder: self.layout.objects)
      var found: [(PlanKey, StoreHit)] = []
      for (key, record) in pairs {
        if let record, ArtifactStore.isPresent(record, &actions, &objects) {
          found.append((key, StoreHit(entry: record.entry, origin: .local)))
        } else if let entry = self.planEntry(for: key), let blobs = self.localHit(entry) {
          self.index.add(key, PlanIndex.Record(entry: entry, blobs: blobs))
          found.append((key, StoreHit(entry: entry, origin: .local)))
        }
      }
      return found
    }
    return Dictionary(found) { first, _ in first }
  }

  private static func isPresent(
    _ record: PlanIndex.Record, _ actions: inout PresenceProbe, _ objects: inout PresenceProbe
  ) -> Bool {
    guard let size = actions.size(record.entry.action.digest), size > 0 else { return false }
    for blob in record.blobs {
      guard let stored = objects.size(blob.digest),
        BlobHeader.isPlausible(stored: stored, logical: blob.size)
      else { return false }
    }
    return true
  }

  /// Maps blocks of elements on the store's threads; the order of the results is not kept.
  private func inParallel<Element: Sendable, Value: Sendable>(
    _ elements: [Element], block: Int, _ body: @Sendable (ArraySlice<Element>) -> [Value]
  ) -> [Value] {
    let results = Mutex<[Value]>([])
    let blocks = (elements.count + block - 1) / block
    Workers.each(count: blocks, threads: options.threads) { index in
      let found = body(elements[index * block..<min(elements.count, (index + 1) * block)])
      results.withLock { $0 += found }
    }
    return results.withLock { $0 }
  }
}
