import WinaPipeline

extension ArtifactStore {
  /// Reads an artifact whole, verifying every blob.
  ///
  /// A blob that is missing or damaged here is fetched from the remote tier if there is one.
  ///
  /// - Parameters:
  ///   - digest: The artifact's content digest.
  ///   - format: The format that the reader understands.
  ///   - threads: How many threads may unpack chunks; the store's default when `nil`.
  /// - Throws: ``StoreError``: `notFound` or `corrupt`, after which ``quarantine(_:)`` and a rerun
  ///   help; `wrongFormat`.
  public func read(_ digest: ContentDigest, as format: String, threads: Int? = nil)
    throws(StoreError) -> ArtifactPayload
  {
    let manifest = try manifest(of: digest)
    guard manifest.format == format else {
      throw StoreError(
        .wrongFormat, "artifact \(digest.hex) is a '\(manifest.format)', not a '\(format)'")
    }
    try requirePlausible(manifest, chunks: manifest.chunks)
    var tensors: [ArtifactTensor] = []
    for tensor in manifest.tensors {
      let bytes = try readRows(
        tensor, 0..<tensor.rows, of: digest, threads: threads ?? options.threads)
      tensors.append(try ArtifactStore.tensor(tensor, shape: tensor.shape, bytes: bytes))
    }
    return ArtifactPayload(metadata: manifest.metadata, tensors: tensors)
  }

  /// Reads what an artifact is made of, verified, without its tensors.
  public func manifest(of digest: ContentDigest) throws(StoreError) -> ArtifactManifest {
    let text = try mending(digest, size: nil) { () throws(StoreError) in
      try blobs.read(digest, limit: ArtifactManifest.maximumSize)
    }
    return try ArtifactManifest(
      parsing: text, path: layout.object(digest), maximumBytes: options.maximumArtifactBytes)
  }

  /// Reads an artifact's small facts.
  public func readMetadata(_ digest: ContentDigest) throws(StoreError) -> JSONValue {
    try manifest(of: digest).metadata
  }

  /// Reads some rows of one tensor, touching only the chunks that hold them.
  ///
  /// - Returns: A tensor whose outermost extent is the number of rows.
  public func readTensor(_ digest: ContentDigest, _ name: String, rows: Range<Int>)
    throws(StoreError) -> ArtifactTensor
  {
    let manifest = try manifest(of: digest)
    guard let tensor = manifest.tensors.first(where: { $0.name == name }) else {
      let names = manifest.tensors.map(\.name).joined(separator: ", ")
      throw StoreError(
        .notFound, "artifact \(digest.hex) has no tensor '\(name)'; it has: \(names)")
    }
    guard rows.lowerBound >= 0, rows.upperBound <= tensor.rows else {
      throw .invalid("tensor '\(name)' has \(tensor.rows) rows; \(rows) are asked for")
    }
    let touched = ArtifactStore.chunks(of: tensor, holding: rows).map { chunk in
      (digest: tensor.chunks[chunk], size: tensor.byteCount(ofChunk: chunk))
    }
    try requirePlausible(manifest, chunks: touched)
    let bytes = try readRows(tensor, rows, of: digest, threads: options.threads)
    let shape = [rows.count] + tensor.shape.dropFirst()
    return try ArtifactStore.tensor(tensor, shape: shape, bytes: bytes)
  }

  /// Returns whether an artifact is here: its manifest and all chunks, with plausible sizes.
  ///
  /// Content is not read, except the manifest; that happens when the artifact is used.
  public func contains(_ digest: ContentDigest) -> Bool { localBlobs(of: digest) != nil }

  /// Returns the blobs behind an artifact that is here, or `nil` when one is missing.
  func localBlobs(of digest: ContentDigest) -> [PlanIndex.Blob]? {
    do throws(StoreError) {
      let text = try blobs.read(digest, limit: ArtifactManifest.maximumSize)
      let manifest = try ArtifactManifest(
        parsing: text, path: layout.object(digest), maximumBytes: options.maximumArtifactBytes)
      var all = [PlanIndex.Blob(digest: digest, size: text.count)]
      for (chunk, size) in manifest.chunks {
        guard try blobs.plausibleSize(chunk, logical: size) != nil else { return nil }
        all.append(PlanIndex.Blob(digest: chunk, size: size))
      }
      return all
    } catch {
      return nil
    }
  }

  /// Checks that every chunk lies on disk with enough bytes, before anything is allocated for it.
  private func requirePlausible(
    _ manifest: ArtifactManifest, chunks: [(digest: ContentDigest, size: Int)]
  ) throws(StoreError) {
    for (digest, size) in chunks {
      try mending(digest, size: size) { () throws(StoreError) in
        let path = layout.object(digest)
        guard let stored = try files.size(path) else { throw .missing(digest, "the blob") }
        guard BlobHeader.isPlausible(stored: stored, logical: size) else {
          throw .corrupt(path, "\(stored) stored bytes cannot hold \(size)")
        }
      }
    }
  }

  private func readRows(
    _ tensor: ArtifactManifest.Tensor, _ rows: Range<Int>, of digest: ContentDigest, threads: Int
  ) throws(StoreError) -> [UInt8] {
    let chunks = ArtifactStore.chunks(of: tensor, holding: rows)
    let first = chunks.lowerBound
    return try [UInt8].filled(rows.count * tensor.rowBytes) { (target) throws(StoreError) in
      let target = WorkerMemory(target)
      try Workers.run(count: chunks.count, threads: threads) { (next) throws(StoreError) in
        while let index = next() {
          try self.readChunk(first + index, of: tensor, rows, into: target)
        }
      }
    }
  }

  /// Unpacks a chunk into its place; chunks of a tensor do not overlap, so neither do the workers.
  private func readChunk(
    _ index: Int, of tensor: ArtifactManifest.Tensor, _ wanted: Range<Int>,
    into target: WorkerMemory
  ) throws(StoreError) {
    let rows = tensor.rows(ofChunk: index)
    let digest = tensor.chunks[index]
    let size = tensor.byteCount(ofChunk: index)
    let shared = rows.clamped(to: wanted)
    let place = target.slice(
      (shared.lowerBound - wanted.lowerBound) * tensor.rowBytes, shared.count * tensor.rowBytes)
    if shared == rows {
      try mending(digest, size: size) { () throws(StoreError) in
        try blobs.read(digest, into: place)
      }
      return
    }
    let chunk = try mending(digest, size: size) { () throws(StoreError) in
      try blobs.read(digest, limit: size)
    }
    let start = (shared.lowerBound - rows.lowerBound) * tensor.rowBytes
    guard chunk.count == size else {
      throw .corrupt(layout.object(digest), "it holds \(chunk.count) bytes instead of \(size)")
    }
    chunk.withUnsafeBytes {
      place.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + place.count]))
    }
  }

  /// Runs a read; when the blob is missing or damaged, fetches it from the remote and reads again.
  func mending<Value>(
    _ digest: ContentDigest, size: Int?, _ body: () throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    do {
      return try body()
    } catch  where error.isMiss {
      guard let remote, let stored = remote.fetchBlob(digest, size: size) else { throw error }
      try blobs.place(stored[...], digest)
      return try body()
    }
  }

  private static func chunks(of tensor: ArtifactManifest.Tensor, holding rows: Range<Int>)
    -> Range<Int>
  {
    guard tensor.chunkCount > 0, !rows.isEmpty else { return 0..<0 }
    return rows.lowerBound / tensor.chunkRows..<(rows.upperBound - 1) / tensor.chunkRows + 1
  }

  private static func tensor(_ tensor: ArtifactManifest.Tensor, shape: [Int], bytes: [UInt8])
    throws(StoreError) -> ArtifactTensor
  {
    do {
      return try ArtifactTensor(
        name: tensor.name, elementType: tensor.elementType, shape: shape, bytes: bytes)
    } catch {
      throw .invalid(error.message)
    }
  }
}

/// Memory that several workers fill at once, each its own part.
///
/// The parts must not overlap; bounds are checked.
private struct WorkerMemory: @unchecked Sendable {
  private let memory: UnsafeMutableRawBufferPointer

  init(_ memory: UnsafeMutableRawBufferPointer) { self.memory = memory }

  func slice(_ offset: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + count])
  }
}
