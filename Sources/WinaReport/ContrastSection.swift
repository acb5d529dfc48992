import WinaPipeline

/// The table of the paired differences, the primary endpoint and its cell first.
struct ContrastSection {
  private let rows: [ContrastRow]
  private let hidden: [String]
  private let hasCells: Bool
  /// Whether the false discovery rate is what was corrected.
  private var isDiscovery: Bool { rows.contains { $0.q != nil } }

  /// Chooses what is shown.
  ///
  /// - Parameters:
  ///   - report: The report.
  ///   - hasCells: Whether rows say their cell.
  ///   - isWhole: Whether to show all metrics rather than that of the primary endpoint.
  init(_ report: ComparisonReport, hasCells: Bool, isWhole: Bool) {
    let primary = report.contrasts.first { $0.isPrimary }
    let leading = (primary ?? report.contrasts.first)?.metric
    func rank(_ row: ContrastRow) -> Int {
      row.isPrimary ? 0 : primary.map { $0.cell == row.cell } ?? false ? 1 : 2
    }
    let ordered = report.contrasts.enumerated()
      .sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
      .map(\.element)
    rows = ordered.filter { isWhole || $0.metric == leading }
    var hidden: [String] = []
    for row in ordered where !isWhole && row.metric != leading && !hidden.contains(row.metric) {
      hidden.append(row.metric)
    }
    self.hidden = hidden
    self.hasCells = hasCells
  }

  /// The section, or `nil` where nothing is compared.
  var section: ReportSection? {
    if rows.isEmpty { return nil }
    let cellColumn: [TextTable.Column] = hasCells ? [.init("cell")] : []
    var table = TextTable(
      cellColumn + [
        .init("contrast"), .init("metric"), .init("difference", isNumeric: true),
        .init("95 % interval", isNumeric: true), .init("p", isNumeric: true),
        .init(isDiscovery ? "q (BH)" : "p (Holm)", isNumeric: true),
        .init("sparsity gap", isNumeric: true),
        .init("detectable", isNumeric: true), .init("n", isNumeric: true), .init("test"),
      ], keyColumns: cellColumn.count + 2)
    for row in rows { table.append(cells(row)) }
    var remarks = ["below zero is better for kl, nll and perplexity; * is the primary endpoint"]
    if !hidden.isEmpty {
      remarks.append("contrasts in \(hidden.joined(separator: ", ")) are in the whole report")
    }
    return ReportSection(title: "Contrasts", table: table, remarks: remarks + notes())
  }

  private func cells(_ row: ContrastRow) -> [String] {
    let places = NumberText.decimals(
      for: [row.difference, row.low, row.high].compactMap(\.self), digits: 3)
    let cell = hasCells ? [CellBlock.title(row.cell, separator: "=")] : []
    return cell + [
      (row.isPrimary ? "* " : "  ") + row.contrast, row.metric,
      row.difference.map { NumberText.signed($0, decimals: places) } ?? NumberText.absent,
      NumberText.bounds(row.low, row.high, decimals: places),
      row.p.map(NumberText.probability) ?? NumberText.absent,
      row.isPrimary
        ? "primary" : (row.pHolm ?? row.q).map(NumberText.probability) ?? NumberText.absent,
      row.sparsityGap.map { NumberText.signed($0, decimals: 2) + " pt" } ?? "",
      row.minimumDetectable.map { NumberText.plain($0, decimals: places) } ?? "", String(row.n),
      row.test,
    ]
  }

  /// The note of most rows that have a difference once, and the others with where they apply.
  private func notes() -> [String] {
    var counts: [String: Int] = [:]
    for case let (note?, true) in rows.map({ ($0.note, $0.difference != nil) }) {
      counts[note, default: 0] += 1
    }
    let common = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
    var remarks: [String] = []
    var usual: String?
    if let common, common.value > 1 {
      usual = common.key
      remarks.append("matched unless said otherwise: \(common.key)")
    }
    var others: [String] = []
    for row in rows {
      if let note = row.note, note != usual, !others.contains(note) { others.append(note) }
    }
    return remarks + others.map { "\($0): \(places(of: $0))" }
  }

  /// The contrasts that a note applies to, each once with its cells.
  private func places(of note: String) -> String {
    var cells: [(name: String, cells: [String])] = []
    let metrics = Set(rows.map(\.metric))
    for row in rows where row.note == note {
      let same = rows.filter { $0.contrast == row.contrast && $0.cell == row.cell }
      let isForAll = metrics.count == 1 || same.allSatisfy { $0.note == note }
      let name = row.contrast + (isForAll ? "" : " (\(row.metric))")
      let cell = CellBlock.title(row.cell, separator: "=")
      if let index = cells.firstIndex(where: { $0.name == name }) {
        if !cells[index].cells.contains(cell) { cells[index].cells.append(cell) }
      } else {
        cells.append((name, [cell]))
      }
    }
    return cells.map { entry in
      let named = entry.cells.filter { !$0.isEmpty }
      return entry.name + (named.isEmpty ? "" : " [\(named.joined(separator: "; "))]")
    }.joined(separator: ", ")
  }
}
