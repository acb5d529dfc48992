import WinaEvaluation
import WinaPipeline
import WinaStatistics

/// Which scored samples share long runs of tokens with samples that something was fitted to.
struct OverlapAudit {
  /// The samples that are scored.
  let scored: [TokenizedShard]
  /// All samples of other splits.
  let others: [TokenizedShard]

  /// The tokens of a run that counts.
  private static let length = 13

  /// What is shared, or that there is nothing to share with.
  func facts() -> [ComparisonReport.Fact] {
    guard !scored.isEmpty else { return [] }
    let name = "scored samples with a run of \(OverlapAudit.length) tokens in other splits"
    guard others.contains(where: { !$0.samples.isEmpty }) else {
      return [ComparisonReport.Fact(name: name, value: 0, text: "n/a: there are no other samples")]
    }
    var overlap = NGramOverlap(length: OverlapAudit.length)
    for shard in others {
      for sample in shard.samples { overlap.insert(sample.goldSequence.tokens) }
    }
    let count = overlap.count(scored.flatMap { $0.samples.map(\.goldSequence.tokens) })
    let share = Double(count.overlapping) / Double(max(count.total, 1))
    return [
      ComparisonReport.Fact(
        name: name, value: share,
        text: "\(count.overlapping) of \(count.total) (\(FactText.percent(share))), "
          + "\(count.duplicates) of them equal to another; \(count.short) are shorter than that")
    ]
  }
}
