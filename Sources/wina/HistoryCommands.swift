import ArgumentParser
import Foundation
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

  func perform() throws {
    let history = RunHistory(workspace: Workspace(spec: nil, cache: nil).state)
    var table = TextTable([
      .init("run"), .init("experiment"), .init("status"), .init("tasks", isNumeric: true),
      .init("ran", isNumeric: true), .init("seconds", isNumeric: true), .init("spec"),
    ])
    for listing in try history.runs().prefix(max(0, limit)) {
      guard let result = listing.result else {
        table.append([listing.id.description, "", "unfinished", "", "", "", ""])
        continue
      }
      if json {
        StandardOutput.write(try result.line() + "\n")
        continue
      }
      let ran = result.tasks.filter { $0.status == .ran }.count
      table.append([
        listing.id.description, result.experiment, result.status.rawValue,
        String(result.tasks.count),
        String(ran), "\((result.seconds * 10).rounded() / 10)", result.spec,
      ])
    }
    guard !json else { return }
    let width = TerminalCapabilities.standardOutput.width
    StandardOutput.write(table.lines(width: max(100, width)).joined(separator: "\n") + "\n")
  }
}

/// `wina show`: the results of a run, or what an artifact holds.
struct ShowCommand: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the results of a run, or what an artifact holds.")

  @Argument(help: "A run (`last`, an id or the start of one), or an artifact's digest.")
  var subject = "last"

  @Option(help: "The cache directory.")
  var cache: String?

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Also show tables by label.")
  var verbose = false

  func perform() throws {
    let workspace = Workspace(spec: nil, cache: cache)
    if let digest = ContentDigest(hex: subject) {
      try showArtifact(digest, try workspace.store(remote: nil))
      return
    }
    let listing = try RunHistory(workspace: workspace.state).load(subject)
    guard let result = listing.result else {
      StandardOutput.write("\(listing.id): unfinished\n")
      return
    }
    if json {
      StandardOutput.write(try result.line() + "\n")
      return
    }
    let path = "\(workspace.state)/runs/\(result.run)/report.json"
    guard let data = FileManager.default.contents(atPath: path) else {
      let failed = result.tasks.filter { $0.status == .failed }
      StandardOutput.write("\(result.run): \(result.status.rawValue)\n")
      for task in failed { StandardOutput.write("  failed: \(task.name): \(task.reason)\n") }
      return
    }
    let report = try StoredReport.decode(Array(data))
    let terminal = TerminalCapabilities.standardOutput
    StandardOutput.write(
      ReportText(report).terminal(
        width: terminal.width, usesColor: terminal.usesColor, showsLabels: verbose))
  }

  private func showArtifact(_ digest: ContentDigest, _ store: ArtifactStore) throws {
    let manifest = try store.manifest(of: digest)
    if json {
      StandardOutput.write(manifest.metadata.canonicalText + "\n")
      return
    }
    StandardOutput.write("\(digest.hex)  \(manifest.format)\n")
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

/// The report that a run left in its folder.
enum StoredReport {
  static func encode(_ report: ComparisonReport) throws -> [UInt8] {
    Array(try JSONEncoder().encode(report))
  }

  static func decode(_ bytes: [UInt8]) throws -> ComparisonReport {
    try JSONDecoder().decode(ComparisonReport.self, from: Data(bytes))
  }
}
