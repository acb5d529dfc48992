import Dispatch
import Synchronization
import WinaPipeline
import WinaStore

/// The record of one run in the workspace: a line of JSON per event, and the result at the end.
public final class RunJournal: Sendable {
  /// The run's folder.
  public let directory: String

  private let queue = DispatchQueue(label: "wina.journal")
  private let pending = Mutex<[UInt8]>([])
  private let failure = Mutex<ExecutionError?>(nil)

  /// Makes the folder of a run.
  ///
  /// - Parameters:
  ///   - workspace: The `.wina` folder.
  ///   - run: The run's name.
  public init(workspace: String, run: RunID) throws(ExecutionError) {
    directory = "\(RunHistory.folder(workspace))/\(run.text)"
    do {
      try PosixFileSystem().makeDirectory(directory)
    } catch {
      throw .workspace(workspace, error.message)
    }
    try WorkspaceFile.replace(
      "\(directory)/\(RunFile.owner.rawValue)", with: Array(ProcessMark.current.utf8))
  }

  /// Appends an event; it is written soon, together with others.
  public func record(_ event: RunEvent) {
    let line = Array((event.json.canonicalText + "\n").utf8)
    let isFirst = pending.withLock { pending in
      defer { pending += line }
      return pending.isEmpty
    }
    if isFirst { queue.async { [self] in writePending() } }
  }

  /// Writes what is still to be written, and then the result.
  public func finish(_ result: RunResult) throws(ExecutionError) {
    try close()
    let line: String
    do {
      line = try result.line()
    } catch {
      throw .workspace(directory, "the result cannot be encoded: \(error)")
    }
    try WorkspaceFile.replace(
      "\(directory)/\(RunFile.result.rawValue)", with: Array((line + "\n").utf8))
  }

  /// Writes what is still to be written.
  public func close() throws(ExecutionError) {
    queue.sync { writePending() }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  private func writePending() {
    let bytes = pending.withLock { pending in
      defer { pending = [] }
      return pending
    }
    guard !bytes.isEmpty else { return }
    do {
      try PosixFileSystem().append(bytes, to: "\(directory)/\(RunFile.journal.rawValue)")
    } catch {
      failure.withLock { $0 = $0 ?? .workspace(directory, error.message) }
    }
  }
}
