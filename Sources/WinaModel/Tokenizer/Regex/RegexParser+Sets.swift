extension RegexParser {
  /// Reads an escape that stands for a set of scalars, after its backslash.
  mutating func escapedTest() throws(RegexError) -> ScalarSet.Test {
    guard let scalar = take() else { throw RegexError(reason: "it ends with a backslash") }
    switch scalar {
    case "s": return .space
    case "S": return .not(.space)
    case "w": return .word
    case "W": return .not(.word)
    case "d": return try property(named: "Nd")
    case "D": return .not(try property(named: "Nd"))
    case "h": return try property(named: "XDigit")
    case "H": return .not(try property(named: "XDigit"))
    case "p", "P":
      guard take("{"), var name = take(through: "}") else {
        throw RegexError(reason: "'\\\(scalar)' has no name in braces")
      }
      let isNegated = name.hasPrefix("^")
      if isNegated { name.removeFirst() }
      let test = try property(named: name)
      return isNegated == (scalar == "p") ? .not(test) : test
    default: return literal(try escapedScalar(scalar))
    }
  }

  private func property(named name: String) throws(RegexError) -> ScalarSet.Test {
    guard let test = UnicodeProperty.test(named: name) else {
      throw RegexError(reason: "there is no property '\(name)'")
    }
    return test
  }

  /// The scalar that an escape stands for, given the one after the backslash.
  private mutating func escapedScalar(_ scalar: Unicode.Scalar) throws(RegexError)
    -> Unicode.Scalar
  {
    switch scalar {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "f": return "\u{0C}"
    case "v": return "\u{0B}"
    case "a": return "\u{07}"
    case "e": return "\u{1B}"
    case "u": return try hexadecimal(digits: 4...4)
    case "x":
      guard take("{") else { return try hexadecimal(digits: 1...2) }
      let value = try hexadecimal(digits: 1...8)
      guard take("}") else { throw RegexError(reason: "'\\x{' is not closed") }
      return value
    case "0"..."9", "A"..."Z", "a"..."z":
      throw RegexError(reason: "'\\\(scalar)' is not supported")
    default: return scalar
    }
  }

  private mutating func hexadecimal(digits: ClosedRange<Int>) throws(RegexError)
    -> Unicode.Scalar
  {
    var value: UInt64 = 0
    var count = 0
    while count < digits.upperBound, let digit = current.flatMap({ Character($0).hexDigitValue }) {
      value = value << 4 | UInt64(digit)
      count += 1
      _ = take()
    }
    guard count >= digits.lowerBound, value <= 0x10FFFF,
      let scalar = Unicode.Scalar(UInt32(value))
    else { throw RegexError(reason: "a hexadecimal escape names no character") }
    return scalar
  }

  /// Reads a class after its opening bracket.
  mutating func characterClass(depth: Int) throws(RegexError) -> ScalarSet.Test {
    guard depth < 100 else { throw RegexError(reason: "it is nested too deeply") }
    let isNegated = take("^")
    var intersections: [ScalarSet.Test] = []
    var members: [ScalarSet.Test] = []
    var isFirst = true
    while true {
      guard let scalar = current else { throw RegexError(reason: "a '[' is not closed") }
      if scalar == "]", !(isFirst && stands("]", afterNextBy: 1)) {
        guard !isFirst else { throw RegexError(reason: "a class is empty") }
        _ = take()
        break
      }
      isFirst = false
      if take("&&") {
        intersections.append(.union(members))
        members = []
      } else {
        members.append(try member(depth: depth))
      }
    }
    let test: ScalarSet.Test =
      intersections.isEmpty
      ? .union(members) : .intersection(intersections + [.union(members)])
    return isNegated ? .not(test) : test
  }

  private mutating func member(depth: Int) throws(RegexError) -> ScalarSet.Test {
    if take("[:") {
      let isNegated = take("^")
      guard let name = take(through: ":"), take("]"),
        let test = UnicodeProperty.posixClass(named: name)
      else { throw RegexError(reason: "a POSIX class is not known") }
      return isNegated ? .not(test) : test
    }
    if take("[") { return try characterClass(depth: depth + 1) }
    guard let low = try endpoint() else { return try escapedTest() }
    guard current == "-", isRange else { return literal(low) }
    _ = take()
    guard let high = try endpoint() else {
      // A set cannot end a range, so that the dash is one.
      return .union([literal(low), literal("-"), try escapedTest()])
    }
    guard low <= high else { throw RegexError(reason: "a range of a class is empty") }
    return casing(.range(low.value, high.value))
  }

  /// Whether the dash that is next stands between two members.
  private var isRange: Bool {
    var rest = self
    _ = rest.take()
    return rest.current != "]" && rest.current != "[" && rest.current != nil
  }

  /// Reads one scalar of a class; nil, with the backslash read, before an escape that is a set.
  private mutating func endpoint() throws(RegexError) -> Unicode.Scalar? {
    guard let scalar = take() else { throw RegexError(reason: "a '[' is not closed") }
    guard scalar == "\\" else { return scalar }
    switch current {
    case "s", "S", "w", "W", "d", "D", "h", "H", "p", "P": return nil
    case "b":
      _ = take()
      return "\u{08}"
    default:
      guard let escaped = take() else { throw RegexError(reason: "it ends with a backslash") }
      return try escapedScalar(escaped)
    }
  }
}
