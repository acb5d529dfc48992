import Testing
import WinaTestSupport

/// What a change makes rerun, by name.
struct IncrementalTests {
  private func edited(
    _ changes: [(String, String)], _ sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> RunReport {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    var spec = ToySpec.full
    for (old, new) in changes {
      #expect(spec.contains(old), "the spec has no '\(old)'", sourceLocation: sourceLocation)
      spec = spec.replacing(old, with: new)
    }
    try workspace.write(spec)
    return try workspace.run(sourceLocation: sourceLocation)
  }

  @Test func aFirstRunExecutesEveryTask() throws {
    let report = try ToyWorkspace.warm().report
    #expect(report.ran.count == report.tasks.count)
    #expect(report.tasks.allSatisfy { $0.actionKey != nil })
    #expect(!report.results.isEmpty)
    #expect(Set(report.results.map(\.arm)) == ["dense", "uniform", "routed", "random"])
  }

  @Test func aSecondRunExecutesNothingAndIsQuick() throws {
    let warm = try ToyWorkspace.warm()
    let workspace = try warm.workspace.copy()
    var seconds: [Double] = []
    for _ in 0..<3 {
      let outcome = try workspace.wina("run", "toy.yaml", "--json")
      let report = try RunReport(outcome)
      #expect(outcome.status == 0)
      #expect(report.statuses == ["hit"])
      #expect(report.results == warm.report.results)
      seconds.append(outcome.seconds)
    }
    #expect(seconds.min() ?? 9 < 2)
  }

  @Test func aParameterOfCompareRerunsCompareOnly() throws {
    let report = try edited([("bootstrap: 200", "bootstrap: 300")])
    #expect(report.ran == ["compare"])
    #expect(report.statuses == ["hit", "ran"])
  }

  @Test func aRouteOfAnArmRerunsThatArmAndCompare() throws {
    let report = try edited([("route: router", "route: best")])
    let evaluated = report.ran.subtracting(["compare"])
    #expect(report.ran.contains("compare"))
    #expect(evaluated == report.names(ofArm: "routed"))
    #expect(report.statuses == ["hit", "ran"])
  }

  @Test func aNewArmRerunsOnlyItself() throws {
    let report = try edited([
      ("      dense: {}", "      dense: {}\n      other: {profile: specific, route: best}")
    ])
    #expect(report.ran == report.names(ofArm: "other").union(["compare"]))
    #expect(!report.names(ofArm: "other").isEmpty)
  }

  @Test func aParameterOfAProfileRerunsItAndWhatIsBelow() throws {
    let report = try edited([
      (
        "uniform: {kind: profile, histogram: pooled, score: wina",
        "uniform: {kind: profile, histogram: pooled, score: teal"
      )
    ])
    let expected = report.names(ofArm: "uniform").union([
      "uniform[s=0.25]", "uniform[s=0.5]", "compare",
    ])
    #expect(report.ran == expected)
    #expect(report.statuses == ["hit", "ran"])
  }

  @Test func aSweptValueRerunsItsProfilesAndBelow() throws {
    let report = try edited([("[0.25, 0.5]", "[0.3, 0.5]")])
    let stages = Set(report.tasks.filter { report.ran.contains($0.name) }.map(\.kind))
    #expect(stages == ["profile", "evaluate", "compare"])
    #expect(report.ran.subtracting(["compare"]).allSatisfy { $0.contains("s=0.3]") })
  }

  @Test func whatChangesNoMeaningRerunsNothing() throws {
    let reordered = [
      (
        "uniform: {kind: profile, histogram: pooled, score: wina, sparsity: \"${s}\"}",
        "uniform: {sparsity: \"${s}\", score: wina, kind: profile, histogram: pooled}"
      ),
      (
        "{calibration: 0.4, routing: 0.2, validation: 0.1, test: 0.3}",
        "{test: 0.3, routing: 0.2, calibration: 0.4, validation: 0.1}"
      ),
      ("{s: 0.5, k: 4}", "{k: 4, s: 0.5}"),
    ]
    let comment = [("stages:\n", "# a comment\nstages:  # and another\n\n")]
    let renamed = [("profile: uniform", "profile: plain"), ("  uniform: {kind", "  plain: {kind")]
    let moved = [
      ("  pooled: {kind: histogram}\n", ""),
      ("stages:\n", "stages:\n  pooled: {kind: histogram}\n"),
    ]
    for changes in [reordered, comment, renamed, moved, reordered + comment, comment + renamed] {
      let report = try edited(changes)
      #expect(report.statuses == ["hit"])
      #expect(report.results == (try ToyWorkspace.warm().report.results))
    }
  }

  @Test func theOrderOfDocumentSetsRerunsNothing() throws {
    let report = try edited([
      (
        "{abc: abc.jsonl, cap: cap.jsonl, mix: mix.jsonl, num: num.jsonl}",
        "{num: num.jsonl, cap: cap.jsonl, abc: abc.jsonl, mix: mix.jsonl}"
      )
    ])
    #expect(report.statuses == ["hit"])
  }

  @Test func theOrderOfArmsRerunsAtMostCompare() throws {
    let arm = "      uniform: {profile: uniform}\n"
    let report = try edited([(arm, ""), ("      dense: {}\n", arm + "      dense: {}\n")])
    #expect(report.ran.isSubset(of: ["compare"]))
    #expect(report.statuses.isSubset(of: ["hit", "ran"]))
  }

  @Test func aSettingRerunsWhatDependsOnItAndIsRemembered() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    let changed = try workspace.run("--set", "k=3")
    let kinds = Set(changed.tasks.filter { $0.status == "ran" }.map(\.kind))
    #expect(kinds == ["cluster", "histogram", "profile", "classifier", "evaluate", "compare"])
    #expect(!changed.ran.contains { $0.hasPrefix("pooled") || $0.hasPrefix("uniform") })
    #expect(changed.names(ofArm: "uniform").isDisjoint(with: changed.ran))
    #expect(changed.names(ofArm: "dense").isDisjoint(with: changed.ran))
    #expect(try workspace.run("--set", "k=3").statuses == ["hit"])
    #expect(try workspace.run().statuses == ["hit"])
  }

  @Test func onlyWhatIsAskedForIsPlanned() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy(withCache: false)
    let report = try workspace.run("--only", "pooled")
    let kinds = Set(report.tasks.map(\.kind))
    #expect(kinds == ["tokenize", "capture", "histogram"])
    #expect(report.tasks.allSatisfy { !$0.name.contains("#test/") })
    #expect(report.ran.count == report.tasks.count)
  }

  @Test func onlyEvaluateGivesTheNumbersOfTheArms() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    let report = try workspace.run("--only", "evaluate")
    #expect(report.statuses == ["hit"])
    #expect(!report.tasks.contains { $0.name == "compare" })
    let full = try ToyWorkspace.warm().report
    let value = { (report: RunReport) in
      report.results.first { $0.arm == "uniform" && $0.label == nil && $0.metric == "kl" }?.value
    }
    #expect(value(report) != nil)
    #expect(value(report) == value(full))
  }

  @Test func appendedDocumentsRerunOnlyTheirShards() throws {
    let warm = try ToyWorkspace.warm()
    let workspace = try warm.workspace.copy()
    let kind = try #require(ToyData.kinds.last)
    try workspace.write(kind, count: 170)
    let report = try workspace.run()
    // The set is the last one, so the ten documents fall in the last shard of each split.
    for split in ["calibration", "routing", "test"] {
      let before = warm.report.shards("tokenize", split).count
      for (name, status) in report.shards("tokenize", split) {
        let number = try #require(Int(name.split(separator: "/")[1]))
        if number < before - 1 { #expect(status == "hit", "\(name)") }
      }
    }
    #expect(report.shards("tokenize", "calibration").count > 1)
    #expect(report.shards("evaluate.dense", "test").count > 1)
    #expect(report.shards("evaluate.dense", "test")["evaluate.dense#test/0"] == "hit")
    #expect(report.shards("capture", "calibration")["capture#calibration/0"] == "hit")
    #expect(report.ran.contains { $0.hasPrefix("tokenize#test/") })
    #expect(report.ran.isSuperset(of: ["clusters", "pooled", "compare"]))
    #expect(report.ran.contains("evaluate.uniform[s=0.5]#test/0"))
  }

  @Test func documentsInTheMiddleOfManyShardsMoveFewBorders() throws {
    let workspace = try ToyWorkspace(documents: 900)
    let first = try workspace.run("--only", "tokenize")
    #expect(first.tasks.count >= 6)
    try workspace.write(ToyData.kinds[0], count: 910)
    let second = try workspace.run("--only", "tokenize")
    #expect(!second.ran.isEmpty)
    // Ten documents lie together: at most the shard they fall in and two until borders meet again.
    for split in ["calibration", "routing", "validation", "test"] {
      let ran = second.shards("tokenize", split).values.filter { $0 == "ran" }
      #expect(ran.count <= 3)
    }
    #expect(second.hits.count > second.ran.count)
  }
}

extension RunReport {
  /// The names of an arm's tasks.
  func names(ofArm arm: String) -> Set<String> {
    Set(
      tasks.map(\.name).filter {
        $0.hasPrefix("evaluate.\(arm)[") || $0.hasPrefix("evaluate.\(arm)#")
      })
  }
}
