import Foundation
import WinaExecution
import WinaPipeline
import WinaReport

/// The pages: all their wording, and all their markup.
struct Pages {
  /// What the page of a run shows, whether it has ended or not.
  struct Run {
    /// A line of the table of tasks.
    struct Task {
      var name: String
      var kind: String
      var status: String
      var reason: String
      var seconds: Double
    }

    var summary: RunSummary
    var warnings: [String]
    var tasks: [Task]

    init(_ run: RunID, _ result: RunResult) {
      summary = RunSummary(run, result)
      warnings = result.warnings
      tasks = result.tasks.map {
        Task(
          name: $0.name, kind: $0.kind, status: $0.status.rawValue, reason: $0.reason,
          seconds: $0.seconds)
      }
    }

    init(_ summary: RunSummary, _ progress: RunProgress) {
      self.summary = summary
      warnings = []
      let open = summary.status == .running ? "running" : "unfinished"
      tasks = progress.tasks.map {
        Task(
          name: $0.name, kind: $0.kind, status: $0.status?.rawValue ?? open, reason: $0.reason,
          seconds: $0.seconds)
      }
    }
  }

  private let workspace: String
  private static let reportWidth = 160
  private static let refreshSeconds = 5

  /// Makes pages.
  ///
  /// - Parameter workspace: The folder whose runs are shown.
  init(workspace: String) { self.workspace = workspace }

  /// The page that lists the runs.
  func home(_ runs: [RunSummary]) -> HTML {
    let rows = HTML(runs.map(row))
    let table: HTML = """
      <div class="wide"><table>
      <thead><tr><th>run</th><th>experiment</th><th>status</th><th>started (UTC)</th>\
      <th class="number">tasks</th><th class="number">ran</th><th class="number">seconds</th>\
      <th>spec</th></tr></thead>
      <tbody>
      \(rows)</tbody>
      </table></div>

      """
    let none: HTML =
      "<p>No run has been made in this workspace. <code>wina run SPEC</code> makes one.</p>\n"
    let body: HTML = """
      <h1>Runs</h1>
      <p class="quiet">\(workspace) · <a href="/api/runs">JSON</a></p>
      \(runs.isEmpty ? none : table)
      """
    return document(
      title: "Runs", body: body, isMoving: runs.contains { $0.status == .running })
  }

  private func row(_ run: RunSummary) -> HTML {
    """
    <tr><td><a href="/runs/\(run.run.text)">\(run.run.text)</a></td>\
    <td>\(run.experiment ?? "")</td>\(status(run.status.rawValue))\
    <td>\(Pages.time(run.run))</td>\
    <td class="number">\(run.tasks.map(String.init) ?? "")</td>\
    <td class="number">\(run.tasks.map { _ in String(run.counts[.ran] ?? 0) } ?? "")</td>\
    <td class="number">\(run.seconds.map(Pages.seconds) ?? "")</td>\
    <td>\(run.spec ?? run.message ?? "")</td></tr>

    """
  }

  /// The page of a run.
  func run(_ run: Run, report: ReportText?) -> HTML {
    let id = run.summary.run.text
    let api: HTML = "/api/runs/\(id)"
    let links: [HTML] =
      (run.summary.status == .running || run.summary.status == .unfinished
        ? [] : ["<a href=\"\(api)\">result</a> · "])
      + (report == nil
        ? []
        : [
          "<a href=\"\(api)/results\">results</a> · ", "<a href=\"\(api)/report\">report</a> · ",
        ]) + ["<a href=\"\(api)/events\">events</a>"]
    let warnings = HTML(run.warnings.map { "<p class=\"failed\">warning: \($0)</p>\n" })
    let body: HTML = """
      <p class="quiet"><a href="/">Runs</a></p>
      <h1>\(run.summary.experiment ?? id)</h1>
      \(facts(run.summary))<p class="quiet">\(HTML(links))</p>
      \(warnings)\(report.map(section) ?? "")\(tasks(run))
      """
    return document(title: id, body: body, isMoving: run.summary.status == .running)
  }

  private func facts(_ run: RunSummary) -> HTML {
    let counts = TaskStatus.allCases.compactMap { status in
      run.counts[status].map { "\($0) \(status.rawValue)" }
    }
    let facts: [(String, String?)] = [
      ("run", run.run.text), ("status", run.status.rawValue), ("spec", run.spec),
      ("started", Pages.time(run.run) + " UTC"), ("seconds", run.seconds.map(Pages.seconds)),
      (
        "tasks",
        run.tasks.map { "\($0)" + (counts.isEmpty ? "" : ": " + counts.joined(separator: ", ")) }
      ),
    ]
    let lines = facts.compactMap { name, value -> HTML? in
      value.map { "<dt>\(name)</dt><dd>\($0)</dd>\n" }
    }
    return "<dl>\n\(HTML(lines))</dl>\n"
  }

  private func section(_ report: ReportText) -> HTML {
    """
    <h2>Report</h2>
    <pre class="wide">\(report.terminal(width: Pages.reportWidth))</pre>

    """
  }

  private func tasks(_ run: Run) -> HTML {
    if run.tasks.isEmpty { return "<p>No task has begun.</p>\n" }
    let rows = run.tasks.map { task -> HTML in
      """
      <tr><td>\(task.name)</td><td>\(task.kind)</td>\(status(task.status))\
      <td class="number">\(Pages.seconds(task.seconds))</td><td>\(task.reason)</td></tr>

      """
    }
    return """
      <h2>Tasks</h2>
      <div class="wide"><table>
      <thead><tr><th>task</th><th>kind</th><th>status</th><th class="number">seconds</th>\
      <th>reason</th></tr></thead>
      <tbody>
      \(HTML(rows))</tbody>
      </table></div>

      """
  }

  private func status(_ status: String) -> HTML { "<td class=\"\(status)\">\(status)</td>" }

  private func document(title: String, body: HTML, isMoving: Bool) -> HTML {
    let refresh: HTML =
      isMoving ? "<meta http-equiv=\"refresh\" content=\"\(Pages.refreshSeconds)\">\n" : ""
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      \(refresh)<title>\(title) · wina</title>
      <style>\(Pages.styles)</style>
      </head>
      <body>
      \(body)</body>
      </html>

      """
  }

  private static func seconds(_ seconds: Double) -> String { String(format: "%.1f", seconds) }

  /// Returns when a run began, in UTC, as its name says it.
  private static func time(_ run: RunID) -> String {
    let digits = Array(run.text)
    func part(_ range: Range<Int>) -> String { String(digits[range]) }
    return "\(part(0..<4))-\(part(4..<6))-\(part(6..<8)) "
      + "\(part(9..<11)):\(part(11..<13)):\(part(13..<15))"
  }

  /// What a policy names to allow the styles and no others.
  static let stylesDigest =
    "sha256-" + Data(SHA256.digest(of: styles.text).bytes).base64EncodedString()

  private static let styles: HTML = """
    :root { color-scheme: light dark; }
    body { font: 16px/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; }
    h1, h2 { line-height: 1.2; }
    .wide { overflow-x: auto; }
    pre { font: 13px/1.4 ui-monospace, monospace; }
    table { border-collapse: collapse; font-size: 14px; }
    th, td { text-align: left; vertical-align: top; padding: 0.2rem 1rem 0.2rem 0; }
    thead th { border-bottom: 1px solid; }
    .number { text-align: right; font-variant-numeric: tabular-nums; }
    dl { display: grid; grid-template-columns: max-content auto; gap: 0 1rem; }
    dt, .quiet, .hit, .skipped { opacity: 0.7; }
    dd { margin: 0; }
    .failed, .damaged { color: light-dark(#b00020, #ff8a80); }
    .running { font-weight: bold; }
    """
}
