import WinaPipeline
import WinaStore

/// How the bytes of a data file are divided into records.
enum RecordFormat: String, Sendable {
  /// Every line that is not blank is a record.
  case lines
  /// The file is one record.
  case plainText

  /// Returns the format that a file's name tells.
  static func of(_ path: String) throws(ExecutionError) -> RecordFormat {
    let name = path.hasSuffix(".zst") ? String(path.dropLast(4)) : path
    if name.hasSuffix(".jsonl") { return .lines }
    if name.hasSuffix(".txt") { return .plainText }
    throw .invalidData(path, line: nil, "the name does not tell how to read the file")
  }
}

/// The content of a data file, divided into records.
struct DataContent: Sendable {
  /// A record's bytes and the line that they begin on, counted from 1.
  struct Record: Sendable {
    var range: Range<Int>
    var line: Int
  }

  private static let limit = 16 << 30

  let bytes: [UInt8]
  let records: [Record]

  /// Reads a file that must have the given digest, decompressing it by its name.
  init(_ file: KnownFile, format: RecordFormat) throws(ExecutionError) {
    let stored: [UInt8]
    do {
      stored = try PosixFileSystem().read(file.path, limit: DataContent.limit)
    } catch {
      throw .unreadable(file.path, error.message)
    }
    guard SHA256.digest(of: stored) == file.digest else { throw .changed(file.path) }
    if ZstdFile.isCompressed(file.path) {
      do {
        bytes = try ZstdFile.decompress(stored, name: file.path, limit: DataContent.limit)
      } catch {
        throw .invalidData(file.path, line: nil, error.message)
      }
    } else {
      bytes = stored
    }
    records = DataContent.divide(bytes, format)
    try checkText(path: file.path)
  }

  private static func divide(_ bytes: [UInt8], _ format: RecordFormat) -> [Record] {
    if format == .plainText {
      return isBlank(bytes[...]) ? [] : [Record(range: bytes.indices, line: 1)]
    }
    var records: [Record] = []
    var line = 1
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      if !isBlank(bytes[start..<end]) { records.append(Record(range: start..<end, line: line)) }
      start = end + 1
      line += 1
    }
    return records
  }

  private static func isBlank(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
  }

  /// Checks that everything is UTF-8, and finds the line when it is not.
  private func checkText(path: String) throws(ExecutionError) {
    if String(validating: bytes, as: UTF8.self) != nil { return }
    var line = 1
    for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if String(validating: part, as: UTF8.self) == nil {
        throw .invalidData(path, line: line, "the text is not UTF-8")
      }
      line += 1
    }
  }
}
