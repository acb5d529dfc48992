import Foundation
import WinaEvaluation
import WinaPipeline
import WinaReport

/// The scores of a model on tasks, as text.
struct ModelEvaluation {
  /// One number of a task: a metric of the harness, or one of the evaluate stage.
  private struct Value {
    var name: String
    var value: Double
    var error: Double?
    var count: Int
  }

  private let reports: [TaskReport]
  private let groups: [TaskGroup]
  private let isGated: Bool

  /// Makes the texts of reports.
  ///
  /// - Parameters:
  ///   - reports: One report a task.
  ///   - groups: The groups that they make.
  ///   - arm: The profile that was applied, or `nil` for the dense model.
  init(_ reports: [TaskReport], groups: [TaskGroup] = [], arm: String? = nil) {
    self.reports = reports
    self.groups = groups
    isGated = arm != nil
  }

  /// What the evaluate stage reports beside the harness's metrics, always and with a profile.
  private static let own: [EvaluationMetric] = [.perplexity, .nll, .bitsPerByte]
  private static let gated: [EvaluationMetric] = [
    .kl, .klTop64, .agreement, .gatedSparsity, .sparsity, .macsPerToken,
  ]

  /// Returns a table with a row for each metric of each task, ending in a newline.
  func table() -> String {
    var table = TextTable([
      .init("task"), .init("n", isNumeric: true), .init("metric"), .init("value", isNumeric: true),
      .init("stderr", isNumeric: true),
    ])
    for (name, count, values) in rows {
      for (index, value) in values.enumerated() {
        table.append([
          index == 0 ? name : "", index == 0 ? String(count) : "", value.name,
          ModelEvaluation.text(value.value), value.error.map(ModelEvaluation.text) ?? "N/A",
        ])
      }
    }
    return table.lines(width: TerminalCapabilities.standardOutput.width).joined(separator: "\n")
      + "\n"
  }

  /// Returns one line of JSON.
  func json(model: String, showsItems: Bool) -> String {
    let tasks = reports.map { task($0, showsItems: showsItems).canonicalText }
    let groups = groups.map { group in
      object(group.alias, group.size, ModelEvaluation.values(group.results, group.size), "group")
        .canonicalText
    }
    let rows = ReportText(
      ComparisonReport(arms: [arm], rows: resultRows, policy: "")
    ).resultsJSON
    let model = JSONValue.string(model).canonicalText
    return "{\"type\":\"result\",\"model\":\(model),\"tasks\":[\(tasks.joined(separator: ","))],"
      + (groups.isEmpty ? "" : "\"groups\":[\(groups.joined(separator: ","))],")
      + "\"results\":\(rows)}"
  }

  private var arm: String { isGated ? "profile" : "dense" }

  private var rows: [(name: String, count: Int, values: [Value])] {
    groups.map {
      ($0.name, $0.size, ModelEvaluation.values($0.results, $0.size))
    } + reports.map { ($0.task.name, $0.items.count, values(of: $0)) }
  }

  private var resultRows: [ResultRow] {
    rows.flatMap { name, _, values in
      values.map { value in
        let half = value.error.map { $0 * 1.959964 }
        return ResultRow(
          cell: [:], arm: arm, label: name, metric: value.name, value: value.value,
          low: half.map { value.value - $0 }, high: half.map { value.value + $0 }, n: value.count)
      }
    }
  }

  /// The harness's metrics, then those of the evaluate stage that have other names.
  private func values(of report: TaskReport) -> [Value] {
    var values = ModelEvaluation.values(report.results, report.items.count)
    for metric in ModelEvaluation.own + (isGated ? ModelEvaluation.gated : []) {
      guard let value = report[metric], !values.contains(where: { $0.name == metric.rawValue })
      else { continue }
      values.append(
        Value(
          name: metric.rawValue, value: value.value, error: value.standardError,
          count: value.count))
    }
    return values
  }

  private static func values(_ results: [HarnessResult], _ count: Int) -> [Value] {
    results.map { result in
      Value(
        name: result.metric.rawValue + (result.filter == "none" ? "" : "," + result.filter),
        value: result.value, error: result.standardError, count: count)
    }
  }

  private func object(
    _ name: String, _ count: Int, _ values: [Value], _ key: String
  ) -> JSONValue {
    var members: [String: JSONValue] = [key: .string(name), "n": .int(count)]
    for value in values where value.value.isFinite {
      members[value.name] = .double(value.value)
      if let error = value.error, error.isFinite {
        members["\(value.name)_stderr"] = .double(error)
      }
    }
    return .object(members)
  }

  private func task(_ report: TaskReport, showsItems: Bool) -> JSONValue {
    let value = object(report.task.name, report.items.count, values(of: report), "task")
    guard showsItems, case .object(var members) = value else { return value }
    members["items"] = .array(
      report.items.enumerated().map { index, item in
        .object([
          "index": .int(index), "gold": .int(item.gold),
          "log_likelihoods": .array(item.logLikelihoods.map { .double($0) }),
          "is_greedy": .array(item.isGreedy.map { .bool($0) }),
          "acc": .int(item.accuracy), "acc_norm": .int(item.normalizedAccuracy),
        ])
      })
    return .object(members)
  }

  private static func text(_ value: Double) -> String { String(format: "%.4f", value) }
}
