/// A tensor or a file of tensors that is not what it should be.
public struct TensorError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// The file cannot be opened or mapped.
    case unreadable
    /// The file cannot be written.
    case unwritable
    /// The file is not well-formed.
    case malformed
    /// A name, a shape or an element type is not what was asked for.
    case mismatch
  }

  /// The kind of failure.
  public var code: Code
  /// The fact, with the file and the tensor.
  public var message: String
  /// What to do, if anything.
  public var hint: String?

  /// The message, followed by the hint in parentheses.
  public var description: String { hint.map { "\(message) (\($0))" } ?? message }

  static func unreadable(_ path: String, _ reason: String) -> TensorError {
    TensorError(code: .unreadable, message: "cannot read '\(path)': \(reason)")
  }

  static func unwritable(_ path: String, _ reason: String) -> TensorError {
    TensorError(code: .unwritable, message: "cannot write '\(path)': \(reason)")
  }

  static func malformed(_ path: String, _ fact: String, hint: String? = nil) -> TensorError {
    TensorError(code: .malformed, message: "\(path): \(fact)", hint: hint)
  }

  static func mismatch(_ fact: String, hint: String? = nil) -> TensorError {
    TensorError(code: .mismatch, message: fact, hint: hint)
  }
}
