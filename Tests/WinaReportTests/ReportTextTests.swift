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

  @Test func thePrimaryEndpointAndItsCellComeFirst() throws {
    let lines = text.terminal(width: 200).split(separator: "\n")
    let title = try #require(lines.firstIndex(of: "Contrasts"))
    #expect(lines[title + 2].contains("* routed - uniform"))
    #expect(lines[title + 3].contains("s=0.5 "))
    #expect(lines[title + 4].contains("s=0.65"))
  }

  @Test func aTerminalShowsTheContrastsOfThePrimaryMetric() {
    #expect(!text.terminal(width: 200).contains("routed - uniform  nll"))
    #expect(text.terminal(width: 200, showsLabels: true).contains("routed - uniform  nll"))
    #expect(text.terminal(width: 200).contains("contrasts in nll are in the whole report"))
    #expect(!text.markdown(title: "a").contains("whole report"))
  }

  @Test func notesThatMostContrastsShareAreSaidOnce() {
    let terminal = text.terminal(width: 200)
    #expect(terminal.ranges(of: "baseline interpolated").count == 1)
    #expect(terminal.contains("matched unless said otherwise: baseline interpolated to equal MACs"))
    #expect(
      terminal.contains("sparsities within half a point: other - uniform [s=0.5; s=0.65]"))
    #expect(terminal.contains("cats has no numbers here: cats - uniform [s=0.65]"))
    #expect(text.markdown(title: "a").contains("equal MACs: routed - uniform (nll) [s=0.65]"))
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
    let primary = contrasts.first { $0["primary"] == .bool(true) }
    #expect(primary?["difference"] == .double(-0.0004))
    #expect(contrasts.count == SampleReport.full.contrasts.count)
    #expect(contrasts[0]["p_holm"] == .double(0.00004))
    #expect(contrasts[0]["note"] == .string("baseline interpolated to equal MACs"))
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
