import Foundation
import Glibc
import Synchronization
import Testing
import WinaTestSupport

/// A folder with the toy model, the toy data, a spec and a cache.
final class ToyWorkspace: Sendable {
  private let directory: TemporaryDirectory

  var path: String { directory.path }

  private init(_ directory: TemporaryDirectory) { self.directory = directory }

  /// Makes a workspace with an empty cache.
  init(documents: Int = 160, spec: String = ToySpec.full) throws {
    directory = try TemporaryDirectory()
    try ToyModel.write(to: directory.file("model"))
    for kind in ToyData.kinds { try write(kind, count: documents) }
    try directory.write(
      ToyData.questions(count: 60).joined(), to: "bench/arc_easy/validation.jsonl")
    try directory.write("", to: "cache/.gitkeep")
    try directory.write(spec, to: "toy.yaml")
  }

  /// Returns a copy, with the cache or with an empty one.
  func copy(withCache: Bool = true) throws -> ToyWorkspace {
    let copy = ToyWorkspace(try TemporaryDirectory())
    let manager = FileManager.default
    for entry in try manager.contentsOfDirectory(atPath: path) where entry != "cache" {
      if !withCache, entry == ".wina" { continue }
      try manager.copyItem(atPath: file(entry), toPath: copy.file(entry))
    }
    try copy.directory.write("", to: "cache/.gitkeep")
    guard withCache else { return copy }
    for entry in try manager.contentsOfDirectory(atPath: file("cache")) where entry != ".gitkeep" {
      if entry == "objects" {
        try linkObjects(to: copy)
      } else {
        try manager.copyItem(atPath: file("cache/" + entry), toPath: copy.file("cache/" + entry))
      }
    }
    return copy
  }

  /// Gives another workspace the same blobs, which no one may change in place.
  private func linkObjects(to copy: ToyWorkspace) throws {
    let manager = FileManager.default
    let root = file("cache/objects")
    for folder in try manager.contentsOfDirectory(atPath: root) {
      let target = copy.file("cache/objects/" + folder)
      try manager.createDirectory(atPath: target, withIntermediateDirectories: true)
      for name in try manager.contentsOfDirectory(atPath: "\(root)/\(folder)") {
        guard Glibc.link("\(root)/\(folder)/\(name)", "\(target)/\(name)") == 0 else {
          throw CocoaError(.fileWriteUnknown)
        }
      }
    }
  }

  /// Writes a document set.
  func write(_ kind: ToyData.Kind, count: Int) throws {
    try directory.write(
      ToyData.lines(kind, count: count).joined(), to: "\(kind.label).jsonl")
  }

  func file(_ name: String) -> String { directory.file(name) }

  func write(_ text: String, to name: String = "toy.yaml") throws {
    try directory.write(text, to: name)
  }

  func start(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> WinaProcess {
    try WinaProcess(arguments, in: path, environment: environment)
  }

  /// Runs the program to its end.
  func wina(
    _ arguments: String..., environment: [String: String] = [:]
  ) throws -> WinaProcess.Outcome {
    try start(arguments, environment: environment).wait()
  }

  /// Runs the spec and returns its result; records an issue unless it succeeds.
  func run(
    _ arguments: String..., spec: String = "toy.yaml",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> RunReport {
    let outcome = try start(["run", spec, "--json"] + arguments).wait()
    if outcome.status != 0 {
      let failures = outcome.output.split(separator: "\n").filter { $0.contains("task-failed") }
      Issue.record(
        "ended with \(outcome.status):\n\(outcome.errors)\(failures.joined(separator: "\n"))",
        sourceLocation: sourceLocation)
    }
    return try RunReport(outcome)
  }

  private static let leftovers = Mutex<[String]>([])

  /// Removes a folder when the tests end: what is shared by all of them is never released.
  private static func removeAtExit(_ path: String) {
    let isFirst = leftovers.withLock { paths in
      paths.append(path)
      return paths.count == 1
    }
    guard isFirst else { return }
    atexit {
      for path in ToyWorkspace.leftovers.withLock({ $0 }) {
        _ = try? FileManager.default.removeItem(atPath: path)
      }
    }
  }

  /// A workspace in which the full spec has run, and what came out.
  private static let full = Result { try Warm(ToySpec.full) }
  private static let small = Result { try Warm(ToySpec.small) }

  /// A workspace whose spec has run, with the result of that first run.
  struct Warm: Sendable {
    let workspace: ToyWorkspace
    let report: RunReport

    fileprivate init(_ spec: String) throws {
      workspace = try ToyWorkspace(spec: spec)
      ToyWorkspace.removeAtExit(workspace.path)
      report = try workspace.run("--jobs", "2")
    }
  }

  /// Returns the shared workspace with a full cache; copy it to change it.
  static func warm() throws -> Warm { try full.get() }

  /// Returns the shared workspace of the small spec; copy it to change it.
  static func warmSmall() throws -> Warm { try small.get() }
}
