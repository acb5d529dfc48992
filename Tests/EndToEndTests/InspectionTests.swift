import Foundation
import Testing
import WinaTestSupport

/// The commands that show and explain.
struct InspectionTests {
  private struct PlannedLine: Decodable {
    var name: String
    var kind: String
    var status: String
    var reason: String
  }

  private func lines(_ outcome: WinaProcess.Outcome) throws -> [PlannedLine] {
    try outcome.output.split(separator: "\n").map {
      try JSONDecoder().decode(PlannedLine.self, from: Data($0.utf8))
    }
  }

  private func json(_ text: some StringProtocol) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require(value as? [String: Any])
  }

  @Test func aPlanOfAnEmptyCacheRunsEverythingAndWritesNothing() throws {
    let warm = try ToyWorkspace.warm()
    let workspace = try warm.workspace.copy(withCache: false)
    let tasks = try lines(workspace.wina("plan", "toy.yaml", "--json"))
    #expect(Set(tasks.map(\.status)) == ["run", "may-be-cut-off"])
    #expect(tasks.allSatisfy { ($0.status == "run") == $0.name.hasPrefix("tokenize#") })
    #expect(tasks.map(\.name) == warm.report.tasks.map(\.name))
    let text = try workspace.wina("plan", "toy.yaml")
    #expect(text.status == 0)
    #expect(text.output.contains("\(tasks.count) tasks: "))
    #expect(!text.output.contains("hit"))
    #expect(files(below: workspace.file("cache/objects")).isEmpty)
  }

  @Test func aPlanOfAFullCacheRunsNothing() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    let tasks = try lines(workspace.wina("plan", "toy.yaml", "--json"))
    #expect(Set(tasks.map(\.status)) == ["hit", "not-needed"])
    #expect(tasks.contains { $0.name == "compare" && $0.status == "hit" })
  }

  @Test func aPlanAgreesWithTheRunThatFollows() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    let planned = try lines(workspace.wina("plan", "toy.yaml", "--json", "--set", "k=3"))
    let report = try workspace.run("--set", "k=3")
    let mayRun = Set(
      planned.filter { ["run", "may-be-cut-off"].contains($0.status) }.map(\.name))
    #expect(report.ran.isSubset(of: mayRun))
    #expect(Set(planned.filter { $0.status == "run" }.map(\.name)).isSubset(of: report.ran))
    #expect(planned.first { $0.name == "clusters" }?.reason.contains("k 4 → 3") == true)
  }

  @Test func anExplanationNamesTheParameterAndItsPlace() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    try workspace.write(ToySpec.full.replacing("max_tokens: 48", with: "max_tokens: 40"))
    let tokenized = try workspace.wina("explain", "toy.yaml", "tokenize#test/0")
    #expect(tokenized.status == 0)
    #expect(tokenized.output.contains("max_tokens: 48 → 40 (toy.yaml:11:26)"))
    let compared = try workspace.wina("explain", "toy.yaml", "compare").output
    #expect(compared.contains("root cause: tokenize#"))
    try workspace.write(ToySpec.full.replacing("bootstrap: 200", with: "bootstrap: 300"))
    let text = try workspace.wina("explain", "toy.yaml", "compare").output
    #expect(text.contains("bootstrap: 200 → 300 (toy.yaml:31:16)"))
    let set = try workspace.wina("explain", "toy.yaml", "grouped", "--set", "k=5").output
    #expect(set.contains("root cause: clusters"))
    #expect(set.contains("k: 4 → 5 (--set"))
  }

  @Test func anUnknownTaskIsSuggestedANearOne() throws {
    let outcome = try ToyWorkspace.warm().workspace.wina("explain", "toy.yaml", "clustres")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("did you mean 'clusters'?"))
  }

  @Test func graphsNameEveryTaskAndEdge() throws {
    let warm = try ToyWorkspace.warm()
    let names = Set(warm.report.tasks.map(\.name))
    let dot = try warm.workspace.wina("graph", "toy.yaml").output
    #expect(dot.hasPrefix("digraph"))
    let mermaid = try warm.workspace.wina("graph", "toy.yaml", "--format", "mermaid").output
    #expect(mermaid.hasPrefix("flowchart"))
    for name in names { #expect(dot.contains(name) && mermaid.contains(name)) }
    let lines = try warm.workspace.wina("graph", "toy.yaml", "--format", "json").output
      .split(separator: "\n").map(json)
    #expect(Set(lines.compactMap { $0["name"] as? String }) == names)
    let edges = lines.flatMap { $0["depends_on"] as? [String] ?? [] }
    #expect(Set(edges).isSubset(of: names))
    #expect(dot.components(separatedBy: " -> ").count - 1 == edges.count)
  }

  @Test func theSchemaIsJSONAndKnowsEveryKind() throws {
    let workspace = try ToyWorkspace.warm().workspace
    let schema = try workspace.wina("schema")
    #expect(schema.status == 0)
    #expect(try json(schema.output)["$schema"] != nil)
    let stages = try workspace.wina("stages").output
    for kind in [
      "tokenize", "capture", "histogram", "cluster", "profile", "classifier", "evaluate",
      "allocate", "latency", "compare", "command", "transform",
    ] {
      #expect(schema.output.contains("\"\(kind)\""))
      #expect(stages.contains(kind))
      #expect(try workspace.wina("stages", kind).output.hasPrefix(kind))
    }
    #expect(try workspace.wina("stages", "capture").output.contains("scores"))
    let wrong = try workspace.wina("stages", "captur")
    #expect(wrong.status == 2)
    #expect(wrong.errors.contains("did you mean 'capture'?"))
  }

  @Test(arguments: ["documents", "choices", "octet"])
  func aStarterSpecIsValid(template: String) throws {
    let workspace = try ToyWorkspace.warm().workspace.copy(withCache: false)
    let outcome = try workspace.wina("init", template, "--output", "new.yaml")
    #expect(outcome.status == 0)
    for (file, kind) in [("prose", 0), ("code", 1)] {
      try workspace.write(
        ToyData.lines(ToyData.kinds[kind], count: 60).joined(), to: file + ".jsonl")
    }
    let text = try String(contentsOfFile: workspace.file("new.yaml"), encoding: .utf8)
    try workspace.write(
      text.replacing("path: benchmarks", with: "path: bench").replacing(", piqa", with: ""),
      to: "new.yaml")
    let validated = try workspace.wina("validate", "new.yaml")
    #expect(validated.status == 0, "\(validated.errors)")
    #expect(validated.output.contains("no errors"))
    #expect(!validated.errors.contains("warning"))
    #expect(try workspace.wina("init", template, "--output", "new.yaml").status != 0)
  }

  @Test func runsAreListedAndShown() throws {
    let warm = try ToyWorkspace.warm()
    let workspace = try warm.workspace.copy()
    let report = try workspace.run()
    let runs = try workspace.wina("runs").output
    #expect(runs.contains(report.run) && runs.contains(warm.report.run))
    let shown = try workspace.wina("show", "last")
    #expect(shown.status == 0)
    #expect(shown.output.contains("s = 0.25"))
    #expect(shown.output.contains("Verdict: "))
    let again = try RunReport(workspace.wina("show", warm.report.run, "--json"))
    #expect(again.results == warm.report.results)
    #expect(try workspace.wina("show", "nothing").status != 0)
  }

  @Test(arguments: [
    ("tokenize#test/0", " samples of "), ("capture#calibration/0", "Statistics of "),
    ("clusters", "4 groups of "), ("grouped", "histogram/v"), ("specific[s=0.5]", "profile/v"),
    ("router", "router/v"), ("evaluate.routed[s=0.5]#test/0", "Scores of "),
    ("compare", "Verdict: "),
  ])
  func everyTaskIsDescribed(task: String, text: String) throws {
    let shown = try ToyWorkspace.warm().workspace.wina("show", task)
    #expect(shown.status == 0, "\(shown.errors)")
    #expect(shown.output.contains(text), "\(shown.output)")
    #expect(!shown.output.contains("nan"))
  }

  @Test func aStageOfManyTasksIsNotMistakenForARun() throws {
    let shown = try ToyWorkspace.warm().workspace.wina("show", "capture")
    #expect(shown.status != 0)
    #expect(shown.errors.contains("'capture' is ") && shown.errors.contains("'capture#"))
  }

  @Test func aChosenNumberOfClustersIsShownBesideTheOthers() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    try workspace.write(
      ToySpec.small.replacing(#"k: "${k}""#, with: "k_among: [2, 3], k_by: gap_permuted"),
      to: "chosen.yaml")
    _ = try workspace.run("--only", "clusters", spec: "chosen.yaml")
    let shown = try workspace.wina("show", "clusters").output
    let number = #/-?[0-9.]+ ± [0-9.]+( \(chosen\))?/#
    #expect(shown.contains(#/k by gap_permuted on [0-9]+ samples: 2 /#))
    let line = try #require(shown.split(separator: "\n").first { $0.hasPrefix("k by ") })
    #expect(line.matches(of: number).count == 2 && line.contains("(chosen)"), "\(line)")
  }

  /// Groups without thresholds of their own make a profile the pooled one, which is not "no difference".
  @Test func groupsThatUseThePooledThresholdsAreNamed() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    try workspace.write(ToySpec.small, to: "small.yaml")
    _ = try workspace.run("--set", "specific.min_tokens=1000000", spec: "small.yaml")
    let shown = try workspace.wina("show", "last").output
    #expect(
      shown.contains(#/profile of routed: groups that use the pooled one +4 of 4/#), "\(shown)")
    // The sentence is wrapped.
    let words = shown.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("both gave the same results on every sample"), "\(words)")
    _ = try workspace.run("--set", "specific.min_tokens=0", spec: "small.yaml")
    #expect(try !workspace.wina("show", "last").output.contains("that use the pooled one"))
  }

  /// Clusters of a swept k are told apart, whatever the order of the values.
  @Test func factsOfSweptClustersNameTheirCells() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    try workspace.write(
      ToySpec.small.replacing(
        "contrast: routed - uniform}", with: "contrast: routed - uniform, at: {k: 3}}")
        + "sweep: {grid: {k: [3, 2]}}\n", to: "swept.yaml")
    _ = try workspace.run(spec: "swept.yaml")
    let shown = try workspace.wina("show", "last").output
    for groups in [2, 3] {
      #expect(
        shown.contains(
          try Regex("clusters of routed \\[k=\(groups)\\]: groups +\(groups) groups of ")),
        "\(shown)")
      #expect(shown.contains("router of routed [k=\(groups)]: accuracy on its training samples"))
      #expect(!shown.contains("clusters of routed: groups"))
    }
  }

  /// Without a comparison the arms of two stages stand side by side, each by its own samples.
  @Test func armsOfTwoEvaluationsAreToldApart() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    let start = try #require(ToySpec.small.range(of: "  evaluate:\n"))
    try workspace.write(
      String(ToySpec.small[..<start.lowerBound])
        + "  evaluate: {arms: {dense: {}, uniform: {profile: uniform}}}\n"
        + "  checked: {kind: evaluate, split: validation, arms: {uniform: {profile: uniform}}}\n",
      to: "two.yaml")
    let report = try workspace.run(spec: "two.yaml")
    func count(_ arm: String) -> Int? {
      report.results.first { $0.arm == arm && $0.metric == "kl" && $0.label == nil }?.n
    }
    let (scored, checked) = (
      try #require(count("evaluate.uniform")), try #require(count("checked.uniform"))
    )
    #expect(scored > checked && checked > 0)
    #expect(count("uniform") == nil)
  }

  @Test func cellsOfOtherModelsCannotBeCompared() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    let manager = FileManager.default
    try manager.copyItem(atPath: workspace.file("model"), toPath: workspace.file("other"))
    let path = workspace.file("other/config.json")
    let config = try String(contentsOfFile: path, encoding: .utf8)
    try workspace.write(config + "\n", to: "other/config.json")
    let swept = "sweep: {grid: {model: [./model, ./other]}}\n"
    try workspace.write(
      ToySpec.small.replacing(
        "contrast: routed - uniform}", with: "contrast: routed - uniform, at: {model: ./model}}")
        + swept, to: "models.yaml")
    let planned = try workspace.wina("plan", "models.yaml")
    #expect(planned.status == 2)
    #expect(
      planned.errors.contains("'compare' runs once over all cells, but they have different models"))
  }

  @Test func aVerdictNamesWhatIsSweptAsItIsAtThePrimaryEndpoint() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    let spec = ToySpec.small
      .replacing(
        "histogram: pooled, score: wina", with: "histogram: pooled, centring: \"${c}\", score: wina"
      )
      .replacing(
        "histogram: grouped, score: wina",
        with: "histogram: grouped, centring: \"${g}\", score: wina"
      )
      .replacing(
        "contrast: routed - uniform}",
        with: "contrast: routed - uniform, at: {c: global, g: group}}"
      )
      .replacing("k: 4}", with: "k: 4, c: none, g: none}").replacing("s: 0.5", with: "s: 0.25")
    try workspace.write(
      spec + "sweep: {zip: {c: [none, global], g: [none, group]}}\n", to: "swept.yaml")
    _ = try workspace.run(spec: "swept.yaml")
    let shown = try workspace.wina("show", "last").output
    #expect(
      shown.contains("Verdict: Cluster centring ('routed') against global centring ('uniform')"),
      "\(shown)")
  }

  @Test func theTerminalShowsTablesAndTheVerdict() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    let outcome = try workspace.wina("run", "toy.yaml")
    #expect(outcome.status == 0)
    for text in ["s = 0.5", "MACs/token", "routed - uniform", "Verdict: ", "Results: "] {
      #expect(outcome.output.contains(text))
    }
    #expect(!outcome.output.contains("\u{1B}["))
    let last = try #require(outcome.output.split(separator: "\n").last)
    let folder = try #require(last.split(separator: " ").last)
    for file in ["result.json", "results.json", "report.md"] {
      #expect(FileManager.default.fileExists(atPath: "\(folder)/\(file)"))
    }
    let quiet = try workspace.wina("run", "toy.yaml", "--quiet")
    #expect(quiet.errors.isEmpty)
  }

  @Test func eventsAreLinesOfJSON() throws {
    let workspace = try ToyWorkspace.warmSmall().workspace.copy()
    let output = try workspace.wina("run", "toy.yaml", "--json", "--set", "k=3").output
    let events = try output.split(separator: "\n").map { try json($0)["type"] as? String }
    #expect(events.first == "run-started")
    #expect(events.last == "result")
    #expect(Set(events).isSuperset(of: ["task-started", "task-finished", "run-finished"]))
  }

  @Test func theCacheAndTheMachineAreDescribed() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    let stats = try json(workspace.wina("cache", "stats", "--json").output)
    let objects = try #require(stats["objects"] as? [String: Any])
    #expect(objects["count"] as? Int == files(below: workspace.file("cache/objects")).count)
    #expect(try workspace.wina("cache", "stats").output.contains("objects"))
    let verified = try workspace.wina("cache", "verify")
    #expect(verified.status == 0)
    #expect(verified.output.contains("0 problems"))
    let doctor = try workspace.wina("doctor", "--json")
    #expect(doctor.status == 0)
    let checks = try doctor.output.split(separator: "\n").map(json)
    #expect(
      checks.contains { $0["check"] as? String == "cache" && $0["status"] as? String == "ok" })
    let sick = try workspace.wina("doctor", "--cache", "/proc/wina-cache")
    #expect(sick.status == 3)
  }
}
