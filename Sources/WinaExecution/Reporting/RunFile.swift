/// A file in the folder of a run; its raw value is its name.
public enum RunFile: String, Sendable, Hashable, CaseIterable {
  /// Which process runs it, so that others can tell a run that was killed from one that goes on.
  case owner
  /// The events as they happened, a line of JSON each.
  case journal = "journal.jsonl"
  /// The result, written last.
  case result = "result.json"
  /// The tables of the report.
  case results = "results.json"
  /// The report as data, to be shown again.
  case report = "report.json"
  /// The report for people.
  case reportText = "report.md"
}
