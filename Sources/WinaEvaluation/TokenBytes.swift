import WinaModel

/// The bytes of text that the tokens of a tokenizer stand for.
///
/// A byte-level vocabulary spells every byte as one character; a SentencePiece vocabulary spells a
/// space as `▁` and a single byte as `<0x41>`. Tokens that a decoder drops as special stand for
/// none.
struct TokenBytes: Sendable {
  private let tokenizer: Tokenizer
  private let isByteLevel: Bool

  init(_ tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    isByteLevel =
      tokenizer.id(of: "Ġ").map { tokenizer.decode([$0], skipSpecialTokens: true) == " " }
      ?? false
  }

  /// Returns the bytes of a token; none for an id that no token has.
  func bytes(_ id: Int32) -> [UInt8] {
    guard let spelling = tokenizer.token(id) else { return [] }
    if tokenizer.decode([id], skipSpecialTokens: true).isEmpty,
      !tokenizer.decode([id], skipSpecialTokens: false).isEmpty
    {
      return []
    }
    return isByteLevel ? byteLevel(spelling) : sentencePiece(spelling)
  }

  private func byteLevel(_ spelling: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in spelling.unicodeScalars {
      guard let byte = Self.byte(scalar) else { return Array(spelling.utf8) }
      bytes.append(byte)
    }
    return bytes
  }

  private func sentencePiece(_ spelling: String) -> [UInt8] {
    if spelling.count == 6, spelling.hasPrefix("<0x"), spelling.hasSuffix(">"),
      let byte = UInt8(spelling.dropFirst(3).dropLast(), radix: 16)
    {
      return [byte]
    }
    return spelling.unicodeScalars.flatMap { $0 == "▁" ? [0x20] : Array(String($0).utf8) }
  }

  /// The byte a character of the byte-level alphabet stands for.
  ///
  /// Printable characters of Latin-1 stand for themselves; the others, in order, for the code
  /// points from U+0100 on.
  private static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
    switch scalar.value {
    case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: UInt8(scalar.value)
    case 0x100...0x120: UInt8(scalar.value - 0x100)
    case 0x121...0x142: UInt8(scalar.value - 0x121 + 0x7F)
    case 0x143: 0xAD
    default: nil
    }
  }
}

extension TextCodec {
  /// The codec of a tokenizer.
  package init(_ tokenizer: Tokenizer) {
    let bytes = TokenBytes(tokenizer)
    self.init(
      encode: { tokenizer.encode($0, addSpecialTokens: $1) },
      bytes: { bytes.bytes($0) },
      specialText: { tokenizer.decode([$0], skipSpecialTokens: false) },
      decode: { tokenizer.decode($0, skipSpecialTokens: true) })
  }
}
