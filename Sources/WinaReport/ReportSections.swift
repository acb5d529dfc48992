import WinaPipeline

/// The tables of a report.
struct ReportSections {
  private let report: ComparisonReport
  private let blocks: [CellBlock]

  init(_ report: ComparisonReport) {
    self.report = report
    blocks = CellBlock.blocks(of: report)
  }

  /// Quality metrics in the order of their columns.
  private static let quality: [(metric: String, title: String)] = [
    ("kl", "KL to dense"), ("kl_top64", "KL to dense (top 64)"), ("perplexity", "perplexity"),
    ("acc", "acc"), ("acc_norm", "acc_norm"), ("agreement", "agreement"),
  ]
  private static let work = ["macs_per_token", "macs"]

  private var hasCells: Bool { blocks.contains { !$0.cell.isEmpty } }

  /// The main tables: one a cell, keyed by realised sparsity and MACs.
  func results() -> [ReportSection] {
    blocks.map { block in
      let shown = ReportSections.quality.filter { block.has($0.metric) }
      var table = TextTable(
        [
          .init("arm"), .init("s gated", isNumeric: true), .init("s all", isNumeric: true),
          .init("MACs/token", isNumeric: true), .init("of dense", isNumeric: true),
          .init("n", isNumeric: true),
        ] + shown.map { .init($0.title, isNumeric: true) })
      for arm in block.arms {
        table.append(
          [arm] + cost(block, arm) + [count(block, arm, shown.map(\.metric))]
            + shown.map { measure(block.overall(arm, $0.metric)) })
      }
      let title = CellBlock.title(block.cell)
      return ReportSection(
        title: title.isEmpty ? "Results" : title, table: table, remarks: remarks(block))
    }
  }

  private func cost(_ block: CellBlock, _ arm: String) -> [String] {
    let sparsities = ["sparsity_gated", "sparsity_all"].map { metric in
      guard let row = block.overall(arm, metric) else { return "" }
      return row.value.map(NumberText.percent) ?? NumberText.absent
    }
    guard let row = macs(block, arm) else { return sparsities + ["", ""] }
    guard let value = row.value else { return sparsities + [NumberText.absent, NumberText.absent] }
    let dense = macs(block, "dense")?.value ?? nil
    let share = dense.map { $0 > 0 ? NumberText.percent(value / $0) : NumberText.absent }
    return sparsities + [NumberText.count(value), share ?? ""]
  }

  private func macs(_ block: CellBlock, _ arm: String) -> ResultRow? {
    ReportSections.work.lazy.compactMap { block.overall(arm, $0) }.first
  }

  private func measure(_ row: ResultRow?) -> String {
    guard let row else { return "" }
    guard let value = row.value else { return NumberText.absent }
    return NumberText.interval(value, row.low, row.high)
      + (row.low == nil ? " [\(NumberText.absent)]" : "")
  }

  private func count(_ block: CellBlock, _ arm: String, _ metrics: [String]) -> String {
    let row = metrics.lazy.compactMap { block.overall(arm, $0) }.first ?? macs(block, arm)
    return row.map { String($0.n) } ?? ""
  }

  /// Why numbers are missing, and what to know about those that are there.
  private func remarks(_ block: CellBlock) -> [String] {
    var found: [(arm: String, isAbsent: Bool, note: String, metrics: [String])] = []
    for row in block.rows where row.label == nil || row.label == "macro" {
      guard let note = row.note else { continue }
      let isAbsent = row.value == nil
      let index = found.firstIndex {
        $0.arm == row.arm && $0.note == note && $0.isAbsent == isAbsent
      }
      if let index {
        if !found[index].metrics.contains(row.metric) { found[index].metrics.append(row.metric) }
      } else {
        found.append((row.arm, isAbsent, note, [row.metric]))
      }
    }
    return found.map { entry in
      entry.isAbsent
        ? "\(entry.arm): n/a: \(entry.note)"
        : "\(entry.arm) (\(entry.metrics.joined(separator: ", "))): \(entry.note)"
    }
  }

  /// The quality metrics by label, one table a cell and metric.
  func labels() -> [ReportSection] {
    blocks.flatMap { block in
      ReportSections.quality.compactMap { metric, title in
        var labels: [String] = []
        for row in block.rows where row.metric == metric {
          if let label = row.label, !labels.contains(label) { labels.append(label) }
        }
        labels.sort { ($0 == "macro" ? 1 : 0, $0) < ($1 == "macro" ? 1 : 0, $1) }
        guard !labels.isEmpty else { return nil }
        var table = TextTable(
          [.init("arm")] + labels.map { .init($0, isNumeric: true) })
        for arm in block.arms {
          let cells = labels.map { label in
            guard let row = block.row(arm, metric, label: label) else { return "" }
            return measure(row)
          }
          if cells.contains(where: { !$0.isEmpty }) { table.append([arm] + cells) }
        }
        let cell = CellBlock.title(block.cell)
        return ReportSection(
          title: "\(title) by label" + (cell.isEmpty ? "" : ", \(cell)"), table: table)
      }
    }
  }

  /// The paired differences, of all metrics or of the primary endpoint's.
  func contrasts(isWhole: Bool) -> ReportSection? {
    ContrastSection(report, hasCells: hasCells, isWhole: isWhole).section
  }

  /// The gains of the observed clusters against those of random ones.
  func nulls() -> ReportSection? {
    if report.nulls.isEmpty { return nil }
    let cellColumn: [TextTable.Column] = hasCells ? [.init("cell")] : []
    var table = TextTable(
      cellColumn + [
        .init("gain of"), .init("metric"), .init("observed", isNumeric: true),
        .init("random mean", isNumeric: true), .init("random range", isNumeric: true),
        .init("random", isNumeric: true), .init("p", isNumeric: true),
      ], keyColumns: cellColumn.count + 2)
    for row in report.nulls {
      let places = NumberText.decimals(for: row.null + [row.observed], digits: 3)
      let mean = row.null.isEmpty ? nil : row.null.reduce(0, +) / Double(row.null.count)
      let cell = hasCells ? [CellBlock.title(row.cell, separator: "=")] : []
      table.append(
        cell + [
          "\(row.arm) over \(row.baseline)", row.metric,
          NumberText.signed(row.observed, decimals: places),
          mean.map { NumberText.signed($0, decimals: places) } ?? NumberText.absent,
          NumberText.bounds(row.null.min(), row.null.max(), decimals: places),
          "\(row.null.count) x \(row.controlArm)", NumberText.probability(row.p),
        ])
    }
    return ReportSection(title: "Against random clusters", table: table)
  }

  /// The facts about clusters and routers.
  func facts() -> ReportSection? {
    if report.facts.isEmpty { return nil }
    var table = TextTable([.init("fact"), .init("value")])
    for fact in report.facts { table.append([fact.name, fact.text]) }
    return ReportSection(title: "Clusters and routers", table: table)
  }
}
