import Glibc
import WinaPipeline
import WinaStore

/// What the file system says of a file, by which a change is noticed without reading it.
struct FileStamp: Hashable, Sendable {
  var size: Int
  /// Nanoseconds since 1970.
  var modified: Int
  var inode: UInt64
  /// When the inode changed, in nanoseconds since 1970; it cannot be set back by a program.
  var changed: Int

  /// Looks at a regular file; `nil` when there is none.
  static func of(_ path: String) throws(ExecutionError) -> FileStamp? {
    var status = stat()
    if stat(path, &status) != 0 {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw .unreadable(path, String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    return FileStamp(
      size: Int(status.st_size),
      modified: status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec,
      inode: UInt64(status.st_ino),
      changed: status.st_ctim.tv_sec * 1_000_000_000 + status.st_ctim.tv_nsec)
  }

  /// Returns whether there is a directory at a path.
  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}

/// A file with the content that the plan was made for.
struct KnownFile: Hashable, Sendable {
  var path: String
  var digest: ContentDigest
  var stamp: FileStamp

  /// Checks that the file looks as it did; the content is not read.
  func checkUnchanged() throws(ExecutionError) {
    guard try FileStamp.of(path) == stamp else { throw .changed(path) }
  }
}
