import WinaPipeline

/// A digest as four big-endian words, quick to load, to compare and to spell.
///
/// Making a `ContentDigest` from a collection of bytes costs microseconds, too much for planning,
/// which handles tens of thousands. Both types are the same four words in memory; a test checks
/// that they stay so.
package struct DigestWords: Hashable, Sendable {
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// The words of a digest.
  package init(_ digest: ContentDigest) { self = unsafeBitCast(digest, to: DigestWords.self) }

  /// Loads the 32 bytes at an offset.
  init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    func word(_ index: Int) -> UInt64 {
      UInt64(
        bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 8 * index, as: UInt64.self))
    }
    words = (word(0), word(1), word(2), word(3))
  }

  /// Loads 32 bytes.
  package init(_ bytes: [UInt8]) {
    precondition(bytes.count == 32)
    self = bytes.withUnsafeBytes { DigestWords($0, at: 0) }
  }

  /// The digest.
  package var digest: ContentDigest { unsafeBitCast(self, to: ContentDigest.self) }

  /// Writes the 64 hexadecimal digits.
  func spell(into target: UnsafeMutablePointer<CChar>) {
    var place = 0
    for word in [words.0, words.1, words.2, words.3] {
      for shift in stride(from: UInt64(60), through: 0, by: -4) {
        let nibble = UInt8(truncatingIfNeeded: word >> shift) & 15
        target[place] = CChar(nibble < 10 ? nibble + 48 : nibble + 87)
        place += 1
      }
    }
  }

  package static func == (left: DigestWords, right: DigestWords) -> Bool {
    left.words == right.words
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
