import Glibc
import WinaPipeline

/// Asks whether files of a cache exist without making a string for each of them.
///
/// Planning asks this three times a task; everything else goes through ``FileSystem``.
struct PresenceProbe: ~Copyable {
  private let folder: Int32
  private var path = [CChar](repeating: 0, count: 3 + 64 + 1)

  /// Makes a probe of one of the sharded folders; without the folder nothing is there.
  init(folder: String) {
    self.folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  }

  deinit { if folder >= 0 { close(folder) } }

  /// Returns the size of the file that belongs to a digest, or `nil` when there is none.
  mutating func size(_ digest: ContentDigest) -> Int? {
    let folder = folder
    return path.withUnsafeMutableBufferPointer { path in
      guard folder >= 0, let start = path.baseAddress else { return nil }
      let name = start + 3
      DigestWords(digest).spell(into: name)
      start[0] = name[0]
      start[1] = name[1]
      start[2] = CChar(UInt8(ascii: "/"))
      var status = stat()
      guard fstatat(folder, start, &status, 0) == 0, status.st_mode & S_IFMT == S_IFREG else {
        return nil
      }
      return Int(status.st_size)
    }
  }
}
