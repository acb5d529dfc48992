/// A set of scalars, as a class in a regular expression describes it.
struct ScalarSet: Sendable {
  /// What a scalar must be to be in a set.
  indirect enum Test: Sendable {
    case none
    case range(UInt32, UInt32)
    /// The ranges of a set that is listed, in order.
    case ranges([ClosedRange<UInt32>])
    /// General categories, one bit each.
    case categories(UInt32)
    case property(@Sendable (Unicode.Scalar) -> Bool)
    case word
    case space
    case not(Test)
    case union([Test])
    case intersection([Test])
    /// A test that a scalar also passes if another case of it does.
    case anyCase(Test)

    func contains(_ scalar: Unicode.Scalar) -> Bool {
      switch self {
      case .none: false
      case .range(let low, let high): low <= scalar.value && scalar.value <= high
      case .ranges(let ranges): Self.contains(ranges, scalar.value)
      case .categories(let mask): mask & UnicodeProperty.bit(scalar.category()) != 0
      case .property(let holds): holds(scalar)
      case .word: scalar.isRegexWordScalar
      case .space: scalar.properties.isWhitespace
      case .not(let test): !test.contains(scalar)
      case .union(let tests): tests.contains { $0.contains(scalar) }
      case .intersection(let tests): tests.allSatisfy { $0.contains(scalar) }
      case .anyCase(let test): Self.cases(of: scalar).contains { test.contains($0) }
      }
    }

    private static func contains(_ ranges: [ClosedRange<UInt32>], _ value: UInt32) -> Bool {
      var low = 0
      var high = ranges.count
      while low < high {
        let middle = (low + high) / 2
        if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
      }
      return low < ranges.count && ranges[low].contains(value)
    }

    /// Scalars that are neither the lowercase nor the uppercase of what they are equal to.
    private static let sameFold: [Unicode.Scalar: [Unicode.Scalar]] = [
      "s": ["\u{17F}"], "k": ["\u{212A}"], "å": ["\u{212B}"], "ß": ["\u{1E9E}"],
      "\u{3BC}": ["\u{B5}"], "\u{3C9}": ["\u{2126}"], "\u{3B8}": ["\u{3D1}", "\u{3F4}"],
      "\u{3B2}": ["\u{3D0}"], "\u{3B5}": ["\u{3F5}"], "\u{3BA}": ["\u{3F0}"],
      "\u{3C0}": ["\u{3D6}"], "\u{3C1}": ["\u{3F1}"], "\u{3C3}": ["\u{3C2}"],
      "\u{3C6}": ["\u{3D5}"], "\u{3B9}": ["\u{345}", "\u{1FBE}"], "\u{1E61}": ["\u{1E9B}"],
    ]

    /// A scalar and its other cases.
    private static func cases(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
      func only(_ text: String) -> Unicode.Scalar? {
        text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
      }
      let lower = only(scalar.properties.lowercaseMapping)
      let upper = only(scalar.properties.uppercaseMapping)
      let folded = upper.flatMap { only($0.properties.lowercaseMapping) }
      let cases = [scalar, lower, upper, folded].compactMap { $0 }
      return cases + (sameFold[folded ?? lower ?? scalar] ?? [])
    }
  }

  private let ascii: (low: UInt64, high: UInt64)
  private let test: Test

  /// Makes the set of the scalars that pass a test.
  init(_ test: Test) {
    self.test = test
    var masks: (low: UInt64, high: UInt64) = (0, 0)
    for value in 0..<UInt8(128) where test.contains(Unicode.Scalar(value)) {
      if value < 64 {
        masks.low |= 1 << UInt64(value)
      } else {
        masks.high |= 1 << UInt64(value - 64)
      }
    }
    ascii = masks
  }

  /// Whether a scalar is in the set.
  @inline(__always)
  func contains(_ value: UInt32) -> Bool {
    if value < 64 { return ascii.low >> UInt64(value) & 1 != 0 }
    if value < 128 { return ascii.high >> UInt64(value - 64) & 1 != 0 }
    return test.contains(UTF8Text.unicode(value))
  }
}
