import Foundation
import WinaPipeline
import WinaStore

/// A run that the workspace knows of.
public struct RunListing: Sendable, Hashable {
  /// The run's name.
  public var id: RunID
  /// What it gave, or `nil` when it did not come to its end.
  public var result: RunResult?
}

/// The events that a run has recorded so far.
public struct RecordedEvents: Sendable, Hashable {
  /// The journal up to its last whole line.
  public var lines: ArraySlice<UInt8> = []
  /// The same as values.
  public var events: [JSONValue] = []
}

/// The runs of a workspace, read from their folders.
public struct RunHistory: Sendable {
  private let workspace: String
  private static let limit = 1 << 30

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

  /// Returns what a list says of the latest runs, latest first; a damaged one hides no other.
  ///
  /// - Parameter limit: How many at most.
  public func summaries(limit: Int = .max) throws(ExecutionError) -> [RunSummary] {
    try identifiers().prefix(limit).map(summary)
  }

  /// Returns what a list says of a run that the workspace has.
  public func summary(of id: RunID) -> RunSummary {
    do {
      if let result = try result(of: id) { return RunSummary(id, result) }
      let isAbandoned = try isAbandoned(id)
      // A process that ended a moment ago may have left a result.
      if isAbandoned, let result = try result(of: id) { return RunSummary(id, result) }
      return RunSummary(id, RunProgress(try events(of: id).events), isAbandoned: isAbandoned)
    } catch {
      return RunSummary(id, damaged: error.message)
    }
  }

  /// Returns whether the process of a run is known to have ended.
  private func isAbandoned(_ id: RunID) throws(ExecutionError) -> Bool {
    guard let mark = try contents(of: .owner, in: id) else { return false }
    return ProcessMark.isKnownDead(String(decoding: mark, as: UTF8.self))
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

  /// The path of a file in the folder of a run.
  public func path(of file: RunFile, in id: RunID) -> String {
    "\(directory(of: id))/\(file.rawValue)"
  }

  /// Returns whether the workspace has a run of this name.
  public func contains(_ id: RunID) throws(ExecutionError) -> Bool {
    do {
      return try PosixFileSystem().isDirectory(directory(of: id))
    } catch {
      throw .unreadableRun(directory(of: id), error)
    }
  }

  /// Returns the content of a file of a run, or `nil` when there is none.
  public func contents(of file: RunFile, in id: RunID) throws(ExecutionError) -> [UInt8]? {
    let path = path(of: file, in: id)
    do {
      return try PosixFileSystem().read(path, limit: RunHistory.limit)
    } catch {
      if error.code == .notFound { return nil }
      throw .unreadableRun(path, error)
    }
  }

  /// Returns the result of a run, or `nil` when there is none yet.
  public func result(of id: RunID) throws(ExecutionError) -> RunResult? {
    guard let bytes = try contents(of: .result, in: id) else { return nil }
    do {
      return try JSONDecoder().decode(RunResult.self, from: Data(bytes))
    } catch {
      throw .damagedRun(path(of: .result, in: id), "it does not hold the result of a run")
    }
  }

  /// Returns what a run has recorded; the last line is left out while it is not whole.
  ///
  /// - Throws: ``ExecutionError`` `damagedRun` when another line is not JSON.
  public func events(of id: RunID) throws(ExecutionError) -> RecordedEvents {
    guard let bytes = try contents(of: .journal, in: id) else { return RecordedEvents() }
    var recorded = RecordedEvents()
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      guard let event = JSONReader.parse(Array(bytes[start..<end])) else {
        if end == bytes.index(before: bytes.endIndex) { break }
        throw .damagedRun(
          path(of: .journal, in: id), "line \(recorded.events.count + 1) is not JSON")
      }
      recorded.events.append(event)
      start = bytes.index(after: end)
    }
    recorded.lines = bytes[..<start]
    return recorded
  }
}
