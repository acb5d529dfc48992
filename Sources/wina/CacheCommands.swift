import ArgumentParser
import Foundation
import WinaPipeline
import WinaReport
import WinaStore

/// `wina cache`: what the cache holds.
struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Look after the cache.",
    subcommands: [CacheStats.self, CacheVerify.self])
}

/// `wina cache stats`: counts and bytes.
struct CacheStats: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Show what the cache holds.")

  @Option(help: "The cache directory.")
  var cache: String?

  @Flag(help: "Print JSON.")
  var json = false

  func perform() throws {
    let workspace = Workspace(spec: nil, cache: cache)
    let statistics = try workspace.store(remote: nil).statistics()
    let rows = [
      ("objects", statistics.objects), ("actions", statistics.actions),
      ("plans", statistics.plans), ("trash", statistics.trash),
    ]
    if json {
      var members: [String: JSONValue] = [
        "type": .string("cache"), "path": .string(workspace.cache),
        "logical_bytes": .int(statistics.logicalBytes), "ratio": .double(statistics.ratio),
      ]
      for (name, row) in rows {
        members[name] = .object(["count": .int(row.count), "bytes": .int(row.bytes)])
      }
      StandardOutput.write(JSONValue.object(members).canonicalText + "\n")
      return
    }
    var table = TextTable([
      .init("what"), .init("count", isNumeric: true), .init("bytes", isNumeric: true),
    ])
    for (name, row) in rows { table.append([name, String(row.count), String(row.bytes)]) }
    StandardOutput.write("\(workspace.cache)\n")
    StandardOutput.write(table.lines().joined(separator: "\n") + "\n")
    StandardOutput.write(
      "\(statistics.logicalBytes) logical bytes, stored "
        + "\((statistics.ratio * 100).rounded() / 100) times smaller\n")
  }
}

/// `wina cache verify`: reads every blob back.
struct CacheVerify: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Read every blob back and report damage.")

  @Option(help: "The cache directory.")
  var cache: String?

  func perform() throws {
    let report = try Workspace(spec: nil, cache: cache).store(remote: nil).verify()
    for problem in report.problems {
      StandardOutput.write("\(problem.kind): \(problem.path): \(problem.message)\n")
    }
    StandardOutput.write(
      "\(report.objects) objects, \(report.bytes) bytes, \(report.problems.count) problems\n")
    if !report.problems.isEmpty { throw ExitCode(3) }
  }
}
