/// A refusal of the sparsity mathematics, with what to do about it.
public struct SparsityError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of request was refused.
  public enum Code: String, Sendable {
    /// Array sizes do not fit the declared layout.
    case shapeMismatch
    /// A number lies outside its permitted range.
    case outOfRange
    /// There is nothing to compute from.
    case noData
    /// Activations hold a value that is not a number.
    case notANumber
    /// The capture lacks a score slot that the request needs.
    case missingScore
    /// A grouped profile would be equal to the pooled one.
    case ineffectiveGroups
    /// Scores were captured with another centring than the profile asks for.
    case centringMismatch
    /// The samples do not allow the number of clusters asked for.
    case tooFewDistinctSamples
    /// A sample lacks the trait that its assignment needs, or has an unknown one.
    case unassignable
    /// Calls came in an order that makes no sense.
    case wrongOrder
  }

  /// What kind of request was refused.
  public let code: Code
  /// The fact, with the numbers and names involved.
  public let message: String
  /// What to do about it.
  public let hint: String

  /// The message followed by the hint.
  public var description: String { message + "\n  hint: " + hint }

  static func shape(_ what: String, have: Int, expected: Int) -> SparsityError {
    SparsityError(
      code: .shapeMismatch, message: "\(what) holds \(have) values, but \(expected) are expected",
      hint: "make and read it with the same layout")
  }

  static func layouts(_ what: String) -> SparsityError {
    SparsityError(
      code: .shapeMismatch, message: "\(what) have different layouts",
      hint: "combine captures of one model with one set of scores only")
  }

  static func range(_ what: String, _ value: String, expected: String) -> SparsityError {
    SparsityError(
      code: .outOfRange, message: "\(what) is \(value), outside \(expected)",
      hint: "choose a value in \(expected)")
  }

  static func noData(_ what: String) -> SparsityError {
    SparsityError(
      code: .noData, message: "\(what): there are no samples or no tokens to compute from",
      hint: "check the split fractions and limits of the data")
  }

  static func notANumber(_ place: String) -> SparsityError {
    SparsityError(
      code: .notANumber, message: "\(place) holds a value that is not a number",
      hint: "check the model's weights; masks and thresholds cannot be fitted to such activations")
  }

  static func missing(_ slot: ScoreSlot, available: [ScoreSlot]) -> SparsityError {
    let names = available.map(\.name).joined(separator: ", ")
    return SparsityError(
      code: .missingScore, message: "the capture has no score '\(slot.name)'; it has \(names)",
      hint: "add the profile's score to `scores` of the capture stage")
  }

  static func unassignable(_ message: String, hint: String) -> SparsityError {
    SparsityError(code: .unassignable, message: message, hint: hint)
  }

  static func order(_ message: String, hint: String) -> SparsityError {
    SparsityError(code: .wrongOrder, message: message, hint: hint)
  }
}
