/// What went wrong while reading, encoding or scoring evaluation data.
public struct EvaluationError: Error, Sendable, Hashable {
  /// The kinds of failure callers may want to tell apart.
  public enum Code: Sendable, Hashable {
    case unknownTask
    case missingFile
    case malformedRecord
    case missingField
    case wrongField
    case emptySample
    case overlongContinuation
    case mismatchedReference
    case malformedTable
    case tokenizer
    case nonFinite
  }

  /// The kind of failure.
  public var code: Code
  /// The fact, with the task, file, line and key it concerns.
  public var message: String
  /// What the user can do about it.
  public var hint: String

  /// Makes an error from its parts.
  public init(code: Code, message: String, hint: String) {
    self.code = code
    self.message = message
    self.hint = hint
  }
}

extension EvaluationError: CustomStringConvertible {
  /// The message, followed by the hint.
  public var description: String { "\(message); \(hint)" }
}

extension EvaluationError {
  /// The error with the place of the record that has it.
  func located(at origin: RecordOrigin) -> EvaluationError {
    var error = self
    error.message = "\(origin): \(message)"
    return error
  }

  static func unknownTask(_ name: String, known: [String]) -> EvaluationError {
    EvaluationError(
      code: .unknownTask, message: "there is no benchmark task '\(name)'",
      hint: "use one of \(known.joined(separator: ", "))")
  }

  static func missingFile(task: String, candidates: [String]) -> EvaluationError {
    EvaluationError(
      code: .missingFile, message: "task '\(task)' has no data file",
      hint: "put one of \(candidates.joined(separator: ", ")) below the data path")
  }

  static func malformed(_ task: String, _ origin: RecordOrigin, _ problem: String)
    -> EvaluationError
  {
    EvaluationError(
      code: .malformedRecord, message: "\(task): \(origin): the record is not valid: \(problem)",
      hint: "every line of the file must be one JSON object in UTF-8")
  }

  static func missingField(_ task: String, _ origin: RecordOrigin, key: String) -> EvaluationError {
    EvaluationError(
      code: .missingField, message: "\(task): \(origin): the record has no '\(key)'",
      hint: "check that the file is what '\(task)' reads, and the record in it")
  }

  static func wrongField(
    _ task: String, _ origin: RecordOrigin, key: String, problem: String
  ) -> EvaluationError {
    EvaluationError(
      code: .wrongField, message: "\(task): \(origin): '\(key)' \(problem)",
      hint: "check that the file is what '\(task)' reads, and the record in it")
  }

  static func malformedTemplate(_ task: String, _ problem: String) -> EvaluationError {
    EvaluationError(
      code: .wrongField,
      message: "the definition of '\(task)' has a template that is none: \(problem)",
      hint: "write fields in braces, as in 'Question: {question}'")
  }

  static func windowTooLong(_ label: String, tokens: Int, limit: Int) -> EvaluationError {
    EvaluationError(
      code: .overlongContinuation,
      message: "windows of \(tokens) tokens for '\(label)' are longer than the model's \(limit)",
      hint: "give a shorter context or stride")
  }

  static func emptySample(_ label: String, _ problem: String) -> EvaluationError {
    EvaluationError(
      code: .emptySample, message: "a sample of '\(label)' cannot be scored: \(problem)",
      hint: "remove the record or give it text")
  }

  static func overlongContinuation(_ label: String, tokens: Int, limit: Int) -> EvaluationError {
    EvaluationError(
      code: .overlongContinuation,
      message: "a continuation of '\(label)' has \(tokens) tokens and the model reads \(limit)",
      hint: "use a model with a longer context, or remove the record")
  }

  static func mismatchedReference(positions: Int, expected: Int) -> EvaluationError {
    EvaluationError(
      code: .mismatchedReference,
      message:
        "the dense reference covers \(positions) positions and the sample scores \(expected)",
      hint: "make the reference from the same samples with the same policy")
  }

  static func malformedTable(_ problem: String) -> EvaluationError {
    EvaluationError(
      code: .malformedTable, message: "stored evaluation data is not valid: \(problem)",
      hint: "remove the artifact from the cache and run again")
  }

  static func nonFinite(_ label: String, position: Int) -> EvaluationError {
    EvaluationError(
      code: .nonFinite,
      message:
        "the model's log-probability of scored token \(position) of '\(label)' is not a number",
      hint: "check the weights with `wina doctor`, or lower the sparsity")
  }
}
