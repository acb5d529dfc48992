import Foundation

/// A temporary folder that goes away with the last case that uses it.
final class BenchmarkFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "wina-benchmark-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      FileHandle.standardError.write(Data("warning: \(path) remains: \(error)\n".utf8))
    }
  }
}
