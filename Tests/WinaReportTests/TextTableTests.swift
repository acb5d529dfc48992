import Testing
import WinaReport
import WinaTestSupport

struct TextTableTests {
  private func table(_ columns: Int, keyColumns: Int = 1) -> TextTable {
    var table = TextTable(
      (0..<columns).map { .init("c\($0)", isNumeric: $0 > 0) }, keyColumns: keyColumns)
    table.append((0..<columns).map { "\($0)\($0)\($0)" })
    return table
  }

  @Test func numbersStandAtTheRight() {
    var table = TextTable([.init("name"), .init("n", isNumeric: true)])
    table.append(["a", "1"])
    table.append(["long name", "100"])
    #expect(table.lines() == ["name         n", "a            1", "long name  100"])
  }

  @Test func everyCellSurvivesAnyWidth() {
    let table = table(9, keyColumns: 2)
    for width in 1...60 {
      let text = table.lines(width: width).joined(separator: "\n")
      for index in 0..<9 { #expect(text.contains("\(index)\(index)\(index)"), "width \(width)") }
    }
  }

  @Test func linesKeepToTheWidthWhereAPieceCan() {
    for width in 20...60 {
      for line in table(9).lines(width: width) { #expect(line.count <= width) }
    }
  }

  @Test func keyColumnsAreRepeatedInEveryPiece() {
    let lines = table(5, keyColumns: 1).lines(width: 14)
    #expect(lines.filter { $0.hasPrefix("c0") }.count == 2)
    #expect(lines.filter { $0.hasPrefix("000") }.count == 2)
  }

  @Test func wideCharactersTakeTwoColumns() {
    var table = TextTable([.init("a"), .init("b")])
    table.append(["日本", "x"])
    table.append(["abcd", "y"])
    #expect(table.lines()[1...] == ["日本  x", "abcd  y"])
  }

  @Test func markdownEscapesBars() {
    var table = TextTable([.init("a"), .init("b", isNumeric: true)])
    table.append(["x|y", "1"])
    #expect(table.markdown == "| a | b |\n| :-- | --: |\n| x\\|y | 1 |\n")
  }

  @Test func shortRowsAreFilledAndLongOnesCut() {
    var table = TextTable([.init("a"), .init("b")])
    table.append(["1"])
    table.append(["1", "2", "3"])
    #expect(table.rows == [["1", ""], ["1", "2"]])
  }
}
