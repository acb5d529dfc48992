import Foundation

/// A fresh directory that is removed when the value goes away.
public final class TemporaryDirectory: Sendable {
  /// The absolute path of the directory.
  public let path: String

  /// Makes a directory with a unique name below the system's temporary folder.
  public init() throws {
    path = NSTemporaryDirectory() + "wina-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    removeForcibly(path)
  }

  /// Returns the path of an entry of this directory.
  public func file(_ name: String) -> String { path + "/" + name }

  /// Writes a text file, making folders on the way, and returns its path.
  @discardableResult
  public func write(_ text: String, to name: String) throws -> String {
    try write(Array(text.utf8), to: name)
  }

  /// Writes a binary file, making folders on the way, and returns its path.
  @discardableResult
  public func write(_ bytes: [UInt8], to name: String) throws -> String {
    let url = URL(fileURLWithPath: file(name))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }
}

/// Removes a tree even where a test made parts of it read-only.
private func removeForcibly(_ path: String) {
  let manager = FileManager.default
  if (try? manager.removeItem(atPath: path)) != nil { return }
  if let entries = manager.enumerator(atPath: path) {
    for case let entry as String in entries {
      try? manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path + "/" + entry)
    }
  }
  try? manager.removeItem(atPath: path)
}
