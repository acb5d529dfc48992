import WinaPipeline

/// What an artifact is made of: its digest is the SHA-256 of this manifest's canonical text.
///
/// The text names formats, types, shapes and digests of logical bytes, never a codec, so that
/// packing may change without changing any digest.
public struct ArtifactManifest: Hashable, Sendable {
  /// One tensor, in chunks of whole rows.
  public struct Tensor: Hashable, Sendable {
    /// The name, unique within the artifact.
    public let name: String
    /// The element type in the spelling of safetensors.
    public let elementType: String
    /// The extents, outermost first; no extents mean a single element.
    public let shape: [Int]
    /// How many rows every chunk but the last one has.
    public let chunkRows: Int
    /// The digests of the chunks' logical bytes, in order of rows.
    public let chunks: [ContentDigest]
    /// The bytes of a row.
    public let rowBytes: Int

    /// The number of rows: the outermost extent, or one.
    public var rows: Int { shape.first ?? 1 }
    /// The bytes of the whole tensor.
    public var byteCount: Int { rows * rowBytes }

    /// Returns the rows that a chunk holds.
    func rows(ofChunk index: Int) -> Range<Int> {
      index * chunkRows..<min(rows, (index + 1) * chunkRows)
    }

    /// Returns the logical size of a chunk in bytes.
    func byteCount(ofChunk index: Int) -> Int { rows(ofChunk: index).count * rowBytes }
  }

  /// The most bytes that the text of a manifest may have.
  static let maximumSize = 256 << 20
  /// The most bytes that a chunk of more than one row has.
  static let chunkBytes = 8 << 20
  private static let layout = "artifact/1"

  /// The name and version of the logical layout.
  public var format: String
  /// Small facts.
  public var metadata: JSONValue
  /// The tensors in the order in which they were written.
  public var tensors: [Tensor]

  /// The logical bytes of all tensors.
  public var tensorBytes: Int { tensors.reduce(0) { $0 + $1.byteCount } }

  /// The text that the artifact's digest is the SHA-256 of.
  var canonicalText: String {
    JSONValue.object([
      "layout": .string(ArtifactManifest.layout),
      "format": .string(format),
      "metadata": metadata,
      "tensors": .array(
        tensors.map { tensor in
          .object([
            "name": .string(tensor.name),
            "dtype": .string(tensor.elementType),
            "shape": .array(tensor.shape.map(JSONValue.int)),
            "chunk_rows": .int(tensor.chunkRows),
            "chunks": .array(tensor.chunks.map { .string($0.hex) }),
          ])
        }),
    ]).canonicalText
  }

  /// The blobs that the manifest refers to, with their logical sizes, each once.
  var chunks: [(digest: ContentDigest, size: Int)] {
    var seen: Set<ContentDigest> = []
    var all: [(ContentDigest, Int)] = []
    for tensor in tensors {
      for (index, digest) in tensor.chunks.enumerated() where seen.insert(digest).inserted {
        all.append((digest, tensor.byteCount(ofChunk: index)))
      }
    }
    return all
  }
}

extension ArtifactManifest {
  /// Reads a manifest's text, checking that types, shapes and chunks agree and stay in bounds.
  ///
  /// - Parameters:
  ///   - text: The canonical text.
  ///   - path: What to call it in an error.
  ///   - maximumBytes: The most logical bytes that the tensors may have together.
  init(parsing text: [UInt8], path: String, maximumBytes: Int) throws(StoreError) {
    guard case .object(let members) = JSONReader.parse(text) ?? .null,
      case .string(ArtifactManifest.layout) = members["layout"] ?? .null,
      case .string(let format) = members["format"] ?? .null,
      case .array(let entries) = members["tensors"] ?? .null
    else { throw .corrupt(path, "it is not a manifest of this version") }
    var tensors: [Tensor] = []
    var names: Set<String> = []
    var total = 0
    for entry in entries {
      guard let tensor = Tensor(entry) else {
        throw .corrupt(path, "tensor \(tensors.count) is described wrongly")
      }
      guard names.insert(tensor.name).inserted else {
        throw .corrupt(path, "it has two tensors '\(tensor.name)'")
      }
      let (sum, overflow) = total.addingReportingOverflow(tensor.byteCount)
      guard !overflow, sum <= maximumBytes else {
        throw .corrupt(path, "its tensors claim more than \(maximumBytes) bytes")
      }
      total = sum
      tensors.append(tensor)
    }
    self.init(format: format, metadata: members["metadata"] ?? .null, tensors: tensors)
  }
}

extension ArtifactManifest.Tensor {
  /// Describes a tensor that is about to be stored; its chunks are named once they are hashed.
  init(_ tensor: ArtifactTensor, chunks: [ContentDigest] = []) {
    let rows = tensor.shape.first ?? 1
    let rowBytes = rows > 0 ? tensor.bytes.count / rows : 0
    self.init(
      name: tensor.name, elementType: tensor.elementType, shape: tensor.shape,
      chunkRows: max(1, min(rows, ArtifactManifest.chunkBytes / max(1, rowBytes))), chunks: chunks,
      rowBytes: rowBytes)
  }

  /// How many chunks the bytes need; a tensor of no bytes has none.
  var chunkCount: Int { byteCount == 0 ? 0 : (rows - 1) / chunkRows + 1 }

  fileprivate init?(_ value: JSONValue) {
    guard case .string(let name) = value["name"] ?? .null,
      case .string(let elementType) = value["dtype"] ?? .null,
      case .array(let extents) = value["shape"] ?? .null,
      case .int(let chunkRows) = value["chunk_rows"] ?? .null, chunkRows > 0,
      case .array(let digests) = value["chunks"] ?? .null,
      let width = ArtifactTensor.byteCount(of: elementType)
    else { return nil }
    var shape: [Int] = []
    var total = width
    var rowBytes = width
    for (index, extent) in extents.enumerated() {
      guard case .int(let extent) = extent, extent >= 0 else { return nil }
      let (product, overflow) = total.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      total = product
      if index > 0 {
        let (row, overflow) = rowBytes.multipliedReportingOverflow(by: extent)
        if overflow { return nil }
        rowBytes = row
      }
      shape.append(extent)
    }
    var chunks: [ContentDigest] = []
    for digest in digests {
      guard case .string(let hex) = digest, let digest = ContentDigest(hex: hex) else {
        return nil
      }
      chunks.append(digest)
    }
    self.init(
      name: name, elementType: elementType, shape: shape, chunkRows: chunkRows, chunks: chunks,
      rowBytes: (shape.first ?? 1) > 0 ? rowBytes : 0)
    guard chunkRows <= max(1, rows), chunks.count == chunkCount else { return nil }
  }
}
