import WinaStore

/// Something outside the cache that keeps a run from starting or its history from being kept.
public struct ExecutionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure that callers tell apart.
  public enum Code: String, Hashable, Sendable {
    /// A file or directory that the spec names is not there.
    case missingFile
    /// A data file is not what its name says.
    case invalidData
    /// The data hold no sample.
    case emptyData
    /// A file cannot be read.
    case unreadable
    /// A file is no longer what the plan was made for.
    case inputChanged
    /// The workspace's own folder cannot be written or read.
    case workspace
    /// There is no such run.
    case unknownRun
    /// A file of a run is not what it should be.
    case damagedRun
  }

  /// The kind of failure.
  public var code: Code
  /// The fact, with path and line.
  public var message: String
  /// What to do about it; may be empty.
  public var hint: String
  /// The file that the failure is about.
  public var path: String?
  /// The line in that file, counted from 1.
  public var line: Int?

  /// Makes an error.
  public init(
    _ code: Code, _ message: String, hint: String = "", path: String? = nil, line: Int? = nil
  ) {
    self.code = code
    self.message = message
    self.hint = hint
    self.path = path
    self.line = line
  }

  public var description: String { hint.isEmpty ? message : "\(message) (\(hint))" }
}

extension ExecutionError {
  static func missing(_ path: String, what: String) -> ExecutionError {
    ExecutionError(
      .missingFile, "\(what) '\(path)' does not exist",
      hint: "check the path; relative paths are relative to the file that holds them", path: path)
  }

  static func unreadable(_ path: String, _ reason: String) -> ExecutionError {
    ExecutionError(.unreadable, "cannot read '\(path)': \(reason)", path: path)
  }

  static func invalidData(
    _ path: String, line: Int?, _ problem: String,
    hint: String = "data files are UTF-8: .jsonl or .txt, also with .zst"
  ) -> ExecutionError {
    let place = line.map { "\(path):\($0)" } ?? path
    return ExecutionError(
      .invalidData, "\(place): \(problem)", hint: hint, path: path, line: line)
  }

  static func changed(_ path: String) -> ExecutionError {
    ExecutionError(
      .inputChanged, "'\(path)' changed since the run was planned",
      hint: "let nothing write to the data and the model during a run, and run again", path: path)
  }

  /// Makes the error of a run's file that cannot be used.
  public static func damagedRun(_ path: String, _ problem: String) -> ExecutionError {
    ExecutionError(
      .damagedRun, "'\(path)' is damaged: \(problem)",
      hint: "remove the folder of that run; the results of its tasks stay in the cache", path: path)
  }

  static func unreadableRun(_ path: String, _ error: StoreError) -> ExecutionError {
    ExecutionError(.unreadable, error.message, hint: "make the folder readable", path: path)
  }

  static func workspace(_ path: String, _ reason: String) -> ExecutionError {
    ExecutionError(
      .workspace, "cannot use the workspace at '\(path)': \(reason)",
      hint: "make the folder writable, or work from a spec in a folder that is", path: path)
  }
}
