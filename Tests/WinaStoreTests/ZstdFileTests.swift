import Testing
import WinaPipeline
import WinaStore
import WinaTestSupport

struct ZstdFileTests {
  private func frame(_ bytes: [UInt8]) -> [UInt8] {
    let compressor = ZstdCompressor()
    var frame = [UInt8](repeating: 0, count: ZstdCompressor.bound(bytes.count))
    let size = bytes.withUnsafeBytes { source in
      frame.withUnsafeMutableBytes { compressor.compress(source, into: $0) }
    }
    return Array(frame.prefix(size ?? 0))
  }

  private let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 9, 9, 9]

  @Test(arguments: [0, 1, 100, 131_072, 131_073, 3_000_000])
  func contentOfAnySizeComesBack(size: Int) throws {
    let directory = try TemporaryDirectory()
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 3) }
    let path = try directory.write(frame(bytes), to: "a.jsonl.zst")
    #expect(ZstdFile.isCompressed(path))
    #expect(ZstdFile.isCompressed(frame(bytes)))
    #expect(try ZstdFile.read(path: path, limit: size) == bytes)
  }

  @Test func framesFollowEachOtherAndSkippableOnesAreSkipped() throws {
    let bytes = skippable + frame([1, 2]) + frame([]) + skippable + frame([3]) + skippable
    #expect(try ZstdFile.decompress(bytes, name: "a", limit: 100) == [1, 2, 3])
    #expect(ZstdFile.isCompressed(skippable))
    #expect(!ZstdFile.isCompressed(Array("{\"text\"".utf8)))
  }

  @Test func moreThanTheLimitIsRefusedBeforeItIsHeld() throws {
    let bomb = frame([UInt8](repeating: 0, count: 64 << 20))
    #expect(bomb.count < 10_000)
    let error = #expect(throws: StoreError.self) {
      try ZstdFile.decompress(bomb, name: "bomb.zst", limit: 1 << 20)
    }
    #expect(error?.code == .invalidArtifact)
    #expect(error?.message == "'bomb.zst' holds more than 1048576 bytes when decompressed")
  }

  @Test func cutOrForeignBytesAreCorrupt() throws {
    let whole = frame(Array("some text that is long enough to be a frame".utf8))
    for end in 0..<whole.count {
      let error = #expect(throws: StoreError.self) {
        try ZstdFile.decompress(Array(whole[..<end]), name: "a.zst", limit: 1000)
      }
      #expect(error?.code == .corrupt)
    }
    let error = #expect(throws: StoreError.self) {
      try ZstdFile.decompress(Array("plain text".utf8), name: "a.zst", limit: 1000)
    }
    #expect(error?.description.hasSuffix("(check the file with zstd -t)") == true)
  }

  @Test func anAbsentFileIsNotFound() throws {
    let directory = try TemporaryDirectory()
    let error = #expect(throws: StoreError.self) {
      try ZstdFile.read(path: directory.file("absent.zst"), limit: 10)
    }
    #expect(error?.code == .notFound)
  }
}
