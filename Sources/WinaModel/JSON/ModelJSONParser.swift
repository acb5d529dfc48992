/// A strict JSON reader over the bytes of one file.
struct ModelJSONParser {
  private static let depthLimit = 64

  private let bytes: [UInt8]
  private let file: String
  private var position = 0

  private init(_ bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  /// Parses a whole file; `file` is the path that messages name.
  ///
  /// - Complexity: O(*n*) for *n* bytes.
  static func parse(_ bytes: [UInt8], file: String) throws(TokenizerError) -> ModelJSON {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw .invalidJSON(file, byte: 0, reason: "the file is not UTF-8")
    }
    var parser = ModelJSONParser(bytes, file: file)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.position == bytes.count else { throw parser.failure("text after the end") }
    return value
  }

  private func failure(_ reason: String) -> TokenizerError {
    .invalidJSON(file, byte: position, reason: reason)
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private mutating func expect(_ byte: UInt8) throws(TokenizerError) {
    guard current == byte else {
      let found = position < bytes.count ? "" : ", found the end of the file"
      throw failure("expected '\(Unicode.Scalar(byte))'\(found)")
    }
    position += 1
  }

  private mutating func value(depth: Int) throws(TokenizerError) -> ModelJSON {
    skipSpace()
    guard depth < Self.depthLimit else { throw failure("nested too deeply") }
    switch current {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case .none: throw failure("unexpected end of the file")
    default: return try number()
    }
  }

  private mutating func object(depth: Int) throws(TokenizerError) -> ModelJSON {
    position += 1
    var members: [ModelJSON.Member] = []
    skipSpace()
    if current == UInt8(ascii: "}") {
      position += 1
      return .object(members)
    }
    while true {
      skipSpace()
      let key = try string()
      skipSpace()
      try expect(UInt8(ascii: ":"))
      members.append(.init(key: key, value: try value(depth: depth + 1)))
      skipSpace()
      guard current == UInt8(ascii: ",") else {
        try expect(UInt8(ascii: "}"))
        return .object(members)
      }
      position += 1
    }
  }

  private mutating func array(depth: Int) throws(TokenizerError) -> ModelJSON {
    position += 1
    var elements: [ModelJSON] = []
    skipSpace()
    if current == UInt8(ascii: "]") {
      position += 1
      return .array(elements)
    }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      guard current == UInt8(ascii: ",") else {
        try expect(UInt8(ascii: "]"))
        return .array(elements)
      }
      position += 1
    }
  }

  private mutating func literal(_ text: StaticString, _ value: ModelJSON)
    throws(TokenizerError) -> ModelJSON
  {
    for scalar in text.description.utf8 {
      guard current == scalar else { throw failure("expected '\(text)'") }
      position += 1
    }
    return value
  }

  private mutating func number() throws(TokenizerError) -> ModelJSON {
    let start = position
    scan: while let byte = current {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
        UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
        position += 1
      default: break scan
      }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
    let isPadded = digits.first == UInt8(ascii: "0") && digits.count > 1
    let startsWell = digits.first.map { (0x30...0x39).contains($0) } ?? false
    if startsWell, !isPadded, let integer = Int(text) { return .integer(integer) }
    let isZeroPoint = digits.dropFirst().first.map { !(0x30...0x39).contains($0) } ?? true
    guard startsWell, !isPadded || isZeroPoint, let number = Double(text), number.isFinite else {
      position = start
      throw failure("expected a value")
    }
    return .number(number)
  }

  private mutating func string() throws(TokenizerError) -> String {
    try expect(UInt8(ascii: "\""))
    let start = position
    while let byte = current {
      if byte == UInt8(ascii: "\"") {
        defer { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
      guard byte >= 0x20 else { throw failure("control character in a string") }
      position += 1
    }
    throw failure("unterminated string")
  }

  private mutating func escapedString(from start: Int) throws(TokenizerError) -> String {
    var text = Array(bytes[start..<position])
    while let byte = current {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
      case 0..<0x20: throw failure("control character in a string")
      default: text.append(byte)
      }
    }
    throw failure("unterminated string")
  }

  private mutating func escape() throws(TokenizerError) -> [UInt8] {
    guard let byte = current else { throw failure("unterminated string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return Array(String(Character(try escapedScalar())).utf8)
    default: throw failure("unknown escape")
    }
  }

  private mutating func escapedScalar() throws(TokenizerError) -> Unicode.Scalar {
    var code = try hexadecimalQuad()
    if (0xD800..<0xDC00).contains(code) {
      try expect(UInt8(ascii: "\\"))
      try expect(UInt8(ascii: "u"))
      let low = try hexadecimalQuad()
      guard (0xDC00..<0xE000).contains(low) else { throw failure("lone surrogate") }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw failure("lone surrogate") }
    return scalar
  }

  private mutating func hexadecimalQuad() throws(TokenizerError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("expected four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
