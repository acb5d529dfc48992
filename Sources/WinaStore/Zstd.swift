import CZstd
import Glibc

/// Compresses into single zstd frames that state their content size; not for use by two threads.
///
/// This file is the one wrapper of libzstd: raw pointers stay inside it.
package struct ZstdCompressor: ~Copyable {
  private let context: OpaquePointer

  /// Makes a compressor with its own working memory.
  package init() {
    guard let context = ZSTD_createCCtx() else { preconditionFailure("zstd is out of memory") }
    self.context = context
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Returns how many bytes the frame of `count` bytes can need at most.
  package static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

  /// Writes one frame at level 1 and returns its size, or `nil` when it does not fit.
  package func compress(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    let size = ZSTD_compressCCtx(
      context, target.baseAddress, target.count, source.baseAddress, source.count, 1)
    return ZSTD_isError(size) == 0 ? size : nil
  }
}

/// Reads single zstd frames whose content size is known beforehand.
package enum ZstdFrame {
  /// Decompresses exactly one frame that fills the target exactly.
  ///
  /// - Returns: Why the frame was refused, or `nil` when all went well.
  package static func decompress(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> String? {
    let claimed = ZSTD_getFrameContentSize(source.baseAddress, source.count)
    guard claimed == UInt64(target.count) else {
      return "its frame does not hold \(target.count) bytes"
    }
    guard ZSTD_findFrameCompressedSize(source.baseAddress, source.count) == source.count else {
      return "its frame does not end where the file ends"
    }
    let size = ZSTD_decompress(target.baseAddress, target.count, source.baseAddress, source.count)
    if ZSTD_isError(size) != 0 { return String(cString: ZSTD_getErrorName(size)) }
    return size == target.count ? nil : "its frame is short"
  }
}

/// Reads whole files that the `zstd` program wrote, and makes such files.
public enum ZstdFile {
  /// Returns whether a path has the name of a compressed file.
  public static func isCompressed(_ path: String) -> Bool { path.hasSuffix(".zst") }

  /// Returns whether bytes begin like a zstd frame or a skippable frame.
  public static func isCompressed(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 4 else { return false }
    let isFrame = bytes[0] == 0x28 && bytes[1] == 0xB5 && bytes[2] == 0x2F && bytes[3] == 0xFD
    let isSkippable =
      bytes[0] & 0xF0 == 0x50 && bytes[1] == 0x2A && bytes[2] == 0x4D && bytes[3] == 0x18
    return isFrame || isSkippable
  }

  /// Reads and decompresses a file of any number of frames, reading it piece by piece.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - limit: The most bytes that the content may have.
  /// - Throws: ``StoreError``: `notFound`, `permission`, `corrupt`, or `invalidArtifact` when the
  ///   content is larger than the limit.
  public static func read(path: String, limit: Int) throws(StoreError) -> [UInt8] {
    let files = PosixFileSystem()
    var stream = ZstdStream(name: path, limit: limit)
    var offset = 0
    while true {
      let piece = try files.read(path, from: offset, count: 1 << 20)
      if piece.bytes.isEmpty { break }
      try stream.append(piece.bytes)
      offset += piece.bytes.count
    }
    return try stream.finish()
  }

  /// Decompresses the bytes of any number of frames.
  ///
  /// - Parameters:
  ///   - bytes: The compressed bytes.
  ///   - name: What to call them in an error, such as the path that they were read from.
  ///   - limit: The most bytes that the content may have.
  public static func decompress(_ bytes: [UInt8], name: String, limit: Int) throws(StoreError)
    -> [UInt8]
  {
    var stream = ZstdStream(name: name, limit: limit)
    try stream.append(bytes)
    return try stream.finish()
  }

  /// Compresses bytes into one frame; what it looks like depends on the version of libzstd.
  ///
  /// - Parameter level: From 1 (fast) to 19 (small).
  /// - Throws: ``StoreError`` when there is no memory for it.
  public static func compress(_ bytes: [UInt8], level: Int) throws(StoreError) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let size = frame.withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes { source in
        ZSTD_compress(
          target.baseAddress, target.count, source.baseAddress, source.count, Int32(level))
      }
    }
    if ZSTD_isError(size) != 0 {
      throw StoreError(.io, "zstd failed: \(String(cString: ZSTD_getErrorName(size)))")
    }
    return Array(frame[..<size])
  }
}

/// Decompresses a stream of frames into memory, never past a limit.
private struct ZstdStream: ~Copyable {
  private let context: OpaquePointer
  private let name: String
  private let limit: Int
  private var content: [UInt8] = []
  private var piece = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
  private var isInsideFrame = true

  init(name: String, limit: Int) {
    guard let context = ZSTD_createDCtx() else { preconditionFailure("zstd is out of memory") }
    self.context = context
    self.name = name
    self.limit = limit
  }

  deinit { ZSTD_freeDCtx(context) }

  mutating func append(_ bytes: [UInt8]) throws(StoreError) {
    var consumed = 0
    var isFull = false
    while consumed < bytes.count || isFull {
      let context = context
      let (status, read, written) = bytes.withUnsafeBytes { source in
        piece.withUnsafeMutableBytes { target in
          var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: consumed)
          var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
          let status = ZSTD_decompressStream(context, &output, &input)
          return (status, input.pos, output.pos)
        }
      }
      if ZSTD_isError(status) != 0 {
        throw StoreError(
          .corrupt, "'\(name)' is not valid zstd: \(String(cString: ZSTD_getErrorName(status)))",
          hint: "check the file with zstd -t")
      }
      guard written <= limit - content.count else {
        throw .invalid("'\(name)' holds more than \(limit) bytes when decompressed")
      }
      content.append(contentsOf: piece[..<written])
      consumed = read
      isFull = written == piece.count && status != 0
      isInsideFrame = status != 0
    }
  }

  consuming func finish() throws(StoreError) -> [UInt8] {
    guard !isInsideFrame else {
      throw StoreError(
        .corrupt, "'\(name)' is not valid zstd: it ends in the middle of a frame",
        hint: "check the file with zstd -t")
    }
    return content
  }
}
