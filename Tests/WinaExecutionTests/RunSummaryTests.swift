import Foundation
import Testing
import WinaExecution
import WinaPipeline
import WinaTestSupport

/// What lists say of runs, above all of those that have no result.
struct RunSummaryTests {
  private let directory: TemporaryDirectory
  private let history: RunHistory
  private let id: RunID

  init() throws {
    directory = try TemporaryDirectory()
    history = RunHistory(workspace: directory.path)
    id = try #require(RunID("20261124-021530-4f2a9c"))
  }

  private func write(_ text: String, _ file: RunFile) throws {
    try directory.write(text, to: "runs/\(id)/\(file.rawValue)")
  }

  private func events(_ lines: String...) throws -> [JSONValue] {
    try lines.map { try JSONValue(parsing: Array($0.utf8)) }
  }

  @Test func progressCountsEachTaskByItsLatestEnd() throws {
    let progress = RunProgress(
      try events(
        #"{"type":"run-started","tasks":5,"to_run":3,"jobs":1,"time":10}"#,
        #"{"type":"task-started","task":"a","kind":"tokenize","reason":"new","time":10.5}"#,
        #"{"type":"task-failed","task":"a","kind":"tokenize","reason":"new","status":"failed","seconds":1,"time":11}"#,
        #"{"type":"task-finished","task":"a","kind":"tokenize","reason":"new","status":"ran","seconds":2,"time":13}"#,
        #"{"type":"task-started","task":"b","kind":"capture","reason":"new","time":13.5}"#,
        #"{"type":"task-progress","task":"b","done":1,"total":2,"time":14}"#,
        #"{"type":"of-a-later-version","time":15}"#))
    #expect(progress.started == 10 && progress.latest == 15 && progress.total == 5)
    #expect(progress.counts == [.hit: 2, .ran: 1])
    #expect(progress.tasks.map(\.name) == ["a", "b"])
    #expect(progress.tasks.map(\.status) == [.ran, nil])
    #expect(progress.tasks.map(\.seconds) == [2, 0])
  }

  @Test func progressOfNothingIsNothing() {
    let progress = RunProgress([])
    #expect(progress.total == nil && progress.tasks.isEmpty && progress.counts.isEmpty)
  }

  @Test func aRunWithoutResultRunsWhileItsProcessMay() throws {
    let journal = try RunJournal(workspace: directory.path, run: id)
    journal.record(RunEvent(.runStarted(tasks: 3, toRun: 1, jobs: 1), time: 5))
    journal.record(RunEvent(.warning("x"), time: 7))
    try journal.close()
    #expect(history.summary(of: id).status == .running)
    #expect(history.summary(of: id).seconds == 2)
    #expect(history.summary(of: id).counts == [.hit: 2])
    try write("1.1.pid--1.none.none.elsewhere", .owner)
    #expect(history.summary(of: id).status == .running, "another host cannot be judged")
    try FileManager.default.removeItem(atPath: history.path(of: .owner, in: id))
    #expect(history.summary(of: id).status == .running)
  }

  @Test func aRunWhoseProcessHasEndedIsUnfinished() throws {
    _ = try RunJournal(workspace: directory.path, run: id)
    let path = history.path(of: .owner, in: id)
    let mark = try String(contentsOfFile: path, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let rest = mark.split(separator: ".").dropFirst()
    try write(
      ([String(process.processIdentifier)] + rest.map(String.init)).joined(separator: "."), .owner)
    #expect(history.summary(of: id).status == .unfinished)
  }

  @Test func aDamagedRunHidesNoOther() throws {
    try write("{}", .result)
    let other = try #require(RunID("20261125-021530-4f2a9c"))
    _ = try RunJournal(workspace: directory.path, run: other)
    let summaries = try history.summaries()
    #expect(summaries.map(\.run) == [other, id])
    #expect(summaries.map(\.status) == [.running, .damaged])
    let path = history.path(of: .result, in: id)
    #expect(summaries[1].message == "'\(path)' is damaged: it does not hold the result of a run")
    #expect(try history.summaries(limit: 1).map(\.run) == [other])
  }

  @Test func whatIsWholeOfAJournalIsRead() throws {
    #expect(try history.events(of: id).events.isEmpty)
    let line = #"{"type":"warning","message":"é","time":1}"# + "\n"
    for torn in ["", #"{"ty"#, #"{"type":"warning","message":"x","time":2}"#, "\0\0\n"] {
      try write(line + line + torn, .journal)
      let recorded = try history.events(of: id)
      #expect(recorded.events.count == 2)
      #expect(Array(recorded.lines) == Array((line + line).utf8))
    }
    try write(line + "garbage\n" + line, .journal)
    let error = #expect(throws: ExecutionError.self) { try history.events(of: id) }
    #expect(error?.code == .damagedRun)
    #expect(error?.message.hasSuffix("journal.jsonl' is damaged: line 2 is not JSON") == true)
  }

  @Test func aSummaryHasEveryMember() throws {
    let summary = RunSummary(id, RunProgress([]), isAbandoned: false)
    let text = String(decoding: try JSONEncoder().encode(summary), as: UTF8.self)
    for member in ["spec", "experiment", "started", "seconds", "tasks"] {
      #expect(text.contains("\"\(member)\":null"))
    }
    #expect(!text.contains("message"))
  }
}
