import Foundation
import Testing
import WinaPipeline
import WinaReport
import WinaTestSupport

struct ReportTextTests {
  private let text = ReportText(SampleReport.full)

  @Test func aWideTerminalShowsOneTableACell() throws {
    try expectGolden(text.terminal(width: 160, showsLabels: true), "WinaReport/wide.txt")
  }

  @Test func aNarrowTerminalShowsTheSameNumbersInPieces() throws {
    let narrow = text.terminal(width: 60)
    try expectGolden(narrow, "WinaReport/narrow.txt")
    for number in ["0.01230 [0.01170, 0.01290]", "1.89 M", "60.0 %", "50.1 %", "<0.0001"] {
      #expect(narrow.contains(number))
    }
    for line in narrow.split(separator: "\n") { #expect(line.count <= 60, "\(line)") }
  }

  @Test func markdownHoldsTheSameNumbers() throws {
    try expectGolden(text.markdown(title: "first-light"), "WinaReport/report.md")
  }

  @Test func colourOnlyWhereAsked() {
    #expect(!text.terminal().contains("\u{1B}"))
    #expect(text.terminal(usesColor: true).contains("\u{1B}[1m"))
    let plain = text.terminal(width: 160, usesColor: true).replacing(/\u{1B}\[[0-9;]*m/, with: "")
    #expect(plain == text.terminal(width: 160))
  }

  @Test func leakageStampsEveryForm() {
    var report = SampleReport.full
    report.isLeaky = true
    let leaky = ReportText(report)
    #expect(leaky.terminal().hasPrefix("LEAKY"))
    #expect(leaky.markdown(title: "a").contains("**LEAKY"))
    #expect(leaky.json.contains(#""leaky":true"#))
    #expect(!text.terminal().contains("LEAKY"))
  }

  @Test func withoutPrimaryEndpointThereIsNoVerdict() {
    let report = ComparisonReport(arms: [], rows: [], policy: "none")
    #expect(ReportText(report).terminal().contains("no primary endpoint"))
  }

  @Test func resultRowsHaveExactlyTheDocumentedMembers() throws {
    #expect(
      ReportText(
        ComparisonReport(
          arms: ["a"],
          rows: [
            ResultRow(
              cell: ["s": .double(0.5)], arm: "a", metric: "kl", value: 0.25, low: 0, high: 1,
              n: 3, note: "why"),
            ResultRow(cell: [:], arm: "a\"", label: "wiki", metric: "acc", value: .nan, n: 0),
          ], policy: "")
      ).resultsJSON
        == #"[{"cell":{"s":0.5},"arm":"a","label":null,"metric":"kl","value":0.25,"low":0,"high":1,"n":3},"#
        + #"{"cell":{},"arm":"a\"","label":"wiki","metric":"acc","value":null,"low":null,"high":null,"n":0}]"#
    )
  }

  @Test func theWholeReportIsOneLineOfJSONWithEveryNumber() throws {
    let json = text.json
    #expect(!json.contains("\n"))
    let value = try JSONValue(parsing: Array(json.utf8))
    guard case .array(let results) = value["results"] else {
      Issue.record("no results in \(json)")
      return
    }
    #expect(results.count == SampleReport.full.rows.count)
    guard case .array(let contrasts) = value["contrasts"] else {
      Issue.record("no contrasts in \(json)")
      return
    }
    #expect(contrasts.first?["difference"] == .double(-0.0004))
    #expect(contrasts.first?["primary"] == .bool(true))
    #expect(contrasts[1]["p_holm"] == .double(0.00004))
    guard case .array(let notes) = value["notes"] else {
      Issue.record("no notes in \(json)")
      return
    }
    #expect(notes.count == SampleReport.full.rows.filter { $0.note != nil }.count)
  }

  @Test func textThatATerminalWouldObeyIsShownInstead() {
    let report = ComparisonReport(
      arms: ["a"],
      rows: [ResultRow(cell: [:], arm: "\u{1B}[31mred", metric: "kl", value: 1, n: 1)],
      policy: "line\nbreak")
    let terminal = ReportText(report).terminal()
    #expect(!terminal.contains("\u{1B}"))
    #expect(terminal.contains("Policy: line break"))
  }
}
