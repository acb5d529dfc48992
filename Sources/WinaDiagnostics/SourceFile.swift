/// A text with the path under which it is shown to the user.
///
/// Files are immutable and compared by path and content, so a range may hold on to its file and
/// still be an ordinary value. Any thread may use one.
public final class SourceFile: Sendable {
  /// The path as the user should see it: relative to the working directory where possible.
  public let path: String

  /// The bytes as they were read; UTF-8 unless the file is faulty.
  public let bytes: [UInt8]

  /// The offset of the first byte after a byte order mark.
  public let contentStart: Int

  private let lineStarts: [Int]

  /// Indexes the lines of `bytes`, which may be faulty UTF-8.
  ///
  /// - Complexity: O(n) in the number of bytes.
  public init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
    contentStart = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var starts = [contentStart]
    for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
      starts.append(offset + 1)
    }
    lineStarts = starts
  }

  /// Indexes the lines of `text`.
  public convenience init(path: String, text: String) {
    self.init(path: path, bytes: Array(text.utf8))
  }

  /// The text, with faulty UTF-8 replaced by U+FFFD.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The number of lines; a final newline starts one more, empty line.
  public var lineCount: Int { lineStarts.count }

  /// The range that covers the whole file.
  public var wholeRange: SourceRange { SourceRange(file: self, 0..<bytes.count) }

  /// The folder part of ``path``, without a trailing slash except for `/`; `.` if there is none.
  public var directory: String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Returns the line and column of a byte offset, clamped to the file.
  ///
  /// - Complexity: O(log lines + length of the line).
  public func position(at offset: Int) -> SourcePosition {
    let offset = min(max(offset, contentStart), bytes.count)
    let index = lineIndex(of: offset)
    let column = String(decoding: bytes[lineStarts[index]..<offset], as: UTF8.self)
      .unicodeScalars.count
    return SourcePosition(line: index + 1, column: column + 1)
  }

  /// Returns the byte range of a 1-based line without its line break.
  ///
  /// - Precondition: `1 <= line && line <= lineCount`.
  public func rangeOfLine(_ line: Int) -> Range<Int> {
    let start = lineStarts[line - 1]
    guard line < lineStarts.count else { return start..<bytes.count }
    var end = lineStarts[line] - 1
    if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return start..<end
  }

  /// Returns the number of line starts at or before `offset`, less one.
  private func lineIndex(of offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while low + 1 < high {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low
  }
}

extension SourceFile: Hashable {
  public static func == (left: SourceFile, right: SourceFile) -> Bool {
    left === right || (left.path == right.path && left.bytes == right.bytes)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(path)
    hasher.combine(bytes.count)
  }
}

/// A place in a text as editors count it.
public struct SourcePosition: Hashable, Sendable {
  /// The line, from 1.
  public let line: Int

  /// The column in Unicode scalars, from 1.
  public let column: Int

  /// Makes a position from a 1-based line and column.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}
