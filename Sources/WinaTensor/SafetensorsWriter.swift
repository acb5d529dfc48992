import Glibc

/// Writes safetensors files.
public enum SafetensorsWriter {
  /// Writes tensors to a file beside the target and renames it when everything is on disk.
  ///
  /// - Parameters:
  ///   - tensors: Names, which must differ, and tensors, stored in this order.
  ///   - metadata: Free text for the header.
  ///   - path: The file to make or replace.
  /// - Throws: ``TensorError`` when two names are equal or the file cannot be written.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:],
    to path: String
  ) throws(TensorError) {
    let path = try target(of: path)
    let header = try header(tensors, metadata, path)
    let partial = "\(path).partial-\(getpid())"
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .unwritable(path, String(cString: strerror(errno))) }
    var isWritten = header.withUnsafeBytes { writeAll($0, to: descriptor) }
    for (_, tensor) in tensors where isWritten {
      isWritten = tensor.withBytes { writeAll($0, to: descriptor) }
    }
    var code = isWritten ? 0 : errno
    if close(descriptor) != 0, code == 0 { code = errno }
    if code == 0, rename(partial, path) != 0 { code = errno }
    guard code == 0 else {
      unlink(partial)
      throw .unwritable(path, String(cString: strerror(code)))
    }
  }

  /// The file that a path leads to, which must be a regular one if it exists: a device or a pipe would
  /// otherwise be replaced by a file.
  private static func target(of path: String) throws(TensorError) -> String {
    var status = stat()
    guard stat(path, &status) == 0 else { return path }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unwritable(path, "it is there and is no regular file")
    }
    guard let resolved = realpath(path, nil) else {
      throw .unwritable(path, String(cString: strerror(errno)))
    }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func header(
    _ tensors: [(name: String, tensor: Tensor)], _ metadata: [String: String], _ path: String
  ) throws(TensorError) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }
        .map { "\(quoted($0.key)):\(quoted($0.value))" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var seen: Set<String> = ["__metadata__"]
    var offset = 0
    for (name, tensor) in tensors {
      guard seen.insert(name).inserted else {
        throw .unwritable(path, "two tensors are named '\(name)'")
      }
      let end = offset + tensor.byteCount
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(quoted(name)):{\"dtype\":\"\(tensor.elementType.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var json = Array("{\(members.joined(separator: ","))}".utf8)
    while json.count % 8 != 0 { json.append(0x20) }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) }
    return length + json
  }

  private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Glibc.write(
        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\" + String(Character(scalar))
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
