import WinaPipeline

/// How far a lookup may go into the remote tier.
public enum RemoteAccess: Hashable, Sendable {
  /// Not at all.
  case none
  /// Asks what the tier has and places nothing, for a plan that is only shown.
  case check
  /// Fetches, verifies and places record, manifest and chunks, so that a hit is a local one.
  case fetch
}

extension ArtifactStore {
  /// Waits until everything that was committed has gone to the remote tier.
  ///
  /// - Returns: What moved so far and what went wrong.
  @discardableResult
  public func drain() -> RemoteSummary {
    remote?.drain()
    return remote?.summary ?? RemoteSummary()
  }

  /// Returns what went wrong with the remote tier so far.
  public func warnings() -> [String] { remote?.summary.warnings ?? [] }

  /// Looks a plan key up in the remote tier.
  func remoteHit(plan key: PlanKey, _ access: RemoteAccess) -> StoreHit? {
    guard let remote, access != .none, let bytes = remote.fetchRecord(.plan(key)) else {
      return nil
    }
    guard let entry = PlanEntry(sealed: bytes, key: key) else {
      remote.distrust(.plan(key), "the record is damaged")
      return nil
    }
    guard let hit = remoteHit(action: entry.action, plan: key, access) else {
      remote.suspect(.plan(key))
      return nil
    }
    return hit
  }

  /// Looks an action up in the remote tier, placing it under a plan key too when there is one.
  func remoteHit(action key: ActionKey, plan: PlanKey?, _ access: RemoteAccess) -> StoreHit? {
    guard let remote, access != .none else { return nil }
    guard let bytes = remote.fetchRecord(.action(key)) else {
      remote.suspect(.action(key))
      return nil
    }
    guard let result = ActionResult(sealed: bytes, key: key) else {
      remote.distrust(.action(key), "the record is damaged")
      return nil
    }
    let entry = PlanEntry(action: key, output: result.output)
    let hit = StoreHit(entry: entry, origin: .remote)
    if access == .check { return hasRemoteArtifact(result.output, remote) ? hit : nil }
    do throws(StoreError) {
      try fetchArtifact(result.output, remote)
      let outcome = try place(result, planKey: plan)
      return StoreHit(entry: outcome.entry, origin: .remote)
    } catch {
      if !error.isMiss { remote.note("what the remote has cannot be kept here: \(error)") }
      return nil
    }
  }

  private func hasRemoteArtifact(_ digest: ContentDigest, _ remote: RemoteLink) -> Bool {
    do throws(StoreError) {
      let manifest = try remoteManifest(digest, remote).manifest
      return remote.has(manifest.chunks.map { .object($0.digest) })
    } catch {
      return false
    }
  }

  /// Makes an artifact complete here, fetching what is missing; the manifest comes last.
  private func fetchArtifact(_ digest: ContentDigest, _ remote: RemoteLink) throws(StoreError) {
    if contains(digest) { return }
    let (manifest, stored) = try remoteManifest(digest, remote)
    let chunks = manifest.chunks
    try Workers.run(count: chunks.count, threads: options.threads) { (next) throws(StoreError) in
      while let index = next() {
        let (chunk, size) = chunks[index]
        if try self.blobs.plausibleSize(chunk, logical: size) != nil { continue }
        guard let bytes = remote.fetchBlob(chunk, size: size) else {
          throw .missing(chunk, "the chunk")
        }
        try self.blobs.place(bytes[...], chunk)
      }
    }
    try blobs.place(stored[...], digest)
  }

  private func remoteManifest(_ digest: ContentDigest, _ remote: RemoteLink) throws(StoreError)
    -> (manifest: ArtifactManifest, stored: [UInt8])
  {
    let path = RemoteEntry.object(digest).path
    guard let stored = remote.fetchBlob(digest, size: nil) else {
      throw .missing(digest, "the manifest")
    }
    let limit = ArtifactManifest.maximumSize
    let text = try BlobDecoder.decode(stored, limit: limit, digest: digest, path: path)
    do {
      let manifest = try ArtifactManifest(
        parsing: text, path: path, maximumBytes: options.maximumArtifactBytes)
      return (manifest, stored)
    } catch {
      remote.distrust(.object(digest), error.message)
      throw error
    }
  }
}
