import WinaPipeline

/// Lays out an artifact's payload in the safetensors format, for programs that are not ours.
enum SafetensorsFile {
  /// Returns the bytes of a file: the header's length, the header, and the tensors in order.
  ///
  /// The metadata is one string, `wina`, that holds the artifact's metadata as JSON.
  static func bytes(of payload: ArtifactPayload, format: String) -> [UInt8] {
    var members: [String: JSONValue] = [
      "__metadata__": .object([
        "format": .string(format), "wina": .string(payload.metadata.canonicalText),
      ])
    ]
    var offset = 0
    for tensor in payload.tensors {
      members[tensor.name] = .object([
        "dtype": .string(tensor.elementType),
        "shape": .array(tensor.shape.map(JSONValue.int)),
        "data_offsets": .array([.int(offset), .int(offset + tensor.bytes.count)]),
      ])
      offset += tensor.bytes.count
    }
    var header = Array(JSONValue.object(members).canonicalText.utf8)
    while !header.count.isMultiple(of: 8) { header.append(UInt8(ascii: " ")) }
    var bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    bytes.reserveCapacity(8 + header.count + offset)
    bytes += header
    for tensor in payload.tensors { bytes += tensor.bytes }
    return bytes
  }
}
