import Foundation

/// Numbers as a reader of tables wants them.
enum NumberText {
  static let absent = "n/a"

  /// Returns a number with four significant digits.
  static func plain(_ value: Double) -> String {
    plain(value, decimals: decimals(for: [value]))
  }

  /// Returns a number with its interval, all with as many decimals as four digits of it need.
  static func interval(_ value: Double, _ low: Double?, _ high: Double?) -> String {
    let places = decimals(for: [value, low ?? 0, high ?? 0])
    guard let low, let high else { return plain(value, decimals: places) }
    return plain(value, decimals: places)
      + " [\(plain(low, decimals: places)), \(plain(high, decimals: places))]"
  }

  /// Returns a difference, which shows its sign.
  static func signed(_ value: Double, decimals places: Int? = nil) -> String {
    let text = plain(value, decimals: places ?? decimals(for: [value]))
    return value > 0 && !isZero(text) ? "+" + text : text
  }

  /// Returns the interval of a difference.
  static func bounds(_ low: Double?, _ high: Double?, decimals places: Int) -> String {
    guard let low, let high else { return absent }
    return "[\(signed(low, decimals: places)), \(signed(high, decimals: places))]"
  }

  /// Returns a fraction as a percentage with one decimal.
  static func percent(_ fraction: Double) -> String {
    fraction.isFinite ? String(format: "%.1f %%", fraction * 100) : "\(fraction)"
  }

  /// Returns a p value; what is below 0.0001 is said to be so.
  static func probability(_ p: Double) -> String {
    p < 0.0001 ? "<0.0001" : String(format: p < 0.001 ? "%.4f" : "%.3f", p)
  }

  /// Returns a count with three digits and a prefix, such as `1.89 M`.
  static func count(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    var scaled = value
    var prefix = ""
    for next in ["k", "M", "G", "T", "P"] where abs(scaled) >= 999.5 {
      scaled /= 1000
      prefix = " " + next
    }
    if prefix.isEmpty, scaled == scaled.rounded() { return String(Int(scaled)) }
    let places = abs(scaled) < 9.995 ? 2 : abs(scaled) < 99.95 ? 1 : 0
    return String(format: "%.\(places)f", scaled) + prefix
  }

  /// Returns the decimals that show some digits, four if not said, of the largest of the values.
  static func decimals(for values: [Double], digits: Int = 4) -> Int {
    let largest = values.filter(\.isFinite).map(abs).max() ?? 0
    guard largest > 0 else { return 0 }
    return min(max(digits - 1 - Int(log10(largest).rounded(.down)), 0), 7)
  }

  static func plain(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    let text = String(format: "%.\(decimals)f", value)
    return isZero(text) && text.hasPrefix("-") ? String(text.dropFirst()) : text
  }

  private static func isZero(_ text: String) -> Bool {
    text.allSatisfy { "-0.".contains($0) }
  }
}
