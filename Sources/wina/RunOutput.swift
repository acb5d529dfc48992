import Foundation
import WinaExecution
import WinaPipeline
import WinaPlan
import WinaReport
import WinaStages

/// Shows the events of a run and writes them to its journal.
final class RunOutput: Sendable {
  private let display: ProgressDisplay?
  private let json: Bool
  private let journal: RunJournal

  init(title: String, json: Bool, quiet: Bool, journal: RunJournal) {
    self.json = json
    self.journal = journal
    display =
      json ? nil : ProgressDisplay(title: title, isQuiet: quiet, clock: RunClock.system.seconds)
  }

  /// Takes an event; called one at a time.
  func show(_ event: RunEvent) {
    journal.record(event)
    if json { StandardOutput.write(event.json.canonicalText + "\n") }
    guard let display else { return }
    switch event.kind {
    case .runStarted(let tasks, let toRun, let jobs):
      display.show(.started(total: tasks, toRun: toRun, jobs: jobs))
    case .taskStarted(let task, _, _): display.show(.taskStarted(name: task))
    case .taskWaiting(let task, let owner):
      display.show(.warning("\(task) is being run by \(owner); waiting for it"))
    case .taskProgress(let task, let done, let total):
      display.show(.taskProgress(name: task, done: done, total: total))
    case .taskFinished(let report):
      display.show(
        .taskFinished(name: report.name, status: report.status.rawValue, seconds: report.seconds))
    case .taskFailed(let report, let failure):
      display.show(.taskFailed(name: report.name, message: failure.message, hint: failure.hint))
    case .warning(let message): display.show(.warning(message))
    case .runFinished: break
    }
  }

  /// Ends the display.
  func finish() { display?.show(.finished) }
}

/// Collects what a run found.
struct RunResults {
  let graph: TaskGraph
  let runner: Runner
  let outcome: RunOutcome
  /// The arms in the order of the spec.
  let arms: [String]
  /// The cells in the order of the sweep.
  let cells: [[String: JSONValue]]

  /// Returns the comparison of the spec, or the numbers of its arms where it compares nothing.
  func report() throws -> ComparisonReport? {
    let isLeaky = graph.targets.contains { graph[$0].isLeaky }
    var report: ComparisonReport?
    if let compare = graph.targets.first(where: { graph[$0].kind == CompareStage.kind }) {
      report = try runner.artifact(of: compare, as: ComparisonArtifact.self).report
    } else {
      report = try summary()
    }
    report?.isLeaky = isLeaky
    return report?.ordered(arms: arms, cells: cells)
  }

  private func summary() throws -> ComparisonReport? {
    let targets = graph.targets.filter { graph[$0].kind == EvaluateStage.kind }
    guard let first = targets.first else { return nil }
    let model = graph[first].inputs.flatMap(\.sources).lazy.compactMap { source -> Leaf? in
      if case .leaf(let leaf) = source, leaf.format == ModelFiles.format { leaf } else { nil }
    }.first
    let arms = try targets.map { target in
      EvaluationSummary.Arm(
        cell: graph[target].assignment, stage: graph[target].stage,
        name: graph[target].item ?? graph[target].stage,
        shard: try runner.artifact(of: target, as: EvaluationShard.self))
    }
    return try EvaluationSummary.report(arms, modelDirectory: model?.location ?? "")
  }
}

/// The files that a run leaves in its folder.
struct RunFiles {
  let directory: String

  func write(_ report: ComparisonReport) throws {
    let text = ReportText(report)
    try write(StoredReport.encode(report), to: .report)
    try write(Array(text.json.utf8), to: .results)
    try write(Array(text.markdown(title: "Results").utf8), to: .reportText)
  }

  private func write(_ bytes: [UInt8], to file: RunFile) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(directory)/\(file.rawValue)"))
  }
}

extension ComparisonReport {
  /// The rows, each with the note LEAKY where the spec allowed leakage.
  var stampedRows: [ResultRow] {
    guard isLeaky else { return rows }
    return rows.map { row in
      var row = row
      row.note = ["LEAKY", row.note].compactMap { $0 }.joined(separator: "; ")
      return row
    }
  }
}
