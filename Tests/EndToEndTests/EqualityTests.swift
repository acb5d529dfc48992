import Foundation
import Testing

/// What must not change a single bit of the results.
struct EqualityTests {
  @Test func theNumberOfThreadsChangesNothing() throws {
    let warm = try ToyWorkspace.warm()
    let report = try warm.workspace.copy(withCache: false).run("--jobs", "1")
    #expect(report.ran.count == report.tasks.count)
    #expect(report.results == warm.report.results)
  }

  /// Stages that name their tokens are not touched by other tokens in the same spec.
  @Test func aSecondTokenizationLeavesTheFirstAsItIs() throws {
    let warm = try ToyWorkspace.warmSmall()
    let workspace = try warm.workspace.copy()
    let spec = ToySpec.small
      .replacing("capture: {", with: "capture: {tokens: tokenize, ")
      .replacing("{kind: cluster, ", with: "{kind: cluster, tokens: tokenize, capture: capture, ")
      .replacing("{kind: histogram", with: "{kind: histogram, capture: capture")
      .replacing(
        "{kind: classifier, ", with: "{kind: classifier, tokens: tokenize, capture: capture, "
      )
      .replacing("  evaluate:\n", with: "  evaluate:\n    tokens: tokenize\n")
      .replacing(
        "  uniform: {kind",
        with: """
            shorter: {kind: tokenize, max_tokens: 32}
            short: {kind: capture, tokens: shorter, scores: [wina]}
            short_pooled: {kind: histogram, capture: short}
            short_groups: {kind: cluster, tokens: shorter, capture: short, features: bag_of_tokens, k: 2}
            short_grouped: {kind: histogram, capture: short, groups: short_groups}
            short_uniform: {kind: profile, histogram: short_pooled, score: wina, sparsity: 0.5}
            short_specific: {kind: profile, histogram: short_grouped, score: wina, sparsity: 0.5}
            uniform: {kind
          """
      ).replacing(
        "      uniform: {profile: uniform}\n",
        with: "      uniform: {profile: uniform}\n      short: {profile: short_uniform}\n")
    try workspace.write(spec, to: "two.yaml")
    let report = try workspace.run("--only", "evaluate,short_specific", spec: "two.yaml")
    #expect(report.tasks.contains { $0.name == "short_specific" })
    let known = Set(warm.report.tasks.map(\.planKey))
    let first = report.tasks.filter { known.contains($0.planKey) }
    #expect(first.count == known.count - 1, "all but the comparison")
    #expect(first.allSatisfy { !report.ran.contains($0.name) })
  }

  @Test func otherShardsGiveEveryLabelTheSameNumbers() throws {
    let arms = "evaluate: {arms: {dense: {}, uniform: {profile: uniform}}}"
    let start = try #require(ToySpec.small.range(of: "  evaluate:\n"))
    let spec =
      ToySpec.small[..<start.lowerBound] + "  " + arms
      + "\n  compare: {bootstrap: 200, permutations: 500}\n"
    let workspace = try ToyWorkspace.warm().workspace.copy(withCache: false)
    try workspace.write(String(spec))
    let first = try workspace.run()
    // Other labels put the sets in another order, so that other samples share a shard.
    let names = ["abc": "z", "cap": "y", "mix": "x", "num": "w"]
    try workspace.write(
      spec.replacing(
        "{abc: abc.jsonl, cap: cap.jsonl, mix: mix.jsonl, num: num.jsonl}",
        with: "{w: num.jsonl, x: mix.jsonl, y: cap.jsonl, z: abc.jsonl}"))
    let second = try workspace.run()
    let keys = { (report: RunReport) in
      Set(report.tasks.filter { $0.kind == "tokenize" }.map(\.planKey))
    }
    #expect(keys(first).isDisjoint(with: keys(second)))
    let numbers = { (report: RunReport, label: String) in
      report.results.filter { $0.label == label }.map { [$0.arm, $0.metric, "\($0.value ?? -1)"] }
    }
    for (old, new) in names {
      #expect(numbers(first, old).count > 10)
      #expect(numbers(first, old) == numbers(second, new))
    }
  }
}
