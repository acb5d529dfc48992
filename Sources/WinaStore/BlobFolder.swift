import WinaPipeline

/// The blobs of a cache directory, by the digest of their logical bytes.
struct BlobFolder: Sendable {
  let layout: CacheLayout
  let files: any FileSystem
  let staging: StagingArea

  /// Reads a blob whose size is known, verifying it.
  func read(_ digest: ContentDigest, into target: UnsafeMutableRawBufferPointer)
    throws(StoreError)
  {
    let path = layout.object(digest)
    let stored = try load(digest, limit: BlobHeader.size + target.count)
    try BlobDecoder.decode(stored, into: target, digest: digest, path: path)
  }

  /// Reads a blob of at most `limit` bytes, verifying it.
  func read(_ digest: ContentDigest, limit: Int) throws(StoreError) -> [UInt8] {
    let stored = try load(digest, limit: BlobHeader.size + limit)
    return try BlobDecoder.decode(
      stored, limit: limit, digest: digest, path: layout.object(digest))
  }

  /// Reads the stored bytes of a blob as they lie on disk.
  func load(_ digest: ContentDigest, limit: Int) throws(StoreError) -> [UInt8] {
    do {
      return try files.read(layout.object(digest), limit: limit)
    } catch  where error.code == .notFound {
      throw .missing(digest, "the blob")
    }
  }

  /// Returns the size of the stored blob if it can hold `logical` bytes, reading nothing.
  func plausibleSize(_ digest: ContentDigest, logical: Int) throws(StoreError) -> Int? {
    guard let stored = try files.size(layout.object(digest)),
      BlobHeader.isPlausible(stored: stored, logical: logical)
    else { return nil }
    return stored
  }

  /// Stores logical bytes unless a sound blob of the same digest is there.
  ///
  /// A blob that is there but damaged is replaced, so that whoever writes can rely on what it wrote.
  func write(
    _ logical: UnsafeRawBufferPointer, width: Int, kind: BlobHeader.Kind,
    with encoder: inout BlobEncoder
  ) throws(StoreError) -> (digest: ContentDigest, storedBytes: Int) {
    var hasher = SHA256()
    hasher.update(raw: logical)
    let digest = hasher.finalize()
    if let stored = try plausibleSize(digest, logical: logical.count),
      try isSound(digest, size: logical.count)
    {
      return (digest, stored)
    }
    let stored = encoder.encode(logical, width: width, kind: kind)
    try place(stored, digest)
    return (digest, stored.count)
  }

  /// Puts the stored bytes of a blob into place.
  func place(_ stored: ArraySlice<UInt8>, _ digest: ContentDigest) throws(StoreError) {
    try staging.place(stored, at: layout.object(digest), mode: 0o444)
  }

  /// Reads a blob to see whether it is what its name says.
  func isSound(_ digest: ContentDigest, size: Int) throws(StoreError) -> Bool {
    do {
      _ = try read(digest, limit: size)
      return true
    } catch  where error.isMiss {
      return false
    }
  }
}
