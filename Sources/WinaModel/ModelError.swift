/// A model that cannot be loaded or a request that does not fit it.
public struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// A file is absent, cannot be read or is damaged.
    case unreadable
    /// A file is well-formed but contradicts itself or another one.
    case invalid
    /// The model needs something that this library does not compute.
    case unsupported
    /// A request does not fit the model.
    case request
  }

  /// The kind of failure.
  public var code: Code
  /// The fact, with the file and the key or tensor.
  public var message: String
  /// What to do, if anything.
  public var hint: String?

  /// The message, followed by the hint in parentheses.
  public var description: String { hint.map { "\(message) (\($0))" } ?? message }

  static func unreadable(_ message: String, hint: String? = nil) -> ModelError {
    ModelError(code: .unreadable, message: message, hint: hint)
  }

  static func invalid(_ message: String, hint: String? = nil) -> ModelError {
    ModelError(code: .invalid, message: message, hint: hint)
  }

  static func unsupported(_ message: String, hint: String? = nil) -> ModelError {
    ModelError(code: .unsupported, message: message, hint: hint)
  }

  static func request(_ message: String, hint: String? = nil) -> ModelError {
    ModelError(code: .request, message: message, hint: hint)
  }
}
