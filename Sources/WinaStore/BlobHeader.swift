/// The first 16 bytes of every file below `objects/`; not part of the digest.
///
/// All numbers are little-endian:
///
///     offset 0   4 bytes  magic "WINB"
///     offset 4   1 byte   version of the header, 1
///     offset 5   1 byte   codec: 0 raw, 1 zstd, 2 byte-shuffled, then zstd
///     offset 6   1 byte   element width in bytes for codec 2, otherwise 1
///     offset 7   1 byte   kind: 0 chunk of a tensor, 1 manifest
///     offset 8   8 bytes  logical size in bytes
///
/// What follows is the logical bytes or one standard zstd frame. The file's name is the SHA-256 of
/// the logical bytes. To undo codec 2, view the decompressed bytes as a matrix of `width` rows and
/// transpose it.
package struct BlobHeader: Hashable, Sendable {
  /// How the payload is packed.
  package enum Codec: UInt8, Sendable { case raw = 0, zstd, shuffledZstd }
  /// What the payload is.
  package enum Kind: UInt8, Sendable { case chunk = 0, manifest }

  /// The size of a header in bytes.
  package static let size = 16
  private static let magic: [UInt8] = Array("WINB".utf8)
  private static let version: UInt8 = 1

  /// How the payload is packed.
  package var codec: Codec
  /// The element width in bytes that the shuffle used, otherwise 1.
  package var width: Int
  /// What the payload is.
  package var kind: Kind
  /// How many bytes there are once unpacked.
  package var logicalSize: Int

  /// Makes a header.
  package init(codec: Codec, width: Int, kind: Kind, logicalSize: Int) {
    self.codec = codec
    self.width = width
    self.kind = kind
    self.logicalSize = logicalSize
  }

  /// Reads the header of a stored blob; anything that this version did not write is `nil`.
  package init?(_ stored: some Collection<UInt8>) {
    let bytes = Array(stored.prefix(BlobHeader.size))
    guard bytes.count == BlobHeader.size, Array(bytes[..<4]) == BlobHeader.magic,
      bytes[4] == BlobHeader.version, let codec = Codec(rawValue: bytes[5]),
      [1, 2, 4, 8].contains(bytes[6]), let kind = Kind(rawValue: bytes[7])
    else { return nil }
    let size = bytes[8...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let logicalSize = Int(exactly: size) else { return nil }
    guard codec == .shuffledZstd || bytes[6] == 1 else { return nil }
    self.init(codec: codec, width: Int(bytes[6]), kind: kind, logicalSize: logicalSize)
    guard logicalSize.isMultiple(of: width) else { return nil }
  }

  /// The 16 bytes.
  package var encoded: [UInt8] {
    BlobHeader.magic + [BlobHeader.version, codec.rawValue, UInt8(width), kind.rawValue]
      + (0..<8).map { UInt8(truncatingIfNeeded: logicalSize >> (8 * $0)) }
  }

  /// Returns whether a file of `stored` bytes can hold `logical` bytes at all.
  ///
  /// A blob never grows by being stored, and a zstd block of 4 bytes makes at most 128 KiB. This is
  /// what bounds every allocation by the bytes that really lie on disk.
  package static func isPlausible(stored: Int, logical: Int) -> Bool {
    guard logical >= 0, stored >= size, stored - size <= logical else { return false }
    return logical / 32768 <= stored - size && (logical == 0) == (stored == size)
  }
}
