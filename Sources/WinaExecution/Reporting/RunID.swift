import Foundation

/// The name of a run, such as `20261124-021530-4f2a9c`: sortable by its start in UTC.
///
/// Three hexadecimal digits after the second divide it into 4096 parts, so that runs made one after the other
/// sort in that order; three drawn ones tell apart runs that start together.
public struct RunID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The name.
  public let text: String

  /// Makes the name of a run that starts now.
  ///
  /// - Parameters:
  ///   - now: Seconds since 1970.
  ///   - generator: Tells apart runs that start in the same part of a second.
  public init(now: Double, using generator: inout some RandomNumberGenerator) {
    let (days, second) = Int(now.rounded(.down)).quotientAndRemainder(dividingBy: 86_400)
    let date = RunID.date(days: days)
    let part = Int((now - now.rounded(.down)) * 4096)
    let drawn = Int.random(in: 0..<4096, using: &generator)
    text =
      RunID.padded(date.year, 4) + RunID.padded(date.month, 2) + RunID.padded(date.day, 2) + "-"
      + RunID.padded(second / 3600, 2) + RunID.padded(second / 60 % 60, 2)
      + RunID.padded(second % 60, 2) + "-" + RunID.padded(part, 3, radix: 16)
      + RunID.padded(drawn, 3, radix: 16)
  }

  /// Reads a name; anything of another form is `nil`.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.count) == [8, 6, 6], text.utf8.allSatisfy({ $0 < 128 }),
      parts[0].allSatisfy(\.isNumber), parts[1].allSatisfy(\.isNumber),
      parts[2].allSatisfy(\.isHexDigit)
    else { return nil }
    self.text = text
  }

  public var description: String { text }

  public static func < (left: RunID, right: RunID) -> Bool { left.text < right.text }

  private static func padded(_ number: Int, _ width: Int, radix: Int = 10) -> String {
    let digits = String(number, radix: radix)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// Turns days since 1970 into a date of the Gregorian calendar.
  private static func date(days: Int) -> (year: Int, month: Int, day: Int) {
    // Counts from 1 March of year 0, so that the leap day is the last day of a year.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
