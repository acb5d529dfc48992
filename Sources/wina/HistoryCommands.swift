import ArgumentParser
import WinaExecution
import WinaPipeline
import WinaReport
import WinaStages
import WinaStore

/// `wina runs`: earlier runs of the workspace.
struct RunsCommand: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "List the runs of this workspace, newest first.")

  @Flag(help: "Print JSON lines.")
  var json = false

  @Option(help: "How many.")
  var limit = 20

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("--limit must not be negative") }
  }

  func perform() throws {
    let history = RunHistory(workspace: Workspace(spec: nil, cache: nil).state)
    if json {
      for case let result? in try history.runs(limit: limit).map(\.result) {
        StandardOutput.write(try result.line() + "\n")
      }
      return
    }
    var table = TextTable([
      .init("run"), .init("experiment"), .init("status"), .init("tasks", isNumeric: true),
      .init("ran", isNumeric: true), .init("seconds", isNumeric: true), .init("spec"),
    ])
    for run in try history.summaries(limit: limit) {
      table.append([
        run.run.text, run.experiment ?? "", run.status.rawValue,
        run.tasks.map(String.init) ?? "",
        run.tasks.map { _ in String(run.counts[.ran] ?? 0) } ?? "",
        run.seconds.map { "\(($0 * 10).rounded() / 10)" } ?? "", run.spec ?? run.message ?? "",
      ])
    }
    let width = TerminalCapabilities.standardOutput.width
    StandardOutput.write(table.lines(width: max(100, width)).joined(separator: "\n") + "\n")
  }
}

/// `wina show`: the results of a run, or what an artifact holds.
struct ShowCommand: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the results of a run, or what an artifact holds.")

  @Argument(
    help: "A run (`last`, an id or the start of one), a task of a run, or an artifact's digest.")
  var subject = "last"

  @Option(help: "The run whose task is meant; the latest if not given.")
  var run: String?

  @Option(help: "The cache directory.")
  var cache: String?

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Also show tables by label; for an artifact, its tensors and metadata.")
  var verbose = false

  func perform() throws {
    let workspace = Workspace(spec: nil, cache: cache)
    if let digest = ContentDigest(hex: subject) {
      try showArtifact(digest, try workspace.store(remote: nil))
      return
    }
    let history = RunHistory(workspace: workspace.state)
    if try run != nil || isTask(subject, history) {
      let store = try workspace.store(remote: nil)
      let lookup = ArtifactLookup(workspace: workspace, store: store)
      try showArtifact(try lookup.output(named: subject, run: run), store)
      return
    }
    if let latest = try? history.load("last").result, subject != "last" {
      let parts = latest.tasks.map(\.name).filter {
        $0.hasPrefix(subject + "#") || $0.hasPrefix(subject + ".")
      }
      if let first = parts.first {
        throw ExecutionError(
          .unknownRun, "'\(subject)' is \(parts.count) tasks of run \(latest.run)",
          hint: "name one of them, such as '\(first)'")
      }
    }
    let listing = try history.load(subject)
    guard let result = listing.result else {
      StandardOutput.write("\(listing.id): \(history.summary(of: listing.id).status.rawValue)\n")
      return
    }
    if json {
      StandardOutput.write(try result.line() + "\n")
      return
    }
    guard let stored = try history.contents(of: .report, in: listing.id) else {
      let failed = result.tasks.filter { $0.status == .failed }
      StandardOutput.write("\(result.run): \(result.status.rawValue)\n")
      for task in failed { StandardOutput.write("  failed: \(task.name): \(task.reason)\n") }
      return
    }
    let report = try StoredReport.decode(stored)
    let terminal = TerminalCapabilities.standardOutput
    StandardOutput.write(
      ReportText(report).terminal(
        width: terminal.width, usesColor: terminal.usesColor, showsLabels: verbose))
  }

  /// Whether a word names a task of the latest run rather than a run.
  private func isTask(_ subject: String, _ history: RunHistory) throws -> Bool {
    guard subject != "last", let latest = try? history.load("last").result else { return false }
    return latest.tasks.contains { $0.name == subject }
  }

  private func showArtifact(_ digest: ContentDigest, _ store: ArtifactStore) throws {
    let manifest = try store.manifest(of: digest)
    if json {
      StandardOutput.write(manifest.metadata.canonicalText + "\n")
      return
    }
    StandardOutput.write("\(digest.hex)  \(manifest.format)\n")
    let terminal = TerminalCapabilities.standardOutput
    let text = try ArtifactText(
      try store.read(digest, as: manifest.format), format: manifest.format, width: terminal.width)
    if !text.lines.isEmpty, !verbose {
      StandardOutput.write(text.lines.joined(separator: "\n") + "\n")
      return
    }
    var table = TextTable([.init("tensor"), .init("type"), .init("shape")])
    for tensor in manifest.tensors {
      table.append([
        tensor.name, tensor.elementType, tensor.shape.map(String.init).joined(separator: " × "),
      ])
    }
    StandardOutput.write(table.lines().joined(separator: "\n") + "\n")
    StandardOutput.write(manifest.metadata.canonicalText + "\n")
  }
}
