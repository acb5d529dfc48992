import Foundation
import WinaPipeline

/// What the inventory needs of a data file's records, remembered by the file's digest so that a
/// cached run does not decompress the data again.
struct RecordIndex: Hashable, Sendable {
  /// One record.
  struct Entry: Hashable, Sendable {
    var digest: ContentDigest
    /// The line that the record begins on, counted from 1.
    var line: Int
    /// The split that the record names, when the data ship splits.
    var split: Split?
  }

  private static let magic = Array("wina-records 1\n".utf8)
  private static let entrySize = 37
  private static let digestSize = 32

  var entries: [Entry]

  /// Makes the index of a file's content.
  init(
    _ content: DataContent, path: String, format: RecordFormat, shipsSplits: Bool
  ) throws(ExecutionError) {
    entries = []
    entries.reserveCapacity(content.records.count)
    for record in content.records {
      var hasher = SHA256()
      hasher.update(content.bytes[record.range])
      let split: Split? =
        shipsSplits && format == .lines
        ? try RecordIndex.split(content.bytes[record.range], path: path, line: record.line) : nil
      entries.append(Entry(digest: hasher.finalize(), line: record.line, split: split))
    }
  }

  /// The name under which the index of a file is remembered.
  static func name(of file: KnownFile, format: RecordFormat, shipsSplits: Bool) -> String {
    SHA256.digest(
      of: "wina/record-index/v1:\(file.digest.hex):\(format.rawValue):\(shipsSplits)"
        + ":\(file.path.hasSuffix(".zst"))"
    ).hex
  }

  private static func split(
    _ record: ArraySlice<UInt8>, path: String, line: Int
  ) throws(ExecutionError) -> Split? {
    struct Fields: Decodable { var split: String? }
    let fields: Fields
    do {
      fields = try JSONDecoder().decode(Fields.self, from: Data(record))
    } catch {
      throw .invalidData(
        path, line: line, "it is not a JSON object with a word as 'split'",
        hint: "every line of a suite's file is one object")
    }
    guard let name = fields.split else { return nil }
    guard let split = Split(rawValue: name) else {
      let known = Split.allCases.map(\.rawValue).joined(separator: ", ")
      throw .invalidData(
        path, line: line, "there is no split '\(name)'; there are: \(known)",
        hint: "correct the record's 'split', or leave it out to let the sample's hash decide")
    }
    return split
  }
}

extension RecordIndex {
  /// The stored form: a magic line, 37 bytes per record, and the SHA-256 of all that.
  var encoded: [UInt8] {
    var bytes = RecordIndex.magic
    bytes.reserveCapacity(bytes.count + entries.count * RecordIndex.entrySize + 32)
    for entry in entries {
      bytes += entry.digest.bytes
      let line = UInt32(clamping: entry.line)
      bytes += (0..<4).map { UInt8(truncatingIfNeeded: line >> (8 * $0)) }
      bytes.append(UInt8(entry.split.flatMap(Split.allCases.firstIndex(of:)).map { $0 + 1 } ?? 0))
    }
    return bytes + SHA256.digest(of: bytes).bytes
  }

  /// Reads the stored form; anything damaged is `nil`.
  init?(decoding bytes: [UInt8]) {
    let end = bytes.count - RecordIndex.digestSize
    let start = RecordIndex.magic.count
    guard end >= start, bytes.starts(with: RecordIndex.magic),
      (end - start).isMultiple(of: RecordIndex.entrySize)
    else { return nil }
    var hasher = SHA256()
    hasher.update(bytes[..<end])
    guard hasher.finalize().bytes.elementsEqual(bytes[end...]) else { return nil }
    entries = []
    entries.reserveCapacity((end - start) / RecordIndex.entrySize)
    for offset in stride(from: start, to: end, by: RecordIndex.entrySize) {
      guard let digest = ContentDigest(bytes: bytes[offset..<(offset + 32)]) else { return nil }
      let line = (0..<4).reduce(0) { $0 | Int(bytes[offset + 32 + $1]) << (8 * $1) }
      let code = Int(bytes[offset + 36])
      guard code <= Split.allCases.count else { return nil }
      entries.append(
        Entry(digest: digest, line: line, split: code == 0 ? nil : Split.allCases[code - 1]))
    }
  }
}
