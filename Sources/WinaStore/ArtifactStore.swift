import WinaPipeline

/// Artifacts and action results in one cache directory, shared by any number of processes.
///
/// Blobs are immutable and named by the digest of their logical bytes; records are small files that
/// are written after the blobs they speak of. Every read verifies. Whatever is missing, torn or
/// changed is a miss, never a wrong result. `CacheLayout` says where things lie.
public final class ArtifactStore: Sendable {
  /// Where things lie.
  public let layout: CacheLayout
  let options: StoreOptions
  let files: any FileSystem
  let staging: StagingArea
  let blobs: BlobFolder
  let index: PlanIndex
  let log: ActionLog
  let leases: LeaseTable
  let remote: RemoteLink?

  /// The cache directory.
  public var root: String { layout.root }

  /// Opens a cache directory, making it when it is absent or empty.
  ///
  /// - Parameters:
  ///   - root: The cache directory.
  ///   - options: The clock, threads and limits.
  ///   - remote: A tier that is read through to and written behind into.
  /// - Throws: ``StoreError``: `incompatibleLayout` for a directory of another version, `permission`
  ///   for one that cannot be made. A read-only cache opens; writing to it throws `permission`.
  public convenience init(
    root: String, options: StoreOptions, remote: (any RemoteTier)? = nil
  ) throws(StoreError) {
    try self.init(root: root, options: options, remote: remote, files: PosixFileSystem())
  }

  /// Opens a cache directory on a given file system.
  package init(
    root: String, options: StoreOptions, remote: (any RemoteTier)?, files: any FileSystem
  ) throws(StoreError) {
    layout = CacheLayout(root: root)
    self.options = options
    self.files = files
    staging = StagingArea(layout: layout, files: files)
    blobs = BlobFolder(layout: layout, files: files, staging: staging)
    index = PlanIndex(path: layout.planIndex, files: files)
    log = ActionLog(path: layout.actionLog, files: files)
    leases = LeaseTable(layout: layout, files: files, staging: staging, options: options)
    if let remote {
      self.remote = RemoteLink(remote, layout: layout, files: files)
    } else {
      self.remote = nil
    }
    try layout.prepare(files: files, staging: staging)
    try StagingArea.removeAbandoned(layout: layout, files: files)
  }
}

extension CacheLayout {
  /// Makes the directories and the `VERSION` file, or checks the ones that are there.
  func prepare(files: any FileSystem, staging area: StagingArea) throws(StoreError) {
    switch try existingVersion(files) {
    case CacheLayout.version: break
    case nil:
      let objects = try files.entries(objects)
      let actions = try files.entries(actions)
      if !objects.isEmpty || !actions.isEmpty {
        throw StoreError(
          .incompatibleLayout, "'\(root)' holds objects but no VERSION file",
          hint: "choose another place with --cache, or remove that directory")
      }
      try files.makeDirectory(root)
      try writeVersion(area)
    case "": try writeVersion(area)
    case let other?:
      let name = other.prefix { $0 != "\n" }
      throw StoreError(
        .incompatibleLayout,
        "'\(root)' was made by another version of wina: its VERSION says '\(name.prefix(60))'",
        hint: "choose another place with --cache, or remove that directory")
    }
    for directory in directories {
      if try !files.isDirectory(directory) { try files.makeDirectory(directory) }
    }
  }

  /// Reads the version: `nil` when there is none, empty when the file was torn by a power failure.
  private func existingVersion(_ files: any FileSystem) throws(StoreError) -> String? {
    guard try files.size(versionFile) != nil else { return nil }
    let bytes = try files.read(versionFile, limit: 4096)
    return bytes.allSatisfy { $0 == 0 } ? "" : String(decoding: bytes, as: UTF8.self)
  }

  private func writeVersion(_ area: StagingArea) throws(StoreError) {
    try area.place(Array(CacheLayout.version.utf8)[...], at: versionFile, mode: 0o644)
  }
}
