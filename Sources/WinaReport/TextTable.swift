/// A table of text for terminals and Markdown.
public struct TextTable: Sendable, Hashable {
  /// A column.
  public struct Column: Sendable, Hashable {
    /// The heading.
    public var title: String
    /// Whether the text stands at the right end, as numbers do.
    public var isNumeric: Bool

    /// Makes a column.
    public init(_ title: String, isNumeric: Bool = false) {
      self.title = title
      self.isNumeric = isNumeric
    }
  }

  /// The columns.
  public let columns: [Column]
  /// The rows, each with a text for every column.
  public private(set) var rows: [[String]] = []
  /// How many columns name a row, and so are repeated when the table is too wide for one piece.
  public let keyColumns: Int

  /// Makes an empty table.
  public init(_ columns: [Column], keyColumns: Int = 1) {
    self.columns = columns
    self.keyColumns = min(keyColumns, columns.count)
  }

  /// Adds a row; missing texts are empty and surplus ones are dropped.
  public mutating func append(_ row: [String]) {
    let texts = row.prefix(columns.count).map(TextWidth.visible)
    rows.append(texts + Array(repeating: "", count: columns.count - texts.count))
  }

  /// Returns the lines of the table, without trailing spaces.
  ///
  /// A table wider than `width` is cut between columns into pieces below one another, each with the
  /// key columns, so that nothing is ever left out.
  ///
  /// - Parameters:
  ///   - width: The columns of the terminal, or `nil` for no limit.
  ///   - usesColor: Whether to emphasise the headings with ANSI sequences.
  public func lines(width: Int? = nil, usesColor: Bool = false) -> [String] {
    let widths = columns.indices.map { index in
      rows.reduce(TextWidth.of(columns[index].title)) { max($0, TextWidth.of($1[index])) }
    }
    return pieces(widths, width).enumerated().flatMap { number, piece in
      let heading = line(piece, widths, columns.map(\.title))
      return (number > 0 ? [""] : [])
        + [usesColor ? Paint.strong(heading) : heading]
        + rows.map { line(piece, widths, $0) }
    }
  }

  /// The table in GitHub's Markdown, each line ending in a newline.
  public var markdown: String {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }
    return line(columns.map(\.title)) + line(columns.map { $0.isNumeric ? "--:" : ":--" })
      + rows.map(line).joined()
  }

  private static let gap = 2

  /// Returns the columns of each piece, the key columns first.
  private func pieces(_ widths: [Int], _ width: Int?) -> [[Int]] {
    let keys = Array(0..<keyColumns)
    guard let width else { return [Array(columns.indices)] }
    let keyWidth = keys.reduce(0) { $0 + widths[$1] + TextTable.gap }
    var pieces: [[Int]] = []
    var piece = keys
    var used = keyWidth
    for index in keyColumns..<columns.count {
      if used + widths[index] > width, piece.count > keyColumns {
        pieces.append(piece)
        piece = keys
        used = keyWidth
      }
      piece.append(index)
      used += widths[index] + TextTable.gap
    }
    return pieces + [piece]
  }

  private func line(_ piece: [Int], _ widths: [Int], _ cells: [String]) -> String {
    let texts = piece.map { index in
      TextWidth.padded(cells[index], to: widths[index], trailing: columns[index].isNumeric)
    }
    var line = texts.joined(separator: String(repeating: " ", count: TextTable.gap))
    while line.last == " " { line.removeLast() }
    return line
  }
}

/// ANSI emphasis.
enum Paint {
  static func strong(_ text: String) -> String { "\u{1B}[1m\(text)\u{1B}[0m" }
  static func alarm(_ text: String) -> String { "\u{1B}[1;31m\(text)\u{1B}[0m" }
}
