/// A stretch of a source file, in UTF-8 offsets.
public struct SourceRange: Hashable, Sendable {
  /// The file that holds the text.
  public let file: SourceFile

  /// The byte offsets, half open; an empty range is a place between two bytes.
  public let offsets: Range<Int>

  /// Makes a range of `file`.
  public init(file: SourceFile, _ offsets: Range<Int>) {
    self.file = file
    self.offsets = offsets
  }

  /// The line and column of the first byte.
  public var start: SourcePosition { file.position(at: offsets.lowerBound) }

  /// The line and column just after the last byte.
  public var end: SourcePosition { file.position(at: offsets.upperBound) }

  /// The text that the range covers, clamped to the file.
  public var text: String {
    String(decoding: file.bytes[offsets.clamped(to: 0..<file.bytes.count)], as: UTF8.self)
  }

  /// Returns the part of this range at `offsets` bytes from its start.
  public func part(_ offsets: Range<Int>) -> SourceRange {
    let start = self.offsets.lowerBound
    let moved = start + offsets.lowerBound..<start + offsets.upperBound
    return SourceRange(file: file, moved.clamped(to: self.offsets))
  }
}

extension SourceRange: CustomStringConvertible {
  public var description: String {
    let start = start
    return "\(file.path):\(start.line):\(start.column)"
  }
}
