import WinaExecution
import WinaPipeline
import WinaReport
import WinaServer
import WinaTestSupport

/// A `.wina` folder whose runs are written as files, and the site that shows them.
struct SampleWorkspace {
  static let done = "20261124-021530-4f2a9c"
  static let failed = "20261124-031530-00ab12"
  static let running = "20261125-081500-777777"

  let directory: TemporaryDirectory
  let site: RunSite

  init(host: ListeningHost = .loopback) throws {
    directory = try TemporaryDirectory()
    site = RunSite(workspace: directory.path, host: host)
  }

  /// A workspace with a run that is done, one that failed, and one that is running.
  static func full() throws -> SampleWorkspace {
    let workspace = try SampleWorkspace()
    try workspace.write(
      result(done, tasks: [task("tokenize", "hit"), task("compare", "ran")]), .result, done)
    try workspace.write(events(ended: true), .journal, done)
    try workspace.writeReport(done)
    try workspace.write(
      result(
        failed, status: "failed", tasks: [task("tokenize", "failed", reason: "disk & <fire>")]),
      .result, failed)
    try workspace.write(events(ended: false), .journal, running)
    return workspace
  }

  func write(_ text: String, _ file: RunFile, _ run: String) throws {
    try directory.write(text, to: "runs/\(run)/\(file.rawValue)")
  }

  func writeReport(_ run: String) throws {
    let report = ComparisonReport(
      arms: ["dense", "uniform"],
      rows: [
        ResultRow(cell: [:], arm: "dense", metric: "kl", value: 0, n: 3),
        ResultRow(
          cell: [:], arm: "uniform", metric: "kl", value: 0.25, low: 0.125, high: 0.5, n: 3,
          note: "<b>"),
      ], policy: "dense_prefix 1")
    let text = ReportText(report)
    try write(String(decoding: StoredReport.encode(report), as: UTF8.self), .report, run)
    try write(text.json, .results, run)
    try write(text.markdown(title: "Results"), .reportText, run)
  }

  /// The text of a `result.json`.
  static func result(
    _ run: String, status: String = "done", spec: String = "experiments/a.yaml", tasks: [String]
  ) -> String {
    """
    {"experiment":"first","results":[],"run":"\(run)","seconds":12.25,"spec":"\(spec)",\
    "started":1795486530.5,"status":"\(status)","tasks":[\(tasks.joined(separator: ","))],\
    "type":"result","warnings":["slow <disk>"]}

    """
  }

  static func task(_ name: String, _ status: String, reason: String = "first of its kind") -> String
  {
    let key = String(repeating: "ab", count: 32)
    return """
      {"action_key":null,"bytes":7,"kind":"\(name)","name":"\(name)","plan_key":"\(key)",\
      "reason":"\(reason)","seconds":1.5,"status":"\(status)"}
      """
  }

  /// The text of a journal of four tasks, of which one was cached and two have begun.
  static func events(ended: Bool) -> String {
    """
    {"jobs":2,"tasks":4,"time":1795594500,"to_run":3,"type":"run-started"}
    {"kind":"tokenize","reason":"first of its kind","task":"tokenize","time":1795594500.25,"type":"task-started"}
    {"bytes":7,"kind":"tokenize","plan_key":"ab","reason":"first of its kind","seconds":0.5,"status":"ran",\
    "task":"tokenize","time":1795594501,"type":"task-finished"}
    {"kind":"capture","reason":"depends on 'tokenize'","task":"capture","time":1795594502.5,"type":"task-started"}

    """
      + (ended
        ? #"{"counts":{"ran":4},"interrupted":false,"seconds":3,"time":1795594503,"type":"run-finished"}"#
          + "\n" : "")
  }

  func get(
    _ path: String, method: String = "GET", host: String? = "127.0.0.1:8642"
  ) -> ServerResponse {
    site.response(to: ServerRequest(method: method, path: path, host: host))
  }
}

extension ServerResponse {
  var text: String { String(decoding: body, as: UTF8.self) }

  /// A member of the error that the answer tells of.
  func error(_ member: String) throws -> String? {
    guard case .string(let text) = try JSONValue(parsing: body)["error"]?[member] else {
      return nil
    }
    return text
  }
}
