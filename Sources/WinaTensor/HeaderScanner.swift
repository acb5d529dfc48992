/// Reads the small part of JSON that safetensors headers use: objects, texts and lists of sizes.
struct HeaderScanner {
  private let bytes: [UInt8]
  private let path: String
  private var position = 0

  /// The longest key and the longest list that any file needs, and more.
  private static let maximumKey = 4096
  private static let maximumList = 64

  init(bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  private func fault(_ what: String) -> TensorError {
    .malformed(
      path, "the header is not valid at byte \(position): \(what)",
      hint: "the file is damaged or no safetensors file")
  }

  private mutating func peek() -> UInt8? {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
    return position < bytes.count ? bytes[position] : nil
  }

  private mutating func take(_ character: Unicode.Scalar) throws(TensorError) {
    guard peek() == UInt8(ascii: character) else { throw fault("'\(character)' was expected") }
    position += 1
  }

  /// Requires that only white space is left.
  mutating func end() throws(TensorError) {
    guard peek() == nil else { throw fault("there is text after the end") }
  }

  /// Reads an object, whose values `member` reads and whose keys must differ.
  mutating func object(
    _ member: (inout HeaderScanner, String) throws(TensorError) -> Void
  ) throws(TensorError) {
    try take("{")
    var seen: Set<String> = []
    var isFirst = true
    while peek() != UInt8(ascii: "}") {
      if !isFirst { try take(",") }
      isFirst = false
      let key = try string()
      guard key.utf8.count <= Self.maximumKey else {
        throw fault("a name has more than \(Self.maximumKey) bytes")
      }
      guard seen.insert(key).inserted else {
        throw .malformed(path, "the header names '\(key)' twice")
      }
      try take(":")
      try member(&self, key)
    }
    try take("}")
  }

  /// Reads a list of non-negative integers.
  mutating func integers() throws(TensorError) -> [Int] {
    try take("[")
    var values: [Int] = []
    while peek() != UInt8(ascii: "]") {
      if !values.isEmpty { try take(",") }
      guard values.count < Self.maximumList else {
        throw fault("a list has more than \(Self.maximumList) numbers")
      }
      values.append(try integer())
    }
    try take("]")
    return values
  }

  private mutating func integer() throws(TensorError) -> Int {
    _ = peek()
    let start = position
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
    guard let value = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      throw fault("an integer from 0 to 2^63 - 1 was expected")
    }
    return value
  }

  /// Reads a text with its escapes.
  mutating func string() throws(TensorError) -> String {
    try take("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw fault("a text is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
      case 0..<0x20: throw fault("a text holds a control character")
      default: text.append(byte)
      }
    }
    throw fault("a text does not end")
  }

  private static let plainEscapes: [UInt8: UInt8] = [
    0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
  ]

  private mutating func escape() throws(TensorError) -> [UInt8] {
    guard position < bytes.count else { throw fault("a text does not end") }
    let letter = bytes[position]
    position += 1
    if let byte = Self.plainEscapes[letter] { return [byte] }
    guard letter == UInt8(ascii: "u") else { throw fault("an escape is not valid") }
    var code = try hexadecimal()
    if (0xD800..<0xDC00).contains(code), position + 1 < bytes.count,
      bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
    {
      position += 2
      let low = try hexadecimal()
      guard (0xDC00..<0xE000).contains(low) else { throw fault("half a surrogate pair") }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair") }
    return Array(String(Character(scalar)).utf8)
  }

  private mutating func hexadecimal() throws(TensorError) -> UInt32 {
    guard position + 4 <= bytes.count,
      let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw fault("an escape is not valid") }
    position += 4
    return code
  }
}
