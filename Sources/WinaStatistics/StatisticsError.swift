/// A statistical question that the given data cannot answer.
public struct StatisticsError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of input was refused.
  public enum Code: String, Sendable {
    case tooFewObservations, lengthMismatch, notFinite, outOfRange, outsideCurve
  }

  /// What kind of input was refused.
  public let code: Code
  /// The fact, with the numbers involved.
  public let message: String
  /// What to do about it.
  public let hint: String

  /// The message followed by the hint.
  public var description: String { message + "\n  hint: " + hint }

  static func tooFew(_ what: String, have count: Int, need: Int) -> StatisticsError {
    StatisticsError(
      code: .tooFewObservations, message: "\(what) needs at least \(need) values, but got \(count)",
      hint: "use more documents, or leave this comparison out")
  }

  static func lengths(_ what: String, _ a: Int, _ b: Int) -> StatisticsError {
    StatisticsError(
      code: .lengthMismatch, message: "\(what): \(a) values do not pair with \(b)",
      hint: "pass one value per item in the same order on both sides")
  }

  static func notFinite(_ what: String, at index: Int) -> StatisticsError {
    StatisticsError(
      code: .notFinite, message: "\(what): value \(index) is not a finite number",
      hint: "leave out items whose metric could not be computed")
  }

  static func outOfRange(_ what: String, _ value: String, expected: String) -> StatisticsError {
    StatisticsError(
      code: .outOfRange, message: "\(what) is \(value), outside \(expected)",
      hint: "pass a value in \(expected)")
  }

  static func splitUnit(_ unit: Int) -> StatisticsError {
    StatisticsError(
      code: .lengthMismatch, message: "document \(unit) has entries in more than one stratum",
      hint: "resample by entry, or give all entries of a document the same label")
  }

  static func outsideCurve(_ x: Double, _ range: ClosedRange<Double>) -> StatisticsError {
    StatisticsError(
      code: .outsideCurve,
      message: "x = \(x) lies outside the measured range \(range.lowerBound)…\(range.upperBound)",
      hint: "measure the curve over a wider range; values are not extrapolated")
  }
}

/// Checks that every value is finite.
func requireFinite(_ values: [Double], _ what: String) throws {
  if let index = values.firstIndex(where: { !$0.isFinite }) {
    throw StatisticsError.notFinite(what, at: index)
  }
}

/// Checks that a probability-like parameter lies strictly between 0 and 1.
func requireOpenUnit(_ value: Double, _ what: String) throws {
  guard value > 0, value < 1 else {
    throw StatisticsError.outOfRange(what, "\(value)", expected: "(0, 1)")
  }
}
