/// A place in a text that is not JSON.
struct OrderedJSONError: Error {
  /// What is wrong, with the column where it was found: a number of characters, from 1.
  let problem: String
}

extension OrderedJSON {
  /// Reads a JSON text; its members keep their order.
  ///
  /// - Throws: An error that says at which column the text, one line, stops being JSON.
  public init(parsing bytes: [UInt8]) throws {
    var parser = OrderedJSONParser(bytes)
    self = try parser.document()
  }

  /// Returns where and why a text, one line, is no JSON; `nil` when it is.
  public static func problem(in bytes: [UInt8]) -> String? {
    do {
      _ = try OrderedJSON(parsing: bytes)
      return nil
    } catch {
      return (error as? OrderedJSONError)?.problem ?? "\(error)"
    }
  }
}

/// A recursive-descent parser of JSON (RFC 8259) that bounds nesting.
private struct OrderedJSONParser {
  private static let deepest = 200

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws -> OrderedJSON {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw OrderedJSONError(problem: "it is not UTF-8")
    }
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw error("there is text after the value") }
    return value
  }

  private func error(_ problem: String) -> OrderedJSONError {
    let column = String(decoding: bytes[..<position], as: UTF8.self).unicodeScalars.count + 1
    return OrderedJSONError(problem: "\(problem) at column \(column)")
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard next == UInt8(ascii: character) else { throw error("there is no '\(character)'") }
    position += 1
  }

  private mutating func skips(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws -> OrderedJSON {
    guard depth < Self.deepest else { throw error("it is nested too deeply") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try text())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ word: String, _ value: OrderedJSON) throws -> OrderedJSON {
    guard bytes[position...].starts(with: word.utf8) else { throw error("there is no value") }
    position += word.utf8.count
    return value
  }

  private mutating func number() throws -> OrderedJSON {
    let start = position
    while let byte = next, "+-.0123456789eE".utf8.contains(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let integer = Int(text), text.first != "+" { return .int(integer) }
    guard let number = Double(text), text.first != "+" else { throw error("there is no value") }
    return .double(number)
  }

  private mutating func array(_ depth: Int) throws -> OrderedJSON {
    position += 1
    skipSpace()
    if skips("]") { return .array([]) }
    var elements: [OrderedJSON] = []
    repeat {
      elements.append(try value(depth: depth + 1))
      skipSpace()
    } while skips(",")
    guard skips("]") else { throw error("there is no ',' or ']'") }
    return .array(elements)
  }

  private mutating func object(_ depth: Int) throws -> OrderedJSON {
    position += 1
    skipSpace()
    if skips("}") { return .object([]) }
    var members: [OrderedJSON.Member] = []
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("there is no name") }
      let name = try text()
      skipSpace()
      try expect(":")
      members.append(.init(name, try value(depth: depth + 1)))
      skipSpace()
    } while skips(",")
    guard skips("}") else { throw error("there is no ',' or '}'") }
    return .object(members)
  }

  private mutating func text() throws -> String {
    position += 1
    var result: [UInt8] = []
    while let byte = next, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw error("a string holds a control character") }
      position += 1
      if byte == UInt8(ascii: "\\") { result += try escaped() } else { result.append(byte) }
    }
    guard skips("\"") else { throw error("a string does not end") }
    return String(decoding: result, as: UTF8.self)
  }

  private mutating func escaped() throws -> [UInt8] {
    guard let byte = next else { throw error("a string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "u"): return try unicode()
    default:
      position -= 1
      throw error("there is no such escape")
    }
  }

  private mutating func unicode() throws -> [UInt8] {
    var units = [try unit()]
    if UTF16.isLeadSurrogate(units[0]), skips("\\"), skips("u") { units.append(try unit()) }
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }

  private mutating func unit() throws -> UInt16 {
    guard position + 4 <= bytes.count,
      let unit = UInt16(
        String(decoding: bytes[position..<(position + 4)], as: UTF8.self), radix: 16)
    else { throw error("there are no four hexadecimal digits") }
    position += 4
    return unit
  }
}
