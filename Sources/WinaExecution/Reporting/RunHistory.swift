import Foundation
import WinaStore

/// A run that the workspace knows of.
public struct RunListing: Sendable, Hashable {
  /// The run's name.
  public var id: RunID
  /// What it gave, or `nil` when it did not come to its end.
  public var result: RunResult?
}

/// The runs of a workspace.
public struct RunHistory: Sendable {
  private let workspace: String

  /// Opens the history of a workspace.
  ///
  /// - Parameter workspace: The `.wina` folder, which may be absent.
  public init(workspace: String) { self.workspace = workspace }

  static func folder(_ workspace: String) -> String { workspace + "/runs" }

  /// Returns the names of all runs, latest first.
  public func identifiers() throws(ExecutionError) -> [RunID] {
    do {
      return try PosixFileSystem().entries(RunHistory.folder(workspace))
        .compactMap { RunID($0) }.sorted(by: >)
    } catch {
      throw .workspace(workspace, error.message)
    }
  }

  /// Returns the latest runs, latest first.
  ///
  /// - Parameter limit: How many at most.
  public func runs(limit: Int = .max) throws(ExecutionError) -> [RunListing] {
    var listings: [RunListing] = []
    for id in try identifiers().prefix(limit) {
      listings.append(RunListing(id: id, result: try result(of: id)))
    }
    return listings
  }

  /// Returns the run with a name.
  ///
  /// - Parameter name: A name, the beginning of just one name, or `last`.
  /// - Throws: ``ExecutionError`` `unknownRun` that lists the latest names.
  public func load(_ name: String) throws(ExecutionError) -> RunListing {
    let all = try identifiers()
    let matches = name == "last" ? Array(all.prefix(1)) : all.filter { $0.text.hasPrefix(name) }
    guard matches.count == 1, !name.isEmpty else {
      let known = all.prefix(5).map(\.text).joined(separator: ", ")
      throw ExecutionError(
        .unknownRun,
        matches.isEmpty ? "there is no run '\(name)'" : "'\(name)' begins more than one run",
        hint: all.isEmpty ? "no run has been made in this workspace" : "the latest are: \(known)")
    }
    return RunListing(id: matches[0], result: try result(of: matches[0]))
  }

  /// The folder of a run.
  public func directory(of id: RunID) -> String { "\(RunHistory.folder(workspace))/\(id.text)" }

  private func result(of id: RunID) throws(ExecutionError) -> RunResult? {
    guard let bytes = WorkspaceFile.contents(directory(of: id) + "/result.json") else {
      return nil
    }
    do {
      return try JSONDecoder().decode(RunResult.self, from: Data(bytes))
    } catch {
      throw .workspace(directory(of: id), "result.json cannot be read: \(error)")
    }
  }
}
