/// A failure to read or understand a tokenizer file.
public struct TokenizerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Code: String, Sendable {
    /// The file is absent or cannot be read.
    case unreadable
    /// The file is not valid UTF-8 or not valid JSON.
    case invalidJSON
    /// A required key is absent.
    case missing
    /// A value has the wrong type or contradicts another value.
    case invalid
    /// A value is well formed, but names something this library does not implement.
    case unsupported
  }

  /// What kind of failure it is.
  public var code: Code
  /// The fact, with the file and the key.
  public var message: String
  /// What the user can do, if anything.
  public var hint: String?

  /// The message, followed by the hint in parentheses.
  public var description: String { hint.map { "\(message) (\($0))" } ?? message }

  static func unreadable(_ path: String, reason: String) -> TokenizerError {
    TokenizerError(
      code: .unreadable, message: "cannot read tokenizer '\(path)': \(reason)",
      hint: "pass a tokenizer.json in Hugging Face format or a directory that holds one")
  }

  static func invalidJSON(_ path: String, byte: Int, reason: String) -> TokenizerError {
    TokenizerError(
      code: .invalidJSON, message: "\(path): invalid JSON at byte \(byte): \(reason)",
      hint: "the file may be truncated; fetch it again")
  }

  static func missing(_ path: String, key: String, hint: String? = nil) -> TokenizerError {
    TokenizerError(code: .missing, message: "\(path): '\(key)' is missing", hint: hint)
  }

  static func invalid(_ path: String, key: String, reason: String) -> TokenizerError {
    TokenizerError(code: .invalid, message: "\(path): '\(key)' \(reason)", hint: nil)
  }

  static func unsupported(_ path: String, key: String, value: String, known: [String] = [])
    -> TokenizerError
  {
    TokenizerError(
      code: .unsupported, message: "\(path): '\(key)' has the unsupported value \(value)",
      hint: known.isEmpty ? nil : "supported: \(known.sorted().joined(separator: ", "))")
  }

  static func unknownKey(_ path: String, key: String, value: String) -> TokenizerError {
    TokenizerError(
      code: .unsupported, message: "\(path): '\(key)' is not a known key; its value is \(value)",
      hint: "ignoring it could change the ids; remove it if it has no effect")
  }
}
