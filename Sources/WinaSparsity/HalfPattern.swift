/// Half-precision bit patterns of non-negative scores, which order like the scores themselves.
enum HalfPattern {
  /// The pattern of +∞, where scores above 65,504 are counted.
  static let infinity = 0x7C00

  /// The largest finite half-precision value.
  static let greatest = 65_504.0

  /// The value of every finite pattern.
  static let values: [Double] = (0..<infinity).map { Double(Float16(bitPattern: UInt16($0))) }

  /// Returns the pattern of |score| rounded to half precision; NaN gives a pattern above ∞.
  static func pattern(of score: Float) -> Int {
    if score.isNaN { return 0x7E00 }
    return Int(Float16(abs(score)).bitPattern & 0x7FFF)
  }

  /// Returns the number of finite patterns whose value is at most `value`.
  static func count(atOrBelow value: Double) -> Int {
    guard value >= 0 else { return 0 }
    if value >= greatest { return infinity }
    var low = 0
    var high = infinity
    while low < high {
      let middle = (low + high) / 2
      if values[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
