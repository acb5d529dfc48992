import Glibc
import WinaStore

/// Small files of the workspace, replaced whole so that no reader sees half of one.
enum WorkspaceFile {
  private static let limit = 1 << 30

  /// Returns the content, or `nil` when there is no readable file: what is kept here can be remade.
  static func contents(_ path: String) -> [UInt8]? {
    do {
      return try PosixFileSystem().read(path, limit: limit)
    } catch {
      return nil
    }
  }

  /// Writes a file beside the old one and renames it into its place.
  static func replace(_ path: String, with bytes: [UInt8]) throws(ExecutionError) {
    let files = PosixFileSystem()
    let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    let staged = "\(path).\(getpid()).new"
    do {
      try files.makeDirectory(folder)
      try files.remove(staged)
      try files.create(staged, bytes[...], mode: 0o644)
      try files.rename(staged, to: path)
    } catch {
      throw .workspace(folder, error.message)
    }
  }
}
