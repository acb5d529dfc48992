/// One source line and the caret line below it.
struct SourceSnippet {
  /// The source line and the caret line, with their gutter.
  let lines: [String]

  /// Blanks as wide as the line number.
  let indent: String

  /// Cuts the first line of `range` out of its file; `nil` if the file is empty.
  init?(_ range: SourceRange, _ maximumLength: Int) {
    guard !range.file.bytes.isEmpty else { return nil }
    let start = range.start
    let bounds = range.file.rangeOfLine(start.line)
    let text = String(decoding: range.file.bytes[bounds], as: UTF8.self)
    let scalars = Array(text.unicodeScalars)
    let first = min(start.column - 1, scalars.count)
    let onOneLine = range.offsets.upperBound <= bounds.upperBound
    let last = onOneLine ? min(max(range.end.column - 1, first), scalars.count) : scalars.count

    let window = Self.window(of: scalars.count, around: first..<last, maximumLength)
    var shown = window.lowerBound > 0 ? "…" : ""
    var carets = window.lowerBound > 0 ? " " : ""
    for index in window {
      let scalar = TerminalWidth.visible(scalars[index])
      shown.unicodeScalars.append(scalar)
      let width = TerminalWidth.columns(of: scalar)
      if index < first {
        carets += scalar == "\t" ? "\t" : String(repeating: " ", count: width)
      } else if index < last {
        let mark = index == first ? "^" : "~"
        carets += width == 0 ? "" : mark + String(repeating: "~", count: width - 1)
      }
    }
    if window.upperBound < scalars.count { shown += "…" }
    if first == last { carets += "^" }
    let number = String(start.line)
    indent = String(repeating: " ", count: number.count)
    lines = [
      shown.isEmpty ? "\(number) |" : "\(number) | \(shown)",
      "\(indent) | \(carets)",
    ]
  }

  /// Returns the part of a long line to show: the whole line, or the surroundings of the carets.
  private static func window(of count: Int, around marked: Range<Int>, _ maximum: Int) -> Range<Int>
  {
    if count <= maximum { return 0..<count }
    let start = min(max(0, marked.lowerBound - maximum / 3), count - maximum)
    return start..<start + maximum
  }
}
