import WinaEvaluation
import WinaPipeline
import WinaStatistics

/// Where the dense model answers no better than by guessing, so that accuracy cannot tell arms apart.
struct GuessingFacts {
  let comparison: Comparison

  /// A fact about the labels of multiple-choice samples for every way in which they were scored; none for
  /// other data.
  func facts() throws -> [ComparisonReport.Fact] {
    guard let dense = comparison.arms.first(where: \.isDense) else { return [] }
    let scores = comparison.cells.indices.map { comparison.scored(dense.name, cell: $0)?.scores }
    return try CellVariant.equal(scores).flatMap { same in
      try facts(dense.name, of: same.cells)
    }
  }

  private func facts(_ dense: String, of cells: [Int]) throws -> [ComparisonReport.Fact] {
    guard let arm = comparison.scored(dense, cell: cells[0]) else { return [] }
    let asked = arm.scored.filter { arm.scores[$0].logLikelihoods.count > 1 }
    guard !asked.isEmpty else { return [] }
    let byLabel = Dictionary(grouping: asked) { arm.scores[$0].label }
    let atFloor = try byLabel.sorted { $0.key < $1.key }.compactMap { label, members in
      try floor(
        label, members.map { arm.scores[$0] }.map { ($0.accuracy, $0.logLikelihoods.count) })
    }
    return [
      ComparisonReport.Fact(
        name: "labels at which \(dense)\(comparison.mark(cells)) cannot be told from guessing",
        value: Double(atFloor.count),
        text: "\(atFloor.count) of \(byLabel.count)"
          + (atFloor.isEmpty
            ? "" : ": \(atFloor.joined(separator: ", ")); compare likelihoods there"))
    ]
  }

  /// Says that the interval of a label's accuracy reaches down to that of guessing, if it does.
  private func floor(_ label: String, _ answers: [(right: Int, choices: Int)]) throws -> String? {
    let right = answers.reduce(0) { $0 + $1.right }
    let chance = answers.reduce(0) { $0 + 1 / Double($1.choices) } / Double(answers.count)
    let interval = try Proportion.wilson(successes: right, total: answers.count)
    guard interval.low <= chance else { return nil }
    return
      "\(label) (\(FactText.share(interval)) of \(answers.count), guessing \(FactText.percent(chance)))"
  }
}
