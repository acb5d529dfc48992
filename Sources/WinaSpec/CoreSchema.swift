/// The core schema of YAML 1.2: what the text of a plain scalar means.
///
/// ### References
/// YAML Ain't Markup Language, revision 1.2.2, section 10.3.2.
enum CoreSchema {
  /// The outcome of reading a text as a value.
  enum Resolution {
    case value(YAMLScalar.Value)
    /// A whole number beyond 64 bits.
    case integerOutOfRange
  }

  /// Returns what an untagged plain scalar means; anything that is nothing else is text.
  static func resolve(_ text: String) -> Resolution {
    switch text {
    case "", "~", "null", "Null", "NULL": return .value(.null)
    case "true", "True", "TRUE": return .value(.bool(true))
    case "false", "False", "FALSE": return .value(.bool(false))
    case ".nan", ".NaN", ".NAN": return .value(.double(.nan))
    default: break
    }
    let bytes = Array(text.utf8)
    guard bytes.count <= 4096, let first = bytes.first, startsNumber(first) else {
      return .value(.string(text))
    }
    if let integer = integer(bytes) { return integer }
    if let double = double(text, bytes) { return .value(.double(double)) }
    return .value(.string(text))
  }

  private static func startsNumber(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: ".")
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func integer(_ bytes: [UInt8]) -> Resolution? {
    var digits = bytes[...]
    var radix = 10
    if bytes.count > 2, bytes[0] == UInt8(ascii: "0"), bytes[1] == UInt8(ascii: "x") {
      radix = 16
      digits = bytes[2...]
    } else if bytes.count > 2, bytes[0] == UInt8(ascii: "0"), bytes[1] == UInt8(ascii: "o") {
      radix = 8
      digits = bytes[2...]
    } else if bytes[0] == UInt8(ascii: "-") || bytes[0] == UInt8(ascii: "+") {
      digits = bytes[1...]
    }
    let known = digits.allSatisfy { byte in
      Character(Unicode.Scalar(byte)).hexDigitValue.map { $0 < radix } ?? false
    }
    guard known, !digits.isEmpty else { return nil }
    let sign = bytes[0] == UInt8(ascii: "-") ? "-" : ""
    let text = sign + String(decoding: digits, as: UTF8.self)
    return Int(text, radix: radix).map { .value(.int($0)) } ?? .integerOutOfRange
  }

  private static func double(_ text: String, _ bytes: [UInt8]) -> Double? {
    var rest = bytes[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    switch String(decoding: rest, as: UTF8.self) {
    case ".inf", ".Inf", ".INF": return isNegative ? -.infinity : .infinity
    default: break
    }
    let whole = rest.prefix(while: isDigit)
    rest = rest.dropFirst(whole.count)
    var fraction: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: ".") {
      fraction = rest.dropFirst().prefix(while: isDigit)
      rest = rest.dropFirst(1 + fraction.count)
    }
    if whole.isEmpty && fraction.isEmpty { return nil }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
      guard !rest.isEmpty else { return nil }
      rest = rest.drop(while: isDigit)
    }
    guard rest.isEmpty else { return nil }
    return Double(normalized(text))
  }

  /// Returns the number with a digit on both sides of its point, as `Double.init` wants it.
  private static func normalized(_ text: String) -> String {
    var result = ""
    var previous: Character = " "
    for character in text {
      if character == ".", !previous.isNumber { result.append("0") }
      if previous == ".", !character.isNumber { result.append("0") }
      result.append(character)
      previous = character
    }
    return previous == "." ? result + "0" : result
  }
}
