import WinaExecution

/// What a path names.
enum Route: Hashable {
  /// The page that lists the runs.
  case home
  /// The page of a run.
  case page(RunID)
  /// The list of the runs.
  case runs
  /// A document of a run.
  case document(Document, RunID)

  /// The documents of a run.
  enum Document: Hashable {
    case result, results, reportText, report, events
  }

  /// Reads a path.
  ///
  /// A run is named by its whole identifier, and only what has the form of one is ever looked up, so
  /// that no path leaves the folder of the runs.
  init(path: String) throws(RequestError) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.first == "", parts.count > 1 else { throw .unknownPath(path) }
    switch (parts[1], parts.count) {
    case ("", 2):
      self = .home
    case ("runs", 3):
      self = .page(try Route.run(parts[2]))
    case ("api", 3) where parts[2] == "runs":
      self = .runs
    case ("api", 4...5) where parts[2] == "runs":
      let run = try Route.run(parts[3])
      guard let document = Route.document(parts.count == 4 ? nil : parts[4]) else {
        throw .unknownPath(path)
      }
      self = .document(document, run)
    default:
      throw .unknownPath(path)
    }
  }

  private static func run(_ text: String) throws(RequestError) -> RunID {
    guard let run = RunID(text) else { throw .malformedRun(text) }
    return run
  }

  private static func document(_ name: String?) -> Document? {
    switch name {
    case nil: .result
    case "results": .results
    case "report": .reportText
    case "report.json": .report
    case "events": .events
    default: nil
    }
  }
}
