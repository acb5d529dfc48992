import ArgumentParser
import Foundation
import WinaDiagnostics
import WinaExecution
import WinaPipeline
import WinaPlan
import WinaReport
import WinaSpec
import WinaStages

/// `wina validate`: diagnostics only.
struct ValidateCommand: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Check a spec without running anything.")

  @OptionGroup var options: SpecOptions

  func perform() throws {
    let experiment = try Experiment(options)
    let prepared = try experiment.prepared(only: options.only)
    Diagnostics.write(prepared.warnings)
    StandardOutput.write(
      "\(options.spec): no errors, \(prepared.graph.tasks.count) tasks, "
        + "\(experiment.spec.cells().count) cells\n")
    for count in prepared.counts {
      StandardOutput.write("  \(count.label) \(count.split.rawValue): \(count.samples) samples\n")
    }
  }
}

/// `wina plan`: what would run, and why.
struct PlanCommand: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what would run, and why.")

  @OptionGroup var options: SpecOptions

  @Flag(help: "Print JSON lines.")
  var json = false

  @Flag(help: "Also list tasks that are cached.")
  var all = false

  func perform() throws {
    let experiment = try Experiment(options)
    let prepared = try experiment.prepared(only: options.only)
    Diagnostics.write(prepared.warnings)
    let store = try experiment.workspace.store(remote: options.remote)
    let preview = PlanPreview(graph: prepared.graph, store: store)
    if json {
      for entry in preview.tasks {
        let key = prepared.graph[entry.task].planKey
        StandardOutput.write(line(entry, key) + "\n")
      }
      return
    }
    var table = TextTable([
      .init("task"), .init("status"), .init("reason"), .init("seconds", isNumeric: true),
      .init("bytes", isNumeric: true),
    ])
    for entry in preview.tasks where all || entry.status == .run || entry.status == .mayBeCutOff {
      table.append([
        entry.name, entry.status.rawValue, entry.reason,
        entry.estimatedSeconds.map { "\(($0 * 10).rounded() / 10)" } ?? "",
        entry.bytes.map(String.init) ?? "",
      ])
    }
    let isEmpty = !preview.tasks.contains { $0.status == .run || $0.status == .mayBeCutOff }
    if all || !isEmpty {
      let width = TerminalCapabilities.standardOutput.width
      StandardOutput.write(table.lines(width: max(width, 160)).joined(separator: "\n") + "\n")
    }
    let counts = preview.counts.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\($0.value) \($0.key.rawValue)" }
    StandardOutput.write("\(preview.tasks.count) tasks: \(counts.joined(separator: ", "))\n")
  }

  private func line(_ entry: PlanPreview.Entry, _ key: PlanKey) -> String {
    JSONValue.object([
      "type": .string("task"), "name": .string(entry.name), "kind": .string(entry.kind),
      "plan_key": .string(key.digest.hex), "status": .string(entry.status.rawValue),
      "reason": .string(entry.reason),
      "estimated_seconds": entry.estimatedSeconds.map { .double($0) } ?? .null,
      "bytes": entry.bytes.map { .int($0) } ?? .null,
    ]).canonicalText
  }
}

/// `wina explain`: why a task ran or would run.
struct ExplainCommand: SpecCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Show why a task ran or would run.")

  @OptionGroup var options: SpecOptions

  @Argument(help: "The task's name, or the start of it.")
  var task: String

  func perform() throws {
    let experiment = try Experiment(options)
    let graph = try experiment.prepared(only: options.only).graph
    let exact = graph.tasks.filter { $0.name == task }
    let found = exact.isEmpty ? graph.tasks.filter { $0.name.hasPrefix(task) } : exact
    guard let first = found.first else {
      let names = graph.tasks.map(\.name)
      let near = SpellingSuggestion.nearest(to: task, among: names)
      throw SpecError([
        Diagnostic(
          id: "run.unknown-task", "there is no task '\(task)'",
          help: (near.map { "did you mean '\($0)'? " } ?? "")
            + "`wina plan --all` lists the tasks")
      ])
    }
    if found.count > 1 {
      StandardError.write("\(found.count) tasks begin so; this is about '\(first.name)'\n")
    }
    let store = try experiment.workspace.store(remote: options.remote)
    let explanation = Explanation.explain(first.id, graph: graph, store: store)
    StandardOutput.write(
      ExplanationText(explanation, task: first, spec: experiment.spec).text)
  }
}

/// `wina graph`: the task graph as text for other programs.
struct GraphCommand: SpecCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case dot, mermaid, json }

  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Print the task graph.")

  @OptionGroup var options: SpecOptions

  @Option(help: "dot, mermaid or json.")
  var format = Format.dot

  func perform() throws {
    let graph = try Experiment(options).prepared(only: options.only).graph
    let text = GraphText(graph)
    switch format {
    case .dot: StandardOutput.write(text.dot)
    case .mermaid: StandardOutput.write(text.mermaid)
    case .json: StandardOutput.write(text.json)
    }
  }
}
