import ArgumentParser
import Foundation
import WinaDiagnostics
import WinaExecution
import WinaServer
import WinaStore

/// A command about an experiment; what it throws becomes messages and an exit code.
protocol SpecCommand: ParsableCommand {
  /// Does the work.
  func perform() throws
}

extension SpecCommand {
  func run() throws {
    do {
      try perform()
    } catch let code as ExitCode {
      throw code
    } catch let error as SpecError {
      Diagnostics.write(error.diagnostics)
      throw ExitCode(2)
    } catch let error as ExecutionError {
      StandardError.write("error: \(error)\n")
      throw ExitCode([.workspace, .unreadable, .damagedRun].contains(error.code) ? 3 : 2)
    } catch let error as ServerError {
      StandardError.write("error: \(error)\n")
      throw ExitCode(3)
    } catch let error as StoreError {
      StandardError.write("error: \(error)\n")
      throw ExitCode(3)
    } catch {
      StandardError.write("error: \(error)\n")
      throw ExitCode(1)
    }
  }
}

/// Errors and warnings of a spec, for people.
enum Diagnostics {
  static func write(_ diagnostics: [Diagnostic]) {
    guard !diagnostics.isEmpty else { return }
    let renderer = DiagnosticRenderer(usesColor: TerminalCapabilities.standardError.usesColor)
    StandardError.write(renderer.render(diagnostics).trimmingTrailingNewlines + "\n")
    let errors = diagnostics.filter { $0.severity == .error }.count
    if errors > 0 { StandardError.write("\(errors) error\(errors == 1 ? "" : "s")\n") }
  }
}

extension String {
  fileprivate var trimmingTrailingNewlines: String {
    var text = self
    while text.hasSuffix("\n") { text.removeLast() }
    return text
  }
}

/// The options that say which spec, with which settings, over which cache.
struct SpecOptions: ParsableArguments {
  @Argument(help: "The experiment spec, a YAML file.")
  var spec: String

  @Option(name: .customLong("set"), help: "Set a variable or stage.parameter: --set k=6.")
  var settings: [String] = []

  @Option(
    help: "Only these stages and what they need, separated by commas.",
    transform: { $0.split(separator: ",").map(String.init) })
  var only: [String] = []

  @Option(help: "The cache directory (default: WINA_CACHE, or cache/ of the workspace).")
  var cache: String?

  @Option(help: "A shared directory to read from and write to (default: WINA_REMOTE).")
  var remote: String?
}

/// The folders that belong to a spec.
struct Workspace {
  /// The folder at or above the spec that holds `wina.yaml` or `cache/`; else the spec's own.
  let root: String
  /// The cache directory.
  let cache: String
  /// The folder of runs and of what planning remembers.
  var state: String { root + "/.wina" }

  init(spec: String?, cache: String?) {
    let environment = ProcessInfo.processInfo.environment
    let here = FileManager.default.currentDirectoryPath
    let start =
      spec.map { URL(fileURLWithPath: $0).deletingLastPathComponent().standardizedFileURL.path }
      ?? here
    root = Workspace.nearest(start) ?? start
    let chosen = cache ?? environment["WINA_CACHE"].flatMap { $0.isEmpty ? nil : $0 }
    self.cache = chosen.map { Workspace.absolute($0, from: here) } ?? root + "/cache"
  }

  private static func nearest(_ start: String) -> String? {
    var url = URL(fileURLWithPath: start)
    while true {
      for mark in ["wina.yaml", "cache"] {
        if FileManager.default.fileExists(atPath: url.appendingPathComponent(mark).path) {
          return url.path
        }
      }
      guard url.path != "/" else { return nil }
      url.deleteLastPathComponent()
    }
  }

  /// Returns a path made absolute.
  static func absolute(_ path: String, from folder: String) -> String {
    URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true))
      .standardizedFileURL.path
  }

  /// Opens the cache, with the team's shared directory behind it.
  func store(remote: String?) throws -> ArtifactStore {
    let environment = ProcessInfo.processInfo.environment
    let shared = remote ?? environment["WINA_REMOTE"].flatMap { $0.isEmpty ? nil : $0 }
    let tier = shared.map {
      DirectoryRemote(
        path: Workspace.absolute($0, from: FileManager.default.currentDirectoryPath))
    }
    return try ArtifactStore(
      root: cache, options: StoreOptions(clock: RunClock.system.seconds), remote: tier)
  }
}

extension RunClock {
  /// The clocks of this machine.
  static let system: RunClock = {
    let clock = ContinuousClock()
    let start = clock.now
    return RunClock(
      seconds: {
        let parts = (clock.now - start).components
        return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
      }, now: { Date().timeIntervalSince1970 })
  }()
}
