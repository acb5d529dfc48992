import WinaPipeline

/// A comparison as text: for a terminal, as Markdown, as JSON, always the same numbers.
///
/// ```
/// s = 0.5
/// arm      s gated   s all  MACs/token  of dense    n                 KL to dense
/// dense      0.0 %   0.0 %      3.15 M   100.0 %  104                           0
/// uniform   50.1 %  42.5 %      1.89 M    60.0 %  104  0.01230 [0.01170, 0.01290]
/// ```
public struct ReportText: Sendable {
  private let report: ComparisonReport

  /// Makes the texts of a report.
  public init(_ report: ComparisonReport) { self.report = report }

  /// Returns the report for a terminal, ending in a newline.
  ///
  /// - Parameters:
  ///   - width: The columns of the terminal; tables that are wider are cut into pieces.
  ///   - usesColor: Whether to emphasise with ANSI sequences.
  ///   - showsLabels: Whether to add tables by label and contrasts in metrics other than the primary
  ///     one.
  public func terminal(
    width: Int = 100, usesColor: Bool = false, showsLabels: Bool = false
  ) -> String {
    let width = max(width, 40)
    var lines: [String] = []
    if report.isLeaky {
      let stamp = TextWidth.wrapped(ReportText.leaky, to: width)
      lines += usesColor ? stamp.map(Paint.alarm) : stamp
      lines.append("")
    }
    for section in sections(isWhole: showsLabels) {
      lines.append(usesColor ? Paint.strong(section.title) : section.title)
      if let table = section.table { lines += table.lines(width: width, usesColor: usesColor) }
      for remark in section.remarks {
        lines += TextWidth.wrapped(TextWidth.visible("- " + remark), to: width, indent: "  ")
      }
      lines.append("")
    }
    lines += TextWidth.wrapped(ReportText.legend, to: width)
    lines += TextWidth.wrapped(TextWidth.visible("Policy: " + report.policy), to: width)
    let verdict = TextWidth.wrapped(TextWidth.visible(verdictLine), to: width)
    lines += usesColor ? verdict.map(Paint.strong) : verdict
    return lines.joined(separator: "\n") + "\n"
  }

  /// Returns the report as a Markdown document, ending in a newline.
  public func markdown(title: String) -> String {
    var parts = ["# \(TextWidth.visible(title))\n"]
    if report.isLeaky { parts.append("**\(ReportText.leaky)**\n") }
    parts.append("**\(TextWidth.visible(verdictLine))**\n")
    for section in sections(isWhole: true) {
      var text = "## \(TextWidth.visible(section.title))\n"
      if let table = section.table { text += "\n" + table.markdown }
      if !section.remarks.isEmpty {
        text += "\n" + section.remarks.map { "- \(TextWidth.visible($0))\n" }.joined()
      }
      parts.append(text)
    }
    parts.append("\(ReportText.legend)\n")
    parts.append("Policy: \(TextWidth.visible(report.policy))\n")
    return parts.joined(separator: "\n")
  }

  /// The whole report as one line of JSON.
  ///
  /// The members are `arms`, `results`, `contrasts`, `nulls`, `facts`, `notes`, `policy`, `leaky`
  /// and `verdict`.
  public var json: String { ReportJSON.report(report) }

  /// The rows of the results as a JSON array on one line.
  ///
  /// Every row is `{"cell", "arm", "label", "metric", "value", "low", "high", "n"}` with `null` for
  /// what does not apply.
  public var resultsJSON: String { ReportJSON.results(report.rows) }

  static let leaky =
    "LEAKY: the spec allows test data to reach what was fitted; these numbers prove nothing."

  static let legend =
    "s gated and s all: realised sparsity over gated and over all tokens. [low, high]: 95 % interval."

  private var verdictLine: String {
    "Verdict: " + (report.verdict ?? "none, as the spec declares no primary endpoint.")
  }

  private func sections(isWhole: Bool) -> [ReportSection] {
    let sections = ReportSections(report)
    return sections.results() + (isWhole ? sections.labels() : [])
      + [sections.contrasts(isWhole: isWhole), sections.nulls(), sections.facts()].compactMap(
        \.self)
  }
}
