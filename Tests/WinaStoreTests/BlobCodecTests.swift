import Testing
import WinaPipeline
import WinaStore
import WinaTestSupport

struct BlobCodecTests {
  private func encode(_ bytes: [UInt8], width: Int) -> [UInt8] {
    var encoder = BlobEncoder()
    return bytes.withUnsafeBytes { Array(encoder.encode($0, width: width, kind: .chunk)) }
  }

  private func decode(_ stored: [UInt8], _ digest: ContentDigest, limit: Int = 1 << 20) throws
    -> [UInt8]
  {
    try BlobDecoder.decode(stored, limit: limit, digest: digest, path: "blob")
  }

  @Test func theHeaderIsSixteenDocumentedBytes() {
    let header = BlobHeader(
      codec: .shuffledZstd, width: 4, kind: .manifest, logicalSize: 0x10203040)
    #expect(
      header.encoded == [
        0x57, 0x49, 0x4E, 0x42, 1, 2, 4, 1, 0x40, 0x30, 0x20, 0x10, 0, 0, 0, 0,
      ])
    #expect(BlobHeader(header.encoded) == header)
  }

  @Test func anythingElseIsNoHeader() {
    let good = BlobHeader(codec: .zstd, width: 1, kind: .chunk, logicalSize: 8).encoded
    for (offset, value) in [(0, 0), (4, 2), (5, 3), (6, 3), (6, 4), (7, 2), (15, 0x80)] {
      var bad = good
      bad[offset] = UInt8(value)
      #expect(BlobHeader(bad) == nil, "byte \(offset) = \(value)")
    }
    #expect(BlobHeader(good.dropLast()) == nil)
  }

  @Test func randomBytesOfEveryLengthAndWidthComeBackEqual() throws {
    var generator = SeededGenerator(seed: 7)
    for length in Array(0..<70) + [127, 128, 1000, 4096, 65_536] {
      for width in [1, 2, 4, 8] {
        let mask: UInt8 = length.isMultiple(of: 2) ? 0x03 : 0xFF
        let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) & mask }
        let stored = encode(bytes, width: width)
        #expect(stored.count <= bytes.count + BlobHeader.size)
        #expect(try decode(stored, SHA256.digest(of: bytes)) == bytes, "\(length) × \(width)")
      }
    }
  }

  @Test func noiseIsStoredRawAndFloatsAreShuffled() throws {
    var generator = SeededGenerator(seed: 9)
    let noise = (0..<40_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    #expect(BlobHeader(encode(noise, width: 4))?.codec == .raw)
    let floats = generator.normals(200_000).flatMap { value in
      withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
    }
    let stored = encode(floats, width: 4)
    #expect(BlobHeader(stored)?.codec == .shuffledZstd)
    let ratio = Double(floats.count) / Double(stored.count)
    #expect(ratio > 1.15, "shuffled normal floats compress by \(ratio)")
    #expect(stored.count < encode(floats, width: 1).count)
  }

  @Test func aHeaderThatClaimsMoreThanTheFileCanHoldIsCorruptBeforeAnyAllocation() throws {
    for size in [1 << 60, Int.max / 8 * 8, 1 << 40] {
      for codec in [BlobHeader.Codec.raw, .zstd, .shuffledZstd] {
        let header = BlobHeader(
          codec: codec, width: codec == .shuffledZstd ? 8 : 1, kind: .chunk, logicalSize: size)
        let stored = header.encoded + [UInt8](repeating: 7, count: 100)
        let error = #expect(throws: StoreError.self) {
          try decode(stored, SHA256.digest(of: "x"), limit: .max)
        }
        #expect(error?.code == .corrupt)
      }
    }
  }

  @Test func everyFlippedByteAndEveryCutIsNoticed() throws {
    let bytes = try makeTensor("x", "F32", [300]).bytes
    let digest = SHA256.digest(of: bytes)
    let stored = encode(bytes, width: 4)
    for index in stored.indices {
      for bit in [UInt8(1), 0x80] {
        var bad = stored
        bad[index] ^= bit
        // Byte 7 says whether the blob is a manifest; it does not touch the content.
        if let read = try? decode(bad, digest) { #expect(read == bytes, "byte \(index)") }
      }
      #expect(throws: StoreError.self) { try decode(Array(stored[..<index]), digest) }
    }
    #expect(throws: StoreError.self) { try decode(stored + [0], digest) }
    #expect(throws: StoreError.self) { try decode(stored + stored, digest) }
  }

  @Test func anotherDigestIsRefused() throws {
    let stored = encode([1, 2, 3], width: 1)
    #expect(throws: StoreError.self) { try decode(stored, SHA256.digest(of: [1, 2, 4])) }
    #expect(try decode(stored, SHA256.digest(of: [1, 2, 3])) == [1, 2, 3])
  }

  @Test func zerosCompressAsFarAsZstdCanAndStayPlausible() throws {
    let bytes = [UInt8](repeating: 0, count: 8 << 20)
    let stored = encode(bytes, width: 8)
    #expect(stored.count < 2000)
    #expect(BlobHeader.isPlausible(stored: stored.count, logical: bytes.count))
    #expect(try decode(stored, SHA256.digest(of: bytes), limit: 8 << 20).count == bytes.count)
  }
}
