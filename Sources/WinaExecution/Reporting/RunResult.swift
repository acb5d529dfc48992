import Foundation
import WinaPipeline

/// What a run gave: the last line of `wina run --json` and the content of `result.json`.
public struct RunResult: Sendable, Hashable {
  /// How a run ended.
  public enum Status: String, Sendable, Hashable, Codable {
    case done, failed, interrupted
  }

  /// The run's name.
  public var run: String
  /// The path of the spec.
  public var spec: String
  /// The name of the experiment.
  public var experiment: String
  /// How it ended.
  public var status: Status
  /// When it began, in seconds since 1970.
  public var started: Double
  /// Wall time.
  public var seconds: Double
  /// Every task in the order of the graph.
  public var tasks: [TaskReport]
  /// The numbers, as the caller found them in the targets.
  public var results: [ResultRow]
  /// What went wrong without a task failing.
  public var warnings: [String]

  /// Makes the result of a run.
  public init(
    run: RunID, spec: String, experiment: String, started: Double, outcome: RunOutcome,
    results: [ResultRow]
  ) {
    self.run = run.text
    self.spec = spec
    self.experiment = experiment
    self.started = started
    self.results = results
    status = outcome.isInterrupted ? .interrupted : outcome.succeeded ? .done : .failed
    seconds = outcome.seconds
    tasks = outcome.tasks
    warnings = outcome.warnings
  }

  /// Returns the result as one line of JSON without the line feed.
  public func line() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

extension RunResult: Codable {
  private enum CodingKeys: String, CodingKey {
    case type, run, spec, experiment, status, started, seconds, tasks, results, warnings
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    run = try container.decode(String.self, forKey: .run)
    spec = try container.decode(String.self, forKey: .spec)
    experiment = try container.decodeIfPresent(String.self, forKey: .experiment) ?? ""
    status = try container.decode(Status.self, forKey: .status)
    started = try container.decode(Double.self, forKey: .started)
    seconds = try container.decode(Double.self, forKey: .seconds)
    tasks = try container.decode([TaskReport].self, forKey: .tasks)
    results = try container.decode([ResultRow].self, forKey: .results)
    warnings = try container.decodeIfPresent([String].self, forKey: .warnings) ?? []
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode("result", forKey: .type)
    try container.encode(run, forKey: .run)
    try container.encode(spec, forKey: .spec)
    try container.encode(experiment, forKey: .experiment)
    try container.encode(status, forKey: .status)
    try container.encode(started, forKey: .started)
    try container.encode(seconds, forKey: .seconds)
    try container.encode(tasks, forKey: .tasks)
    try container.encode(results.map(CompleteRow.init), forKey: .results)
    try container.encode(warnings, forKey: .warnings)
  }
}

/// A result row with every member of the documented form, absent ones as `null`.
private struct CompleteRow: Encodable {
  let row: ResultRow

  private enum CodingKeys: String, CodingKey {
    case cell, arm, label, metric, value, low, high, n, note
  }

  init(_ row: ResultRow) { self.row = row }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(row.cell, forKey: .cell)
    try container.encode(row.arm, forKey: .arm)
    try container.encode(row.label, forKey: .label)
    try container.encode(row.metric, forKey: .metric)
    try container.encode(row.value, forKey: .value)
    try container.encode(row.low, forKey: .low)
    try container.encode(row.high, forKey: .high)
    try container.encode(row.n, forKey: .n)
    try container.encodeIfPresent(row.note, forKey: .note)
  }
}
