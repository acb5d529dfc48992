import WinaPipeline

/// The JSON forms of a report, with members in a fixed order and explicit nulls.
enum ReportJSON {
  static func results(_ rows: [ResultRow]) -> String {
    array(
      rows.map { row in
        object([
          ("cell", cell(row.cell)), ("arm", string(row.arm)), ("label", string(row.label)),
          ("metric", string(row.metric)), ("value", number(row.value)), ("low", number(row.low)),
          ("high", number(row.high)), ("n", String(row.n)),
        ])
      })
  }

  static func report(_ report: ComparisonReport) -> String {
    object([
      ("arms", array(report.arms.map(string))), ("results", results(report.rows)),
      ("contrasts", array(report.contrasts.map(contrast))),
      ("nulls", array(report.nulls.map(null))),
      (
        "facts",
        array(
          report.facts.map { fact in
            object([
              ("name", string(fact.name)), ("value", number(fact.value)),
              ("text", string(fact.text)),
            ])
          })
      ),
      ("notes", array(report.rows.compactMap(note))), ("policy", string(report.policy)),
      ("leaky", report.isLeaky ? "true" : "false"), ("verdict", string(report.verdict)),
    ])
  }

  private static func contrast(_ row: ContrastRow) -> String {
    object([
      ("cell", cell(row.cell)), ("contrast", string(row.contrast)), ("metric", string(row.metric)),
      ("difference", number(row.difference)), ("low", number(row.low)), ("high", number(row.high)),
      ("p", number(row.p)), ("p_holm", number(row.pHolm)), ("q", number(row.q)),
      ("test", string(row.test)),
      ("n", String(row.n)), ("minimum_detectable", number(row.minimumDetectable)),
      ("primary", row.isPrimary ? "true" : "false"), ("sparsity_gap", number(row.sparsityGap)),
      ("note", string(row.note)),
    ])
  }

  private static func null(_ row: NullRow) -> String {
    object([
      ("cell", cell(row.cell)), ("arm", string(row.arm)), ("control", string(row.controlArm)),
      ("baseline", string(row.baseline)), ("metric", string(row.metric)),
      ("observed", number(row.observed)), ("null", array(row.null.map(number))),
      ("p", number(row.p)),
    ])
  }

  private static func note(_ row: ResultRow) -> String? {
    guard let note = row.note else { return nil }
    return object([
      ("cell", cell(row.cell)), ("arm", string(row.arm)), ("label", string(row.label)),
      ("metric", string(row.metric)), ("note", string(note)),
    ])
  }

  private static func object(_ members: [(String, String)]) -> String {
    "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
  }

  private static func array(_ elements: [String]) -> String {
    "[" + elements.joined(separator: ",") + "]"
  }

  private static func cell(_ cell: [String: JSONValue]) -> String {
    JSONValue.object(cell).canonicalText
  }

  private static func string(_ text: String?) -> String {
    text.map { JSONValue.string($0).canonicalText } ?? "null"
  }

  /// Returns a number; JSON has none for what is not finite.
  private static func number(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "null" }
    return JSONValue.double(value).canonicalText
  }
}
