import Foundation
import WinaTestSupport

/// The package's files as they lie in the checkout.
struct SourceTree: Sendable {
  /// The tree of this checkout, read once.
  static let checkout: Result<SourceTree, any Error> = Result { try SourceTree() }

  /// The Swift and C files below `Sources` and `Tests`, and Package.swift.
  let sources: [SourceText]
  /// Every path below the root that is looked at, relative to it.
  let paths: [String]

  private init() throws {
    var paths = ["Package.swift"]
    for folder in ["Sources", "Tests", "experiments"] {
      let root = SharedData.packageRoot + "/" + folder
      guard FileManager.default.fileExists(atPath: root) else { continue }
      paths += try FileManager.default.subpathsOfDirectory(atPath: root).map { folder + "/" + $0 }
    }
    self.paths = paths.sorted()
    sources = try self.paths
      .filter { path in [".swift", ".c", ".h"].contains { path.hasSuffix($0) } }
      .filter { !$0.hasPrefix("Tests/Fixtures/") && !$0.hasPrefix("experiments/") }
      .map { SourceText(path: $0, text: try SourceTree.read($0)) }
  }

  /// Returns the text of a file of the checkout.
  static func read(_ path: String) throws -> String {
    let url = URL(fileURLWithPath: SharedData.packageRoot + "/" + path)
    return String(decoding: try Data(contentsOf: url), as: UTF8.self)
  }

  /// Returns the source with the given path.
  func source(_ path: String) -> SourceText? { sources.first { $0.path == path } }

  var libraries: [SourceText] { sources.filter { $0.isLibrary && $0.isSwift } }
}
