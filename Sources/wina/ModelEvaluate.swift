import ArgumentParser
import Foundation
import WinaEvaluation
import WinaModel
import WinaPipeline
import WinaReport

/// `wina evaluate`: a model's scores on benchmark tasks, without a spec.
struct ModelEvaluate: ModelCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Score a model on benchmark tasks, without a spec.",
    discussion: """
      Scores are computed as the evaluate stage does. With --json one line is printed: \
      {"type": "result", "model", "tasks": [{"task", "n", METRIC, METRIC_stderr, …}], "results": \
      [{"cell", "arm", "label", "metric", "value", "low", "high", "n"}]}.
      """)

  @Argument(help: "A model's directory or name.")
  var model: String

  @Option(
    help: ArgumentHelp(
      "The tasks, separated by commas: "
        + BenchmarkTask.catalog.map(\.name).sorted().joined(separator: ", ") + "."))
  var tasks: String?

  @Option(help: "The folder that holds the tasks' files, such as arc_easy/validation.jsonl.")
  var data: String?

  @Option(help: "A bundled suite or the path of one, in place of --tasks and --data.")
  var suite: String?

  @Option(help: "The split of the suite: calibration, routing, validation or test.")
  var split = EvaluationSource.Split.test

  @Option(help: "Take only the first items of each task.")
  var limit: Int?

  @Option(help: "Threads; the results do not depend on it.")
  var jobs = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  @Flag(help: "With --json, also print what every item scored.")
  var items = false

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    guard jobs >= 1 else { throw ValidationError("--jobs must be at least 1") }
    if items, !json { throw ValidationError("--items needs --json") }
    if suite != nil, tasks == nil, data == nil { return }
    guard let tasks, data != nil, suite == nil else {
      throw ValidationError("give either --tasks and --data, or --suite")
    }
    if names(tasks).isEmpty { throw ValidationError("--tasks names no task") }
  }

  private func names(_ tasks: String) -> [String] {
    tasks.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  private func sources() throws -> [EvaluationSource] {
    guard let suite else {
      return try names(tasks ?? "").map { try EvaluationSource(task: $0, below: data ?? "") }
    }
    return try EvaluationSource.all(of: suite, split: split)
  }

  func perform() throws {
    let sources = try sources()
    let path = try ModelLookup.process.requireModel(model)
    let language = try LanguageModel.load(directory: path)
    let evaluation = TaskEvaluation(
      evaluator: Evaluator(model: language),
      encoder: SampleEncoder(
        tokenizer: try Tokenizer.load(path: path), configuration: language.configuration))
    var reports: [TaskReport] = []
    for source in sources {
      reports.append(
        try evaluation.run(source.task, records: source.records(), limit: limit, jobs: jobs))
      StandardError.write("\(source.task.name): \(reports[reports.count - 1].items.count) items\n")
    }
    if suite != nil { reports.append(TaskReport(task: "all", pooling: reports)) }
    let output = ModelEvaluation(reports)
    StandardOutput.write(
      json ? output.json(model: path, showsItems: items) + "\n" : output.table())
  }
}

/// The scores of a model on tasks, as text.
struct ModelEvaluation {
  private let reports: [TaskReport]

  /// Makes the texts of reports.
  init(_ reports: [TaskReport]) { self.reports = reports }

  private static let metrics: [EvaluationMetric] = [
    .accuracy, .normalizedAccuracy, .perplexity, .bitsPerByte,
  ]

  /// Returns a table with a row for each task, ending in a newline.
  func table() -> String {
    let shown = ModelEvaluation.metrics.filter { metric in
      reports.contains { $0[metric] != nil }
    }
    var table = TextTable(
      [.init("task"), .init("n", isNumeric: true)]
        + shown.map { .init($0.rawValue, isNumeric: true) })
    for report in reports {
      let cells = shown.map { metric in
        guard let value = report[metric] else { return "" }
        let error = value.standardError.map { " ± \(ModelEvaluation.text($0))" } ?? ""
        return ModelEvaluation.text(value.value) + error
      }
      table.append([report.task, String(report.items.count)] + cells)
    }
    return table.lines(width: TerminalCapabilities.standardOutput.width).joined(separator: "\n")
      + "\n"
  }

  /// Returns one line of JSON.
  func json(model: String, showsItems: Bool) -> String {
    let tasks = reports.map { task($0, showsItems: showsItems).canonicalText }
    let rows = ReportText(ComparisonReport(arms: ["dense"], rows: rows, policy: "")).resultsJSON
    let model = JSONValue.string(model).canonicalText
    return "{\"type\":\"result\",\"model\":\(model),\"tasks\":[\(tasks.joined(separator: ","))],"
      + "\"results\":\(rows)}"
  }

  private var rows: [ResultRow] {
    reports.flatMap { report in
      ModelEvaluation.metrics.compactMap { metric in
        report[metric].map { value in
          let half = value.standardError.map { $0 * 1.959964 }
          return ResultRow(
            cell: [:], arm: "dense", label: report.task, metric: metric.rawValue,
            value: value.value, low: half.map { value.value - $0 },
            high: half.map { value.value + $0 }, n: value.count)
        }
      }
    }
  }

  private func task(_ report: TaskReport, showsItems: Bool) -> JSONValue {
    var members: [String: JSONValue] = [
      "task": .string(report.task), "n": .int(report.items.count),
    ]
    for metric in ModelEvaluation.metrics {
      guard let value = report[metric], value.value.isFinite else { continue }
      members[metric.rawValue] = .double(value.value)
      if let error = value.standardError { members["\(metric.rawValue)_stderr"] = .double(error) }
    }
    if showsItems {
      members["items"] = .array(
        report.items.enumerated().map { index, item in
          .object([
            "index": .int(index), "gold": .int(item.gold),
            "log_likelihoods": .array(item.logLikelihoods.map { .double($0) }),
            "is_greedy": .array(item.isGreedy.map { .bool($0) }),
            "acc": .int(item.accuracy), "acc_norm": .int(item.normalizedAccuracy),
          ])
        })
    }
    return .object(members)
  }

  private static func text(_ value: Double) -> String { String(format: "%.4f", value) }
}
