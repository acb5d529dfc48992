/// Reading and writing scalars in arrays of valid UTF-8, at the starts of scalars.
enum UTF8Text {
  /// The scalar that starts at `index`, and how many bytes it takes.
  @inline(__always)
  static func scalar(_ bytes: [UInt8], at index: Int) -> (value: UInt32, width: Int) {
    let first = UInt32(bytes[index])
    if first < 0x80 { return (first, 1) }
    let second = UInt32(bytes[index + 1]) & 0x3F
    if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
    let third = UInt32(bytes[index + 2]) & 0x3F
    if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
    let fourth = UInt32(bytes[index + 3]) & 0x3F
    return ((first & 0x07) << 18 | second << 12 | third << 6 | fourth, 4)
  }

  /// Where the scalar starts that ends before `index`.
  static func start(_ bytes: [UInt8], before index: Int) -> Int {
    var start = index - 1
    while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }

  /// The scalar that ends before `index`.
  static func scalar(_ bytes: [UInt8], before index: Int) -> Unicode.Scalar {
    unicode(scalar(bytes, at: start(bytes, before: index)).value)
  }

  /// The scalar of a value that was read from valid UTF-8.
  @inline(__always)
  static func unicode(_ value: UInt32) -> Unicode.Scalar { Unicode.Scalar(value) ?? "\u{FFFD}" }

  /// The scalar that starts at `index`.
  static func unicode(_ bytes: [UInt8], at index: Int) -> Unicode.Scalar {
    unicode(scalar(bytes, at: index).value)
  }

  /// Appends a scalar.
  static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    if scalar.isASCII {
      bytes.append(UInt8(truncatingIfNeeded: scalar.value))
    } else {
      bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }

  /// The scalars of a part of a text.
  static func scalars(_ bytes: [UInt8], in range: Range<Int>) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      let (value, width) = scalar(bytes, at: index)
      result.append(unicode(value))
      index += width
    }
    return result
  }

  /// A text as bytes.
  static func bytes(_ scalars: some Sequence<Unicode.Scalar>) -> [UInt8] {
    var result: [UInt8] = []
    for scalar in scalars { append(scalar, to: &result) }
    return result
  }

  /// A text as a string.
  static func string(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }
}
