import WinaPipeline

/// The order in which action records were written, by kind, so that explaining reads few records.
///
/// The file is append-only and holds nothing that is not in the records. A line is 64 bytes: the
/// action key, the first 16 bytes of the SHA-256 of the stage kind, eight bytes of padding, and a
/// checksum.
struct ActionLog: Sendable {
  private static let line = 64
  private static let window = 4 << 20
  let path: String
  let files: any FileSystem

  /// Appends a key; a failure to write is not an error, since the record itself is in place.
  func add(_ key: ActionKey, kind: String) {
    var bytes = key.digest.bytes + ActionLog.tag(kind) + [UInt8](repeating: 0, count: 8)
    bytes += ActionLog.checksum(bytes[...])
    do {
      try files.append(bytes, to: path)
    } catch {
      return
    }
  }

  /// Returns keys of a kind, latest first, each once, from the last 65,536 lines of the file.
  func recent(kind: String, limit: Int) -> [ActionKey] {
    let tag = ActionLog.tag(kind)
    let bytes = tail()
    var keys: [ActionKey] = []
    var seen: Set<ActionKey> = []
    var end = bytes.count - bytes.count % ActionLog.line
    while end >= ActionLog.line, keys.count < limit {
      let start = end - ActionLog.line
      end = start
      guard bytes[(start + 32)..<(start + 48)].elementsEqual(tag),
        ActionLog.checksum(bytes[start..<(start + 56)])
          .elementsEqual(bytes[(start + 56)..<(start + 64)]),
        let digest = ContentDigest(bytes: bytes[start..<(start + 32)])
      else { continue }
      let key = ActionKey(digest: digest)
      if seen.insert(key).inserted { keys.append(key) }
    }
    return keys
  }

  private func tail() -> [UInt8] {
    do {
      guard let size = try files.size(path) else { return [] }
      let start = max(0, size - size % ActionLog.line - ActionLog.window)
      return try files.read(path, from: start, count: ActionLog.window).bytes
    } catch {
      return []
    }
  }

  private static func tag(_ kind: String) -> [UInt8] {
    Array(SHA256.digest(of: kind).bytes.prefix(16))
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var sum = Checksum()
    for byte in bytes { sum.add(UInt64(byte)) }
    return (0..<8).map { UInt8(truncatingIfNeeded: sum.value >> (8 * $0)) }
  }
}
