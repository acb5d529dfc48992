/// A memory-mapped safetensors file, checked as a whole before any tensor is handed out.
///
/// Layout: 8 bytes of header length, the JSON header, the data. Opening reads the header only; a
/// tensor's data are read when its elements are asked for. The mapping lives as long as its tensors.
public final class SafetensorsFile: Sendable {
  /// The file's path.
  public let path: String
  /// The names of the tensors, sorted.
  public let names: [String]
  /// The header's free text members.
  public let metadata: [String: String]
  private let tensors: [String: Tensor]

  /// The largest header that is read.
  private static let maximumHeader = 100_000_000

  /// Opens and checks a file.
  ///
  /// - Throws: ``TensorError`` naming the file and, where one is at fault, the tensor.
  public init(path: String) throws(TensorError) {
    let file = try MappedFile(path: path)
    guard file.count >= 8 else {
      throw .malformed(path, "\(file.count) bytes are too few for a safetensors file")
    }
    let length = file.buffer(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(file.count - 8) else {
      throw .malformed(
        path, "the header claims \(length) bytes, but the file has \(file.count)",
        hint: "the file is truncated or no safetensors file")
    }
    guard length <= UInt64(Self.maximumHeader) else {
      throw .malformed(
        path, "the header has \(length) bytes, above the limit of \(Self.maximumHeader)")
    }
    let start = 8 + Int(length)
    let header = try SafetensorsHeader(
      [UInt8](file.buffer(8..<start)), path: path, dataSize: file.count - start)
    var tensors: [String: Tensor] = [:]
    for entry in header.entries {
      let range = (start + entry.range.lowerBound)..<(start + entry.range.upperBound)
      tensors[entry.name] = Tensor(
        mapped: file, range, elementType: entry.elementType, shape: entry.shape)
    }
    self.path = path
    self.tensors = tensors
    names = tensors.keys.sorted()
    metadata = header.metadata
  }

  /// The bytes of all tensors.
  public var byteCount: Int { tensors.values.reduce(0) { $0 + $1.byteCount } }

  /// Returns whether there is a tensor of the name.
  public func contains(_ name: String) -> Bool { tensors[name] != nil }

  /// Returns a tensor as a view of the mapped file.
  ///
  /// - Throws: ``TensorError`` where there is none.
  public func tensor(_ name: String) throws(TensorError) -> Tensor {
    guard let tensor = tensors[name] else {
      throw .mismatch(
        "\(path): there is no tensor '\(name)'",
        hint: "it holds \(names.prefix(3).map { "'\($0)'" }.joined(separator: ", "))…")
    }
    return tensor
  }
}
