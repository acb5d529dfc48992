import Dispatch
import Synchronization
import WinaPipeline

/// What went to and came from the remote tier.
public struct RemoteSummary: Hashable, Sendable {
  /// Entries written to the tier.
  public var pushedEntries = 0
  /// Stored bytes written to the tier.
  public var pushedBytes = 0
  /// Entries taken from the tier.
  public var fetchedEntries = 0
  /// Stored bytes taken from the tier.
  public var fetchedBytes = 0
  /// What went wrong; none of it stopped the run.
  public var warnings: [String] = []

  /// Makes an empty summary.
  public init() {}
}

/// The connection of a store to its remote tier: verified reads, queued writes, remembered failures.
final class RemoteLink: Sendable {
  /// A record and the artifact behind it, to be written to the tier.
  struct Push: Sendable {
    var plan: PlanKey?
    var action: ActionKey
    var output: ContentDigest
  }

  private struct State {
    var summary = RemoteSummary()
    var readFailures = 0
    var writeFailures = 0
    /// Entries that the tier has, but damaged or without what belongs to them.
    var suspects: Set<RemoteEntry> = []
  }

  private static let maximumFailures = 3
  private static let maximumWarnings = 20
  private static let maximumQueued = 1024
  private let tier: any RemoteTier
  private let layout: CacheLayout
  private let files: any FileSystem
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "wina.store.remote")
  private let room = DispatchSemaphore(value: RemoteLink.maximumQueued)

  init(_ tier: any RemoteTier, layout: CacheLayout, files: any FileSystem) {
    self.tier = tier
    self.layout = layout
    self.files = files
  }

  var summary: RemoteSummary { state.withLock { $0.summary } }

  /// Waits for everything that was queued.
  func drain() { queue.sync {} }

  // Reading.

  /// Fetches the stored bytes of a record.
  func fetchRecord(_ entry: RemoteEntry) -> [UInt8]? {
    fetch(entry, limit: SealedRecord.maximumSize)
  }

  /// Fetches the stored bytes of a blob and verifies them; `size` is the logical one if known.
  func fetchBlob(_ digest: ContentDigest, size: Int?) -> [UInt8]? {
    let entry = RemoteEntry.object(digest)
    let limit = size ?? ArtifactManifest.maximumSize
    guard let stored = fetch(entry, limit: BlobHeader.size + limit) else {
      suspect(entry)
      return nil
    }
    do throws(StoreError) {
      let bytes = try BlobDecoder.decode(stored, limit: limit, digest: digest, path: entry.path)
      if let size, bytes.count != size {
        throw .corrupt(entry.path, "it holds \(bytes.count) bytes instead of \(size)")
      }
      return stored
    } catch {
      distrust(entry, error.message)
      return nil
    }
  }

  /// Returns whether the tier says that it has all the entries.
  func has(_ entries: [RemoteEntry]) -> Bool {
    guard canRead else { return false }
    do throws(StoreError) {
      let sizes = try tier.sizes(of: entries)
      state.withLock { $0.readFailures = 0 }
      return sizes.allSatisfy { $0 != nil }
    } catch {
      readFailed(error)
      return false
    }
  }

  /// Records that an entry of the tier is damaged, so that it is warned of and later replaced.
  func distrust(_ entry: RemoteEntry, _ reason: String) {
    suspect(entry)
    warn("the remote '\(tier.name)' is ignored for \(entry.path): \(reason)")
  }

  /// Records that an entry of the tier has to be written again when there is occasion.
  func suspect(_ entry: RemoteEntry) {
    state.withLock { state in _ = state.suspects.insert(entry) }
  }

  private var canRead: Bool {
    state.withLock { $0.readFailures < RemoteLink.maximumFailures }
  }

  private func fetch(_ entry: RemoteEntry, limit: Int) -> [UInt8]? {
    guard canRead else { return nil }
    do throws(StoreError) {
      let bytes = try tier.fetch(entry, limit: limit)
      state.withLock { state in
        state.readFailures = 0
        guard let bytes else { return }
        state.summary.fetchedEntries += 1
        state.summary.fetchedBytes += bytes.count
      }
      return bytes
    } catch  where error.code == .corrupt {
      distrust(entry, error.message)
      return nil
    } catch {
      readFailed(error)
      return nil
    }
  }

  private func readFailed(_ error: StoreError) {
    let isFirst = state.withLock { state in
      state.readFailures += 1
      return state.readFailures == 1
    }
    if isFirst { warn("the remote '\(tier.name)' cannot be read and counts as empty: \(error)") }
  }

  /// Records a warning once.
  func note(_ text: String) { warn(text) }

  private func warn(_ text: String) {
    state.withLock { state in
      let count = state.summary.warnings.count
      guard count < RemoteLink.maximumWarnings, !state.summary.warnings.contains(text) else {
        return
      }
      state.summary.warnings.append(text)
    }
  }

  // Writing.

  /// Queues records and their artifacts; waits only while very much is queued already.
  func enqueue(_ pushes: [Push]) {
    guard !pushes.isEmpty else { return }
    room.wait()
    queue.async {
      self.write(pushes)
      self.room.signal()
    }
  }

  private func write(_ pushes: [Push]) {
    let entries = pushes.map { push in push.plan.map(RemoteEntry.plan) ?? .action(push.action) }
    var sizes = [Int?](repeating: nil, count: entries.count)
    attempt { () throws(StoreError) in sizes = try tier.sizes(of: entries) }
    for (push, size) in zip(pushes, sizes) {
      if size != nil, state.withLock({ $0.suspects.isEmpty }) { continue }
      attempt { () throws(StoreError) in try write(push) }
    }
  }

  private func attempt(_ body: () throws(StoreError) -> Void) {
    guard state.withLock({ $0.writeFailures < RemoteLink.maximumFailures }) else { return }
    do throws(StoreError) {
      try body()
      state.withLock { $0.writeFailures = 0 }
    } catch {
      let isFirst = state.withLock { state in
        state.writeFailures += 1
        return state.writeFailures == 1
      }
      if isFirst {
        warn("the remote '\(tier.name)' cannot be written; results stay local: \(error)")
      }
    }
  }

  /// Writes chunks, manifest, action record and plan entry, in this order, where they are missing.
  private func write(_ push: Push) throws(StoreError) {
    let manifest: ArtifactManifest
    do throws(StoreError) {
      let path = layout.object(push.output)
      let limit = ArtifactManifest.maximumSize
      let text = try BlobDecoder.decode(
        files.read(path, limit: limit), limit: limit, digest: push.output, path: path)
      manifest = try ArtifactManifest(parsing: text, path: path, maximumBytes: .max)
    } catch  where error.isMiss {
      return  // What is gone here cannot be given to others.
    }
    var entries = manifest.chunks.map { RemoteEntry.object($0.digest) } + [.object(push.output)]
    entries.append(.action(push.action))
    if let plan = push.plan { entries.append(.plan(plan)) }
    let sizes = try tier.sizes(of: entries)
    // Where one entry turned out damaged, its neighbours were not even looked at: replace them all.
    let isSuspect = state.withLock { !$0.suspects.isDisjoint(with: entries) }
    for (entry, size) in zip(entries, sizes) {
      if size != nil, !isSuspect { continue }
      let bytes: [UInt8]
      do throws(StoreError) {
        bytes = try files.read(layout.path(entry), limit: .max)
      } catch  where error.isMiss {
        return
      }
      try tier.push(bytes, to: entry)
      state.withLock { state in
        state.suspects.remove(entry)
        state.summary.pushedEntries += 1
        state.summary.pushedBytes += bytes.count
      }
    }
  }
}
