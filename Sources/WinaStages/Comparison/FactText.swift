import WinaStatistics

/// How numbers stand in the sentences of a report.
enum FactText {
  static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }

  /// A number to three decimals.
  static func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }

  /// A number to three significant digits.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    guard abs(value) > 1e-12 else { return "0" }
    var scale = 1.0
    while abs(value) * scale < 100 { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }

  static func signed(_ value: Double) -> String { (value > 0 ? "+" : "") + number(value) }

  /// What stands after "p": an equation.
  static func probability(_ p: Double) -> String {
    p < 0.0001 ? "< 0.0001" : "= \((p * 10_000).rounded() / 10_000)"
  }

  /// A share with its interval, or with the note that there is none.
  static func share(_ value: Double, _ low: Double?, _ high: Double?) -> String {
    guard let low, let high else { return "\(percent(value)) [n/a]" }
    return "\(percent(value)) [\(percent(low)), \(percent(high))]"
  }

  static func share(_ interval: ProportionInterval) -> String {
    share(interval.estimate, interval.low, interval.high)
  }

  /// An index of agreement with its interval.
  static func agreement(_ index: AgreementEstimate?, else value: Double) -> String {
    guard let index else { return "\(rounded(value)) [n/a]" }
    return "\(rounded(index.estimate)) [\(rounded(index.low)), \(rounded(index.high))]"
  }

  /// An estimate with its interval, or with the note that there is none.
  static func estimate(_ value: Double, _ interval: BootstrapInterval?) -> String {
    number(value) + (interval.map { " [\(number($0.low)), \(number($0.high))]" } ?? " [n/a]")
  }
}
