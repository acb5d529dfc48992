import Synchronization
import WinaPipeline

/// All plan entries of a cache in one file, so that planning 10,000 tasks reads one file.
///
/// The file is append-only and only repeats what `plans/ab/<key>` says: a record that is damaged or
/// missing costs one small read. Each record also lists the blobs behind the output, so that a hit
/// can be checked without opening a manifest. All numbers are little-endian:
///
///     offset 0    4 bytes  magic "WPX1"
///     offset 4    4 bytes  length of the record in bytes, a multiple of 8
///     offset 8   32 bytes  plan key
///     offset 40  32 bytes  action key
///     offset 72  32 bytes  output digest
///     offset 104  8 bytes  number of blobs
///     then       40 bytes  for each blob: digest and logical size
///     last        8 bytes  checksum of all that comes before
final class PlanIndex: Sendable {
  /// A blob that a hit needs.
  struct Blob: Hashable, Sendable {
    var digest: ContentDigest
    var size: Int
  }

  /// What a record says.
  struct Record: Hashable, Sendable {
    var entry: PlanEntry
    var blobs: [Blob]
  }

  /// Artifacts of more blobs than this are not indexed; their manifests are read instead.
  static let maximumBlobs = 256
  private static let magic: UInt32 = 0x3158_5057
  private static let head = 112
  private static let maximumFileSize = 1 << 30

  private struct State {
    var isLoaded = false
    var bytes: [UInt8] = []
    var offsets: [DigestWords: Int] = [:]
  }

  private let path: String
  private let files: any FileSystem
  private let state = Mutex(State())

  init(path: String, files: any FileSystem) {
    self.path = path
    self.files = files
  }

  /// Returns the latest record for each of the keys that have one.
  func records(for keys: [PlanKey]) -> [Record?] {
    state.withLock { state in
      load(&state)
      return keys.map { key in
        state.offsets[DigestWords(key.digest)].map { PlanIndex.record(state.bytes, at: $0) }
      }
    }
  }

  /// Adds a record here and to the file.
  ///
  /// A failure to write is not an error: the entry's own file is what counts.
  func add(_ key: PlanKey, _ record: Record) {
    guard record.blobs.count <= PlanIndex.maximumBlobs else { return }
    let bytes = PlanIndex.encode(key, record)
    state.withLock { state in
      if state.isLoaded {
        state.offsets[DigestWords(key.digest)] = state.bytes.count
        state.bytes += bytes
      }
    }
    do {
      try files.append(bytes, to: path)
    } catch {
      return
    }
  }

  private func load(_ state: inout State) {
    guard !state.isLoaded else { return }
    state.isLoaded = true
    do {
      state.bytes = try files.read(path, limit: PlanIndex.maximumFileSize)
    } catch {
      return
    }
    state.offsets.reserveCapacity(state.bytes.count / 160)
    var offsets = state.offsets
    state.bytes.withUnsafeBytes { bytes in
      var position = 0
      while position + PlanIndex.head + 8 <= bytes.count {
        let length = PlanIndex.validLength(bytes, at: position)
        if length != nil {
          offsets[DigestWords(bytes, at: position + 8)] = position
        }
        position += length ?? 1
      }
    }
    state.offsets = offsets
  }

  /// Returns the length of the record at an offset, or `nil` when there is no sound one.
  private static func validLength(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int? {
    func number(_ offset: Int) -> UInt64 {
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    let first = number(offset)
    guard UInt32(truncatingIfNeeded: first) == magic else { return nil }
    let length = Int(first >> 32)
    guard length >= head + 8, length.isMultiple(of: 8), offset + length <= bytes.count,
      number(offset + 104) == UInt64((length - head - 8) / 40), (length - head - 8) % 40 == 0
    else { return nil }
    var sum = Checksum()
    for position in stride(from: offset, to: offset + length - 8, by: 8) {
      sum.add(number(position))
    }
    return sum.value == number(offset + length - 8) ? length : nil
  }

  private static func record(_ bytes: [UInt8], at offset: Int) -> Record {
    bytes.withUnsafeBytes { bytes in
      func digest(_ place: Int) -> ContentDigest {
        DigestWords(bytes, at: offset + place).digest
      }
      func number(_ place: Int) -> Int {
        Int(
          Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + place, as: Int64.self)))
      }
      let count = number(104)
      var blobs: [Blob] = []
      blobs.reserveCapacity(count)
      for place in stride(from: head, to: head + 40 * count, by: 40) {
        blobs.append(Blob(digest: digest(place), size: number(place + 32)))
      }
      return Record(
        entry: PlanEntry(action: ActionKey(digest: digest(40)), output: digest(72)), blobs: blobs)
    }
  }

  private static func encode(_ key: PlanKey, _ record: Record) -> [UInt8] {
    func number(_ value: UInt64) -> [UInt8] {
      (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let length = head + 40 * record.blobs.count + 8
    var bytes = number(UInt64(magic) | UInt64(length) << 32)
    bytes += key.digest.bytes + record.entry.action.digest.bytes + record.entry.output.bytes
    bytes += number(UInt64(record.blobs.count))
    for blob in record.blobs { bytes += blob.digest.bytes + number(UInt64(blob.size)) }
    var sum = Checksum()
    for position in stride(from: 0, to: bytes.count, by: 8) {
      sum.add((0..<8).reduce(0) { $0 | UInt64(bytes[position + $1]) << (8 * UInt64($1)) })
    }
    return bytes + number(sum.value)
  }
}

/// A 64-bit checksum of words that notices torn and flipped bytes; no defence against intent.
struct Checksum {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ word: UInt64) {
    value = (value ^ word) &* 0x9E37_79B9_7F4A_7C15
    value ^= value >> 29
  }
}
