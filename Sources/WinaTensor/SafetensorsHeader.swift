/// The header of a safetensors file, parsed strictly: sizes bounded, names and ranges distinct.
struct SafetensorsHeader {
  struct Entry {
    var name: String
    var elementType: ElementType
    var shape: [Int]
    /// Bytes from the end of the header.
    var range: Range<Int>
  }

  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]

  /// Parses and checks the JSON text of a header.
  ///
  /// - Parameters:
  ///   - json: The header's bytes.
  ///   - path: The file, for messages.
  ///   - dataSize: The bytes after the header, which ranges must lie in.
  init(_ json: [UInt8], path: String, dataSize: Int) throws(TensorError) {
    var scanner = HeaderScanner(bytes: json, path: path)
    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    try scanner.object { scanner, name throws(TensorError) in
      if name == "__metadata__" {
        try scanner.object { scanner, key throws(TensorError) in
          metadata[key] = try scanner.string()
        }
      } else {
        entries.append(try Self.entry(name, &scanner, path: path))
      }
    }
    try scanner.end()
    for entry in entries { try Self.checkSize(entry, path: path, dataSize: dataSize) }
    try Self.checkOverlap(entries, path: path, dataSize: dataSize)
    self.entries = entries
    self.metadata = metadata
  }

  private static func entry(
    _ name: String, _ scanner: inout HeaderScanner, path: String
  ) throws(TensorError) -> Entry {
    var elementType: ElementType?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { scanner, key throws(TensorError) in
      switch key {
      case "dtype":
        let text = try scanner.string()
        guard let type = ElementType(rawValue: text) else {
          throw .malformed(
            path, "tensor '\(name)' has the unknown dtype '\(text.prefix(60))'",
            hint: "quantised checkpoints cannot be read")
        }
        elementType = type
      case "shape": shape = try scanner.integers()
      case "data_offsets": offsets = try scanner.integers()
      default: throw .malformed(path, "tensor '\(name)' has the unknown field '\(key)'")
      }
    }
    guard let elementType, let shape, let offsets else {
      throw .malformed(path, "tensor '\(name)' lacks one of dtype, shape and data_offsets")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw .malformed(path, "tensor '\(name)' has the data_offsets \(offsets), not a range")
    }
    return Entry(
      name: name, elementType: elementType, shape: shape, range: offsets[0]..<offsets[1])
  }

  private static func checkSize(
    _ entry: Entry, path: String, dataSize: Int
  ) throws(TensorError) {
    guard let size = entry.elementType.byteCount(ofShape: entry.shape) else {
      throw .malformed(path, "tensor '\(entry.name)' has the impossible shape \(entry.shape)")
    }
    guard size == entry.range.count else {
      throw .malformed(
        path,
        "tensor '\(entry.name)' of shape \(entry.shape) and dtype \(entry.elementType.rawValue) "
          + "needs \(size) bytes, but its data_offsets span \(entry.range.count)")
    }
    guard entry.range.upperBound <= dataSize else {
      throw .malformed(
        path,
        "tensor '\(entry.name)' ends at byte \(entry.range.upperBound) of the data, "
          + "but there are \(dataSize)", hint: "the file is truncated; fetch it again")
    }
  }

  private static func checkOverlap(
    _ entries: [Entry], path: String, dataSize: Int
  ) throws(TensorError) {
    let filled = entries.filter { !$0.range.isEmpty }
      .sorted { $0.range.lowerBound < $1.range.lowerBound }
    for (first, second) in zip(filled, filled.dropFirst())
    where second.range.lowerBound < first.range.upperBound {
      throw .malformed(path, "the data of '\(first.name)' and '\(second.name)' overlap")
    }
    try checkCoverage(filled, path: path, dataSize: dataSize)
  }

  /// Every byte of the data belongs to a tensor.
  private static func checkCoverage(
    _ filled: [Entry], path: String, dataSize: Int
  ) throws(TensorError) {
    var end = 0
    for entry in filled {
      guard entry.range.lowerBound == end else {
        throw .malformed(
          path,
          "bytes \(end) to \(entry.range.lowerBound) of the data, before tensor "
            + "'\(entry.name)', belong to no tensor")
      }
      end = entry.range.upperBound
    }
    guard end == dataSize else {
      throw .malformed(
        path, "\(dataSize - end) bytes after the last tensor belong to none",
        hint: "the file is damaged or two were joined; fetch it again")
    }
  }
}
