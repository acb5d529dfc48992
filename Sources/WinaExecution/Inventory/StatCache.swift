import Synchronization
import WinaPipeline
import WinaStore

/// Remembers the digests of files by what the file system says of them.
///
/// A file that was modified less than two seconds before its entry was made is read again, since a
/// later change may have left the same stamp. The cache is one small text file with a checksum; a
/// damaged one is an empty one.
final class StatCache: Sendable {
  private struct Entry: Sendable {
    var stamp: FileStamp
    var digest: ContentDigest
    /// Nanoseconds since 1970 when the file was looked at, before it was read.
    var recorded: Int
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var isChanged = false
  }

  private static let header = "wina-files 1"
  private static let settling = 2_000_000_000
  private static let mostEntries = 100_000

  private let path: String
  private let clock: RunClock
  private let files = PosixFileSystem()
  private let state: Mutex<State>

  init(path: String, clock: RunClock) {
    self.path = path
    self.clock = clock
    state = Mutex(State(entries: StatCache.read(path)))
  }

  /// Returns a file with its digest, reading it only when it is not known; `nil` when there is none.
  func file(_ path: String) throws(ExecutionError) -> KnownFile? {
    guard let stamp = try FileStamp.of(path) else { return nil }
    if let entry = state.withLock({ $0.entries[path] }), entry.stamp == stamp,
      stamp.modified < entry.recorded - StatCache.settling
    {
      return KnownFile(path: path, digest: entry.digest, stamp: stamp)
    }
    let recorded = Int(clock.now() * 1e9)
    let digest = try hash(path, size: stamp.size)
    guard try FileStamp.of(path) == stamp else { throw .changed(path) }
    state.withLock {
      $0.entries[path] = Entry(stamp: stamp, digest: digest, recorded: recorded)
      $0.isChanged = true
    }
    return KnownFile(path: path, digest: digest, stamp: stamp)
  }

  private func hash(_ path: String, size: Int) throws(ExecutionError) -> ContentDigest {
    var hasher = SHA256()
    var offset = 0
    do {
      while offset < size {
        let piece = try files.read(path, from: offset, count: 4 << 20)
        if piece.bytes.isEmpty { break }
        hasher.update(piece.bytes)
        offset += piece.bytes.count
      }
    } catch {
      throw .unreadable(path, error.message)
    }
    guard offset == size else { throw .changed(path) }
    return hasher.finalize()
  }

  /// Writes the cache when something is new, replacing the file at once.
  func save() throws(ExecutionError) {
    let entries = state.withLock { state -> [String: Entry]? in
      guard state.isChanged else { return nil }
      state.isChanged = false
      return state.entries
    }
    guard let entries else { return }
    var text = StatCache.header + "\n"
    let kept = entries.sorted { $0.value.recorded > $1.value.recorded }
    for (path, entry) in kept.prefix(StatCache.mostEntries) where !path.contains("\n") {
      let stamp = entry.stamp
      text += "\(entry.digest.hex) \(stamp.size) \(stamp.modified) \(stamp.inode) "
      text += "\(stamp.changed) \(entry.recorded) \(path)\n"
    }
    text += SHA256.digest(of: text).hex + "\n"
    try WorkspaceFile.replace(path, with: Array(text.utf8))
  }

  private static func read(_ path: String) -> [String: Entry] {
    guard let bytes = WorkspaceFile.contents(path), bytes.count > 66 else { return [:] }
    let body = bytes[..<(bytes.count - 65)]
    let text = String(decoding: body, as: UTF8.self)
    let checksum = String(decoding: bytes[(bytes.count - 65)...].dropLast(), as: UTF8.self)
    guard SHA256.digest(of: text).hex == checksum else { return [:] }
    var lines = text.split(separator: "\n")[...]
    guard lines.popFirst() == header[...] else { return [:] }
    var entries: [String: Entry] = [:]
    for line in lines {
      let fields = line.split(separator: " ", maxSplits: 6)
      guard fields.count == 7, let digest = ContentDigest(hex: fields[0]),
        let size = Int(fields[1]), let modified = Int(fields[2]), let inode = UInt64(fields[3]),
        let changed = Int(fields[4]), let recorded = Int(fields[5])
      else { continue }
      entries[String(fields[6])] = Entry(
        stamp: FileStamp(size: size, modified: modified, inode: inode, changed: changed),
        digest: digest, recorded: recorded)
    }
    return entries
  }
}
