import Synchronization
import WinaPipeline

/// A directory, usually on a network file system, laid out like a cache.
public struct DirectoryRemote: RemoteTier {
  private final class Connection: Sendable {
    let layout: CacheLayout
    let files: any FileSystem
    let staging: StagingArea
    let isPrepared = Mutex(false)

    init(path: String, files: any FileSystem) {
      layout = CacheLayout(root: path)
      self.files = files
      staging = StagingArea(layout: layout, files: files)
    }
  }

  private let connection: Connection

  /// Names a directory; it is made when it is first used.
  public init(path: String) { self.init(path: path, files: PosixFileSystem()) }

  /// Names a directory of a given file system.
  package init(path: String, files: any FileSystem) {
    connection = Connection(path: path, files: files)
  }

  public var name: String { connection.layout.root }

  public func fetch(_ entry: RemoteEntry, limit: Int) throws(StoreError) -> [UInt8]? {
    try prepare()
    do {
      return try connection.files.read(connection.layout.path(entry), limit: limit)
    } catch  where error.code == .notFound {
      return nil
    }
  }

  public func sizes(of entries: [RemoteEntry]) throws(StoreError) -> [Int?] {
    try prepare()
    var sizes: [Int?] = []
    for entry in entries {
      sizes.append(try connection.files.size(connection.layout.path(entry)))
    }
    return sizes
  }

  public func push(_ bytes: [UInt8], to entry: RemoteEntry) throws(StoreError) {
    try prepare()
    try connection.staging.place(bytes[...], at: connection.layout.path(entry), mode: 0o444)
  }

  /// Makes the directory or checks its version, once; a failure is tried again at the next use.
  private func prepare() throws(StoreError) {
    try connection.isPrepared.withLock { (isPrepared) throws(StoreError) in
      if isPrepared { return }
      try connection.layout.prepare(files: connection.files, staging: connection.staging)
      isPrepared = true
    }
  }
}
