import WinaPipeline

/// The results of one cell of the sweep.
///
/// Results of a cell that names fewer axes, such as the dense arm's, belong to every block that
/// agrees with it.
struct CellBlock {
  let cell: [String: JSONValue]
  let rows: [ResultRow]

  /// The arms that have a result here, in the order of the spec.
  let arms: [String]

  /// Returns the blocks in the order in which their cells appear.
  static func blocks(of report: ComparisonReport) -> [CellBlock] {
    var cells: [[String: JSONValue]] = []
    for row in report.rows where !cells.contains(row.cell) { cells.append(row.cell) }
    let specific = cells.filter { cell in
      !cells.contains { $0.count > cell.count && agrees(cell, with: $0) }
    }
    return specific.map { cell in
      let rows = report.rows.filter { agrees($0.cell, with: cell) }
      var arms = report.arms.filter { arm in rows.contains { $0.arm == arm } }
      for row in rows where !arms.contains(row.arm) { arms.append(row.arm) }
      return CellBlock(cell: cell, rows: rows, arms: arms)
    }
  }

  /// Whether every axis of one cell has the same value in the other.
  private static func agrees(
    _ general: [String: JSONValue], with specific: [String: JSONValue]
  ) -> Bool {
    general.allSatisfy { specific[$0.key] == $0.value }
  }

  /// Returns the result of an arm, preferring the most specific cell.
  func row(_ arm: String, _ metric: String, label: String? = nil) -> ResultRow? {
    rows.filter { $0.arm == arm && $0.metric == metric && $0.label == label }
      .max { $0.cell.count < $1.cell.count }
  }

  /// Returns the result of an arm over all samples, or the mean over labels where only that exists.
  func overall(_ arm: String, _ metric: String) -> ResultRow? {
    row(arm, metric) ?? row(arm, metric, label: "macro")
  }

  /// Whether any arm has a result over all samples.
  func has(_ metric: String) -> Bool {
    arms.contains { overall($0, metric) != nil }
  }

  /// Returns a cell in words, such as `k = 8, s = 0.5`, or an empty text without axes.
  static func title(_ cell: [String: JSONValue], separator: String = " = ") -> String {
    cell.sorted { $0.key < $1.key }.map { name, value in
      if case .string(let text) = value { return name + separator + text }
      return name + separator + value.canonicalText
    }.joined(separator: ", ")
  }
}
