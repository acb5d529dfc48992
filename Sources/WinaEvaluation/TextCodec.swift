/// What encoding samples needs of a tokenizer.
///
/// A value of closures rather than the tokenizer itself, so that the harness's rules can be tested
/// with a toy vocabulary.
package struct TextCodec: Sendable {
  /// Text to ids, with the tokenizer's own special tokens if asked.
  package var encode: @Sendable (_ text: String, _ specials: Bool) throws -> [Int32]
  /// The bytes of text an id stands for; none for a special token.
  package var bytes: @Sendable (_ id: Int32) -> [UInt8]
  /// The text of ids together, without special tokens.
  package var decode: @Sendable (_ ids: [Int32]) -> String
  /// The text of a special token, as it would be written in a prompt.
  package var specialText: @Sendable (_ id: Int32) -> String?

  /// Makes a codec from its parts.
  package init(
    encode: @escaping @Sendable (String, Bool) throws -> [Int32],
    bytes: @escaping @Sendable (Int32) -> [UInt8],
    specialText: @escaping @Sendable (Int32) -> String?,
    decode: (@Sendable ([Int32]) -> String)? = nil
  ) {
    self.encode = encode
    self.bytes = bytes
    self.specialText = specialText
    self.decode = decode ?? { String(decoding: $0.flatMap(bytes), as: UTF8.self) }
  }
}
