import Synchronization
import WinaPipeline

/// What storing an artifact gave.
public struct StoredArtifact: Hashable, Sendable {
  /// The artifact's content digest.
  public let digest: ContentDigest
  /// The bytes of its manifest and chunks as they lie on disk, each chunk counted once.
  public let storedBytes: Int
  /// The bytes of its tensors.
  public let logicalBytes: Int
}

extension ArtifactStore {
  /// Stores an artifact: its chunks, then its manifest; equal content is stored once.
  ///
  /// - Parameters:
  ///   - payload: The logical content.
  ///   - format: The name and version of the logical layout.
  ///   - threads: How many threads may pack chunks; the store's default when `nil`.
  /// - Returns: The digest, which depends on the logical content alone.
  /// - Throws: ``StoreError``: `invalidArtifact` for content that has no canonical form, `full` when
  ///   the disk is full; no partial blob is left behind.
  /// - Complexity: One pass over the bytes; memory of about three chunks a thread.
  public func write(_ payload: ArtifactPayload, format: String, threads: Int? = nil)
    throws(StoreError) -> StoredArtifact
  {
    let pieces = try pieces(of: payload)
    let stored = Mutex([ContentDigest: Int]())
    let digests = Mutex([ContentDigest?](repeating: nil, count: pieces.count))
    try Workers.run(count: pieces.count, threads: threads ?? options.threads) {
      (next) throws(StoreError) in
      var encoder = BlobEncoder()
      while let index = next() {
        let piece = pieces[index]
        let (digest, size) = try payload.tensors[piece.tensor].bytes.withRaw {
          (bytes) throws(StoreError) in
          try self.blobs.write(
            UnsafeRawBufferPointer(rebasing: bytes[piece.bytes]), width: piece.width,
            kind: .chunk, with: &encoder)
        }
        digests.withLock { $0[index] = digest }
        stored.withLock { $0[digest] = size }
      }
    }
    var chunks = [[ContentDigest]](repeating: [], count: payload.tensors.count)
    for (piece, digest) in zip(pieces, digests.withLock { $0 }) {
      guard let digest else { preconditionFailure("a chunk was not stored") }
      chunks[piece.tensor].append(digest)
    }
    let manifest = ArtifactManifest(
      format: format, metadata: payload.metadata,
      tensors: zip(payload.tensors, chunks).map { .init($0, chunks: $1) })
    let text = Array(manifest.canonicalText.utf8)
    guard text.count <= ArtifactManifest.maximumSize else {
      throw .invalid("the manifest of a '\(format)' has \(text.count) bytes, too many to store")
    }
    var encoder = BlobEncoder()
    let (digest, size) = try text.withRaw { (bytes) throws(StoreError) in
      try blobs.write(bytes, width: 1, kind: .manifest, with: &encoder)
    }
    let chunkBytes = stored.withLock { $0.values.reduce(0, +) }
    return StoredArtifact(
      digest: digest, storedBytes: size + chunkBytes, logicalBytes: manifest.tensorBytes)
  }

  private struct Piece: Sendable {
    var tensor: Int
    var bytes: Range<Int>
    var width: Int
  }

  /// Cuts the tensors into chunks, refusing content that could not be read back.
  private func pieces(of payload: ArtifactPayload) throws(StoreError) -> [Piece] {
    guard payload.metadata.isFinite else {
      throw .invalid("an artifact's metadata holds a number that is not finite")
    }
    var names: Set<String> = []
    var pieces: [Piece] = []
    var total = 0
    for (index, tensor) in payload.tensors.enumerated() {
      guard names.insert(tensor.name).inserted else {
        throw .invalid("an artifact has two tensors '\(tensor.name)'")
      }
      total += tensor.bytes.count
      let shape = ArtifactManifest.Tensor(tensor)
      let width = ArtifactTensor.byteCount(of: tensor.elementType) ?? 1
      for chunk in 0..<shape.chunkCount {
        let rows = shape.rows(ofChunk: chunk)
        let bytes = rows.lowerBound * shape.rowBytes..<rows.upperBound * shape.rowBytes
        pieces.append(Piece(tensor: index, bytes: bytes, width: width))
      }
    }
    guard total <= options.maximumArtifactBytes else {
      throw .invalid(
        "an artifact of \(total) bytes is larger than the limit of \(options.maximumArtifactBytes)")
    }
    return pieces
  }
}
