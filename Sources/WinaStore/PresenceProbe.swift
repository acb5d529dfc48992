import Glibc
import WinaPipeline

/// Asks whether files of a cache exist without making a string for each of them.
///
/// Planning asks this three times a task; everything else goes through ``FileSystem``.
struct PresenceProbe: ~Copyable {
  private var path: [CChar]
  private let prefix: Int

  /// Makes a probe of one of the sharded folders.
  init(folder: String) {
    path = folder.utf8.map { CChar(bitPattern: $0) }
    path.append(CChar(bitPattern: UInt8(ascii: "/")))
    prefix = path.count
    path += [CChar](repeating: 0, count: 3 + 64 + 1)
  }

  /// Returns the size of the file that belongs to a digest, or `nil` when there is none.
  mutating func size(_ digest: ContentDigest) -> Int? {
    var at = prefix + 3
    for byte in digest.bytes {
      path[at] = PresenceProbe.digit(byte >> 4)
      path[at + 1] = PresenceProbe.digit(byte & 15)
      at += 2
    }
    path[prefix] = path[prefix + 3]
    path[prefix + 1] = path[prefix + 4]
    path[prefix + 2] = CChar(bitPattern: UInt8(ascii: "/"))
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  private static func digit(_ nibble: UInt8) -> CChar {
    CChar(bitPattern: nibble < 10 ? nibble + UInt8(ascii: "0") : nibble - 10 + UInt8(ascii: "a"))
  }
}
