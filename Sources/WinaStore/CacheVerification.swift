import Synchronization
import WinaPipeline

/// Something in a cache that is not as it should be.
public struct CacheProblem: Hashable, Sendable, CustomStringConvertible {
  /// The kinds of problem.
  public enum Kind: String, Hashable, Sendable {
    /// A blob or a record is damaged.
    case corrupt
    /// A record needs a blob or a record that is not there.
    case missing
    /// A file lies where none belongs.
    case garbage
  }

  /// The kind of problem.
  public var kind: Kind
  /// The file, relative to the cache directory.
  public var path: String
  /// What is wrong.
  public var message: String

  public var description: String { "\(kind.rawValue): \(path): \(message)" }
}

/// What checking a whole cache gave.
public struct VerificationReport: Hashable, Sendable {
  /// How many blobs were read.
  public var objects = 0
  /// Their logical bytes.
  public var bytes = 0
  /// How many records were read.
  public var records = 0
  /// What is wrong, sorted by path.
  public var problems: [CacheProblem] = []
}

extension ArtifactStore {
  /// Reads every blob and every record, and checks that they fit together.
  ///
  /// Nothing is changed; ``quarantine(_:)`` does that.
  public func verify(threads: Int? = nil) throws(StoreError) -> VerificationReport {
    let report = Mutex(VerificationReport())
    let objects = try shardedFiles(in: layout.objects)
    let actions = try shardedFiles(in: layout.actions)
    let plans = try shardedFiles(in: layout.plans)
    let paths = objects + actions + plans
    Workers.each(count: paths.count, threads: threads ?? options.threads) { index in
      let path = paths[index]
      let (problem, bytes) =
        index < objects.count
        ? self.checkObject(path)
        : (index < objects.count + actions.count ? self.checkAction(path) : self.checkPlan(path), 0)
      report.withLock { report in
        if index < objects.count { report.objects += 1 } else { report.records += 1 }
        report.bytes += bytes
        if let problem { report.problems.append(problem) }
      }
    }
    var result = report.withLock { $0 }
    result.problems.sort { $0.path < $1.path }
    return result
  }

  private func problem(_ kind: CacheProblem.Kind, _ path: String, _ message: String)
    -> CacheProblem
  {
    CacheProblem(kind: kind, path: String(path.dropFirst(root.count + 1)), message: message)
  }

  private func digest(named path: String) -> ContentDigest? {
    let parts = path.split(separator: "/")
    guard parts.count > 1, let name = parts.last, parts[parts.count - 2] == name.prefix(2) else {
      return nil
    }
    return ContentDigest(hex: name)
  }

  private func checkObject(_ path: String) -> (CacheProblem?, Int) {
    guard let digest = digest(named: path) else {
      return (problem(.garbage, path, "its name is no digest"), 0)
    }
    do throws(StoreError) {
      let stored = try files.read(path, limit: .max)
      let limit = options.maximumArtifactBytes
      let bytes = try BlobDecoder.decode(stored, limit: limit, digest: digest, path: path)
      return (nil, bytes.count)
    } catch {
      return (problem(.corrupt, path, error.message), 0)
    }
  }

  private func checkAction(_ path: String) -> CacheProblem? {
    guard let digest = digest(named: path) else {
      return problem(.garbage, path, "its name is no digest")
    }
    guard let result = actionResult(for: ActionKey(digest: digest)) else {
      return problem(.corrupt, path, "the record is damaged")
    }
    if contains(result.output) { return nil }
    return problem(
      .missing, path, "its output \(result.output.hex) of '\(result.taskName)' is not complete")
  }

  private func checkPlan(_ path: String) -> CacheProblem? {
    guard let digest = digest(named: path) else {
      return problem(.garbage, path, "its name is no digest")
    }
    guard let entry = planEntry(for: PlanKey(digest: digest)) else {
      return problem(.corrupt, path, "the record is damaged")
    }
    if actionResult(for: entry.action) != nil { return nil }
    return problem(.missing, path, "its action \(entry.action.digest.hex) has no record")
  }

  /// Moves the blobs of an artifact that fail verification to the trash.
  ///
  /// Afterwards the artifact is absent if any of its blobs was bad, and its task a miss.
  ///
  /// - Returns: The digests of the blobs that were moved.
  @discardableResult
  public func quarantine(_ digest: ContentDigest) throws(StoreError) -> [ContentDigest] {
    var moved: [ContentDigest] = []
    let manifest: ArtifactManifest
    do throws(StoreError) {
      let text = try blobs.read(digest, limit: ArtifactManifest.maximumSize)
      manifest = try ArtifactManifest(
        parsing: text, path: layout.object(digest), maximumBytes: options.maximumArtifactBytes)
    } catch {
      switch error.code {
      case .corrupt: return try moveToTrash(digest) ? [digest] : []
      case .notFound: return []
      default: throw error
      }
    }
    for (chunk, size) in manifest.chunks where try !blobs.isSound(chunk, size: size) {
      if try moveToTrash(chunk) { moved.append(chunk) }
    }
    return moved
  }

  private func moveToTrash(_ digest: ContentDigest) throws(StoreError) -> Bool {
    let name = try staging.freshPath().split(separator: "/").suffix(2).joined(separator: "+")
    try files.makeDirectory(layout.trash)
    do {
      try files.rename(layout.object(digest), to: "\(layout.trash)/\(digest.hex)+\(name)")
      return true
    } catch  where error.code == .notFound {
      return false
    }
  }
}
