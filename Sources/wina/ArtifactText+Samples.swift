import WinaEvaluation
import WinaReport
import WinaStages

extension ArtifactText {
  mutating func describe(_ shard: TokenizedShard) {
    let counts = shard.samples.map { $0.goldSequence.tokens.count }
    lines.append(
      "\(shard.samples.count) samples of \(counts.reduce(0, +)) tokens with their right answers")
    count(shard.samples.map(\.label).sorted(), of: "label")
  }

  mutating func describe(_ shard: EvaluationShard) {
    if let reason = shard.notApplicable {
      lines.append("n/a: \(reason)")
      return
    }
    let skipped = shard.scores.count(where: \.isSkipped)
    lines.append(
      "Scores of \(shard.scores.count) samples, \(skipped) without scored tokens; `wina show` has what all "
        + "shards of an arm make")
    count(shard.scores.map(\.label).sorted(), of: "label")
    guard !shard.groups.isEmpty else { return }
    let names = shard.groups.sorted().map { $0 < 0 ? "fallback" : "\($0)" }
    count(names, of: "group")
  }

  /// Adds a table of how often each name occurs, in the order of the names.
  private mutating func count(_ names: [String], of kind: String) {
    var counts: [String: Int] = [:]
    for name in names { counts[name, default: 0] += 1 }
    var table = TextTable([.init(kind), .init("samples", isNumeric: true)])
    var seen: Set<String> = []
    for name in names where seen.insert(name).inserted {
      table.append([name, "\(counts[name] ?? 0)"])
    }
    add(table)
  }
}
