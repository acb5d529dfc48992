import Foundation
import Testing
import WinaDiagnostics
import WinaTestSupport

@Suite("Rendering") struct DiagnosticRendererTests {
  private func diagnostic(
    _ text: String, _ marked: String, _ message: String = "unknown method", help: String? = nil,
    notes: [Diagnostic.Note] = []
  ) throws -> Diagnostic {
    let file = SourceFile(path: "experiments/spec.yaml", text: text)
    return Diagnostic(
      id: "spec.test", message, at: try range(of: marked, in: file), help: help, notes: notes)
  }

  private func range(of marked: String, in file: SourceFile) throws -> SourceRange {
    let start = try #require(file.text.range(of: marked)).lowerBound
    let offset = file.text.utf8.distance(from: file.text.startIndex, to: start)
    return SourceRange(file: file, offset..<offset + marked.utf8.count)
  }

  @Test func theCaretStandsBelowItsText() throws {
    let text = "stages:\n  calibrate: {}\n  score:\n    method: wna\n"
    let file = SourceFile(path: "experiments/spec.yaml", text: text)
    let note = Diagnostic.Note(
      "stage 'calibrate' is declared here", at: try range(of: "calibrate", in: file))
    let diagnostic = try diagnostic(
      text, "wna", "unknown method 'wna'",
      help: "did you mean 'wina'? known methods: cats, dense, teal, wina", notes: [note])
    try expectGolden(DiagnosticRenderer().render(diagnostic), "diagnostics/render-plain.txt")
  }

  @Test("accents, wide characters and tabs keep the caret in place")
  func wideCharacters() throws {
    let lines = [
      "question: é et ê → wna",
      "question: 🦙🦙 wna # two columns each",
      "\tquestion:\twna",
      "question: 模型 wna",
      "question: e\u{301}te\u{301} wna",
    ]
    var text = ""
    for line in lines { text += DiagnosticRenderer().render(try diagnostic(line, "wna")) }
    text += DiagnosticRenderer().render(try diagnostic("model: 模型🦙é", "模型🦙é"))
    try expectGolden(text, "diagnostics/render-wide.txt")
  }

  @Test func severalLinesAndLongLinesAreCut() throws {
    let long = String(repeating: "a, ", count: 90) + "wna" + String(repeating: ", b", count: 90)
    let text =
      DiagnosticRenderer().render(try diagnostic("a:\n  - one\n  - two\n", "- one\n  - two"))
      + DiagnosticRenderer(maximumLineLength: 60).render(try diagnostic("[\(long)]", "wna"))
      + DiagnosticRenderer(maximumLineLength: 60).render(try diagnostic("[\(long)]", "[a"))
    try expectGolden(text, "diagnostics/render-long.txt")
  }

  @Test func controlCharactersNeverReachTheTerminal() throws {
    let rendered = DiagnosticRenderer().render(
      try diagnostic("a: \u{1B}[31mwna\r\nb: 1\r\n", "wna", "bad '\u{1B}]0;x\u{7}'"))
    #expect(!rendered.contains("\u{1B}") && !rendered.contains("\r") && !rendered.contains("\u{7}"))
    try expectGolden(rendered, "diagnostics/render-control.txt")
  }

  @Test func placesAtTheEndOfAFileAreShown() throws {
    let file = SourceFile(path: "a.yaml", text: "a: [1,\n")
    let end = SourceRange(file: file, 7..<7)
    let rendered = DiagnosticRenderer().render(Diagnostic(id: "x", "missing ']'", at: end))
    #expect(rendered == "a.yaml:2:1: error: missing ']'\n2 |\n  | ^\n")
  }

  @Test func colourSurroundsTheSeverityAndTheCaret() throws {
    let rendered = DiagnosticRenderer(usesColor: true).render(try diagnostic("a: wna", "wna"))
    #expect(rendered.contains("\u{1B}[1;31merror:\u{1B}[0m unknown"))
    #expect(rendered.contains("\u{1B}[1;32m  |    ^~~\u{1B}[0m"))
  }

  @Test func aDiagnosticWithoutAPlaceIsOneLine() {
    let warning = Diagnostic(id: "x", severity: .warning, "nothing to do", help: "add a stage")
    #expect(
      DiagnosticRenderer().render(warning) == "warning: nothing to do\n  = help: add a stage\n")
  }
}
