/// The visible scalar that stands for each byte in a byte-level vocabulary, as chosen by GPT-2.
///
/// Printable bytes of Latin-1 stand for themselves; the others are numbered from U+0100.
enum ByteAlphabet {
  private static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0...UInt8.max).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? Unicode.Scalar(byte)
      }
    }
  }()

  /// The spelling of each byte in UTF-8.
  static let spellings: [[UInt8]] = scalars.map { UTF8Text.bytes([$0]) }

  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x200)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
    return bytes
  }()

  /// Appends the spelling of a byte.
  static func append(_ byte: UInt8, to text: inout [UInt8]) {
    text.append(contentsOf: spellings[Int(byte)])
  }

  /// Appends the bytes that a token spells, or nothing and false if it spells something else too.
  static func appendBytes(of token: [UInt8], to result: inout [UInt8]) -> Bool {
    let count = result.count
    var index = 0
    while index < token.count {
      let (value, width) = UTF8Text.scalar(token, at: index)
      guard value < 0x200, let byte = bytes[Int(value)] else {
        result.removeLast(result.count - count)
        return false
      }
      result.append(byte)
      index += width
    }
    return true
  }
}
