import Glibc
import WinaPipeline

/// What went wrong in the cache, or with a file that the store reads.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure that callers tell apart.
  public enum Code: String, Hashable, Sendable {
    /// A blob, an artifact or a file is not there.
    case notFound
    /// Stored bytes are not what their digest or their format says.
    case corrupt
    /// An artifact has another format than the reader asked for.
    case wrongFormat
    /// A payload cannot be stored, or a file is larger than the reader allows.
    case invalidArtifact
    /// The disk or a quota is full.
    case full
    /// A lock that the store needs cannot be had.
    case locked
    /// The cache directory was made by another version, or is no cache.
    case incompatibleLayout
    /// The file system refuses access.
    case permission
    /// Any other failure of the file system.
    case io
  }

  /// The kind of failure.
  public var code: Code
  /// The fact, with the path or the digest.
  public var message: String
  /// What to do about it; may be empty.
  public var hint: String
  /// The `errno` behind it, or 0.
  public var systemCode: Int32

  /// Makes an error.
  public init(_ code: Code, _ message: String, hint: String = "", systemCode: Int32 = 0) {
    self.code = code
    self.message = message
    self.hint = hint
    self.systemCode = systemCode
  }

  public var description: String { hint.isEmpty ? message : "\(message) (\(hint))" }

  /// Whether the failure concerns one artifact, which a rerun of its task mends.
  public var isMiss: Bool { code == .notFound || code == .corrupt }
}

extension StoreError {
  /// Makes the error that belongs to a failed system call.
  package static func system(_ number: Int32, _ action: String, _ path: String) -> StoreError {
    let text = String(cString: strerror(number))
    let message = "cannot \(action) '\(path)': \(text)"
    switch number {
    case ENOSPC, EDQUOT:
      return StoreError(
        .full, message,
        hint: "free space on that disk, or choose another place with --cache; nothing is damaged",
        systemCode: number)
    case EACCES, EPERM, EROFS:
      return StoreError(
        .permission, message,
        hint: "make the directory writable for you, or choose another place with --cache",
        systemCode: number)
    case ENOENT, ENOTDIR:
      return StoreError(.notFound, message, systemCode: number)
    case EMFILE, ENFILE:
      return StoreError(
        .io, message, hint: "raise the limit of open files with ulimit -n", systemCode: number)
    default:
      return StoreError(.io, message, systemCode: number)
    }
  }

  static func missing(_ digest: ContentDigest, _ what: String) -> StoreError {
    StoreError(
      .notFound, "\(what) \(digest.hex) is not in the cache",
      hint: "the task that makes it has to run again")
  }

  static func corrupt(_ path: String, _ reason: String) -> StoreError {
    StoreError(
      .corrupt, "'\(path)' is damaged: \(reason)",
      hint: "the task that makes it has to run again")
  }

  static func invalid(_ message: String) -> StoreError { StoreError(.invalidArtifact, message) }
}
