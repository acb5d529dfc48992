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
