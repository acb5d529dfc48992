import WinaPipeline

/// Packs blobs one after another, reusing its working memory; not for use by two threads.
package struct BlobEncoder: ~Copyable {
  private let compressor = ZstdCompressor()
  private var shuffled: [UInt8] = []
  private var output: [UInt8] = []

  /// Makes an encoder.
  package init() {}

  /// Packs logical bytes, shuffled by element width, or leaves them raw if that saves under 3 %.
  ///
  /// - Returns: The stored bytes with their header, valid until the next call.
  package mutating func encode(
    _ logical: UnsafeRawBufferPointer, width: Int, kind: BlobHeader.Kind
  ) -> ArraySlice<UInt8> {
    let width = logical.count.isMultiple(of: width) ? width : 1
    let room = BlobHeader.size + max(ZstdCompressor.bound(logical.count), logical.count)
    if output.count < room { output = [UInt8](repeating: 0, count: room) }
    let packed = logical.count < 64 ? nil : pack(logical, width: width)
    let isPacked = packed.map { $0 * 100 <= logical.count * 97 } ?? false
    let codec: BlobHeader.Codec = !isPacked ? .raw : width > 1 ? .shuffledZstd : .zstd
    let header = BlobHeader(
      codec: codec, width: codec == .shuffledZstd ? width : 1, kind: kind,
      logicalSize: logical.count)
    output.replaceSubrange(..<BlobHeader.size, with: header.encoded)
    if isPacked, let packed { return output[..<(BlobHeader.size + packed)] }
    output.withUnsafeMutableBytes {
      UnsafeMutableRawBufferPointer(rebasing: $0[BlobHeader.size...]).copyMemory(from: logical)
    }
    return output[..<(BlobHeader.size + logical.count)]
  }

  private mutating func pack(_ logical: UnsafeRawBufferPointer, width: Int) -> Int? {
    guard width > 1 else { return compress(logical) }
    if shuffled.count < logical.count {
      shuffled = [UInt8](repeating: 0, count: logical.count)
    }
    shuffled.withUnsafeMutableBytes { ByteShuffle.shuffle(logical, into: $0, width: width) }
    let source = shuffled
    return source.withUnsafeBytes {
      compress(UnsafeRawBufferPointer(rebasing: $0[..<logical.count]))
    }
  }

  private mutating func compress(_ source: UnsafeRawBufferPointer) -> Int? {
    output.withUnsafeMutableBytes {
      compressor.compress(
        source, into: UnsafeMutableRawBufferPointer(rebasing: $0[BlobHeader.size...]))
    }
  }
}

/// Unpacks blobs, checking everything that a stored file claims.
package enum BlobDecoder {
  /// Reads and checks the header of a stored blob.
  package static func header(_ stored: [UInt8], size: Int, path: String) throws(StoreError)
    -> BlobHeader
  {
    guard let header = BlobHeader(stored) else {
      throw .corrupt(path, "it does not begin with a blob header of this version")
    }
    guard BlobHeader.isPlausible(stored: size, logical: header.logicalSize) else {
      throw .corrupt(path, "\(size) stored bytes cannot hold \(header.logicalSize)")
    }
    return header
  }

  /// Unpacks a blob of known size and compares its digest.
  package static func decode(
    _ stored: [UInt8], into target: UnsafeMutableRawBufferPointer, digest: ContentDigest,
    path: String
  ) throws(StoreError) {
    let header = try header(stored, size: stored.count, path: path)
    guard header.logicalSize == target.count else {
      throw .corrupt(path, "it holds \(header.logicalSize) bytes instead of \(target.count)")
    }
    let failure = stored.withUnsafeBytes {
      unpack(UnsafeRawBufferPointer(rebasing: $0[BlobHeader.size...]), header, into: target)
    }
    if let failure { throw .corrupt(path, failure) }
    var hasher = SHA256()
    hasher.update(raw: UnsafeRawBufferPointer(target))
    guard hasher.finalize() == digest else {
      throw .corrupt(path, "its content does not have the digest \(digest.hex)")
    }
  }

  /// Unpacks a blob of at most `limit` logical bytes and compares its digest.
  package static func decode(
    _ stored: [UInt8], limit: Int, digest: ContentDigest, path: String
  ) throws(StoreError) -> [UInt8] {
    let header = try header(stored, size: stored.count, path: path)
    guard header.logicalSize <= limit else {
      throw .corrupt(path, "it claims \(header.logicalSize) bytes; at most \(limit) are expected")
    }
    return try [UInt8].filled(header.logicalSize) { (target) throws(StoreError) in
      try decode(stored, into: target, digest: digest, path: path)
    }
  }

  private static func unpack(
    _ payload: UnsafeRawBufferPointer, _ header: BlobHeader,
    into target: UnsafeMutableRawBufferPointer
  ) -> String? {
    switch header.codec {
    case .raw:
      guard payload.count == target.count else { return "it is cut short" }
      target.copyMemory(from: payload)
      return nil
    case .zstd:
      return ZstdFrame.decompress(payload, into: target)
    case .shuffledZstd:
      let scratch = UnsafeMutableRawBufferPointer.allocate(
        byteCount: target.count, alignment: 64)
      defer { scratch.deallocate() }
      if let failure = ZstdFrame.decompress(payload, into: scratch) { return failure }
      ByteShuffle.unshuffle(UnsafeRawBufferPointer(scratch), into: target, width: header.width)
      return nil
    }
  }
}
