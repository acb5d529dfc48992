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

  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x200)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
    return bytes
  }()

  /// Appends the scalars that stand for the UTF-8 bytes of a scalar.
  static func append(_ scalar: Unicode.Scalar, to mapped: inout [Unicode.Scalar]) {
    if scalar.isASCII {
      mapped.append(scalars[Int(scalar.value)])
    } else {
      for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
        mapped.append(scalars[Int(byte)])
      }
    }
  }

  /// The bytes of a token, or nil if one of its scalars stands for no byte.
  static func bytes(of token: [Unicode.Scalar]) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(token.count)
    for scalar in token {
      guard scalar.value < 0x200, let byte = bytes[Int(scalar.value)] else { return nil }
      result.append(byte)
    }
    return result
  }
}
