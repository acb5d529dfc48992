import Testing
import WinaDiagnostics
import WinaTestSupport

@Suite("Source files") struct SourceFileTests {
  @Test func positionsCountLinesAndUnicodeScalars() {
    let file = SourceFile(path: "a", text: "é🦙x\n\r\nlast")
    #expect(file.lineCount == 3)
    #expect(file.position(at: 0) == SourcePosition(line: 1, column: 1))
    #expect(file.position(at: 2) == SourcePosition(line: 1, column: 2))
    #expect(file.position(at: 6) == SourcePosition(line: 1, column: 3))
    #expect(file.position(at: 8) == SourcePosition(line: 2, column: 1))
    #expect(file.position(at: 999) == SourcePosition(line: 3, column: 5))
    #expect(file.rangeOfLine(2).isEmpty)
    #expect(file.rangeOfLine(3) == 10..<14)
  }

  @Test func positionsAgreeWithCountingLineBreaks() {
    for seed in 0..<200 {
      var random = SeededGenerator(seed: UInt64(seed))
      let alphabet = Array("ab\né\n🦙 ".unicodeScalars)
      var scalars: [Unicode.Scalar] = []
      for _ in 0..<Int.random(in: 0..<40, using: &random) {
        scalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
      }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      let file = SourceFile(path: "a", text: String(text))
      var offset = 0
      var line = 1
      var column = 1
      for scalar in scalars {
        #expect(file.position(at: offset) == SourcePosition(line: line, column: column), "\(seed)")
        offset += UTF8.width(scalar)
        (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
      }
    }
  }

  @Test func aByteOrderMarkIsNoColumn() {
    let file = SourceFile(path: "a", text: "\u{FEFF}ab")
    #expect(file.position(at: 3) == SourcePosition(line: 1, column: 1))
    #expect(file.contentStart == 3)
  }

  @Test func directoriesArePartOfThePath() {
    func directory(_ path: String) -> String { SourceFile(path: path, text: "").directory }
    #expect(directory("spec.yaml") == ".")
    #expect(directory("a/b/spec.yaml") == "a/b")
    #expect(directory("/spec.yaml") == "/")
  }

  @Test func rangesGiveTheirText() {
    let range = SourceRange(file: SourceFile(path: "a", text: "x: été\n"), 3..<8)
    #expect(range.text == "été")
    #expect(range.description == "a:1:4")
    #expect(range.part(0..<2).text == "é")
    #expect(range.end == SourcePosition(line: 1, column: 7))
    #expect(SourceRange(file: range.file, 5..<900).text == "té\n")
  }

  @Test func filesAreEqualByPathAndContent() {
    let file = SourceFile(path: "a", text: "x")
    #expect(file == SourceFile(path: "a", text: "x"))
    #expect(file != SourceFile(path: "b", text: "x"))
    #expect(file != SourceFile(path: "a", text: "y"))
  }
}

@Suite("Diagnostic sets") struct DiagnosticSetTests {
  private let file = SourceFile(path: "a", text: "one two three")

  private func fault(_ id: String, _ offset: Int?, _ severity: Diagnostic.Severity = .error)
    -> Diagnostic
  {
    let range = offset.map { SourceRange(file: file, $0..<$0 + 1) }
    return Diagnostic(id: id, severity: severity, id, at: range)
  }

  @Test func diagnosticsAreSortedByPlaceWithoutRepetitions() {
    var set = DiagnosticSet()
    set.insert(contentsOf: [fault("c", 8), fault("a", 0), fault("c", 8), fault("b", 0)])
    set.insert(fault("none", nil))
    #expect(set.sorted.map(\.id) == ["none", "a", "b", "c"])
  }

  @Test func onlyErrorsThrow() throws {
    var set = DiagnosticSet()
    set.insert(fault("w", 0, .warning))
    #expect(!set.hasErrors && !set.isEmpty)
    try set.throwIfErrors()
    set.insert(fault("e", 4))
    let error = #expect(throws: SpecError.self) { try set.throwIfErrors() }
    #expect(error?.diagnostics.map(\.id) == ["w", "e"])
    #expect(error?.description == "a:1:1: warning: w\na:1:5: error: e")
  }
}
