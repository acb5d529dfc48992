import Foundation
import Testing
import WinaSuites
import WinaTestSupport

/// Suites: how they are generated, evaluated and used as data.
struct SuiteTests {
  private static let spec = """
    experiment: toy-suite
    model: ./model
    data: {suite: ./generated}
    stages:
      tokenize: {max_tokens: 64}
      capture: {scores: [wina]}
      words: {kind: cluster, features: bag_of_tokens, k: 4, seed: 1}
      pooled: {kind: histogram}
      by_words: {kind: histogram, groups: words}
      uniform: {kind: profile, histogram: pooled, score: wina, sparsity: 0.5}
      specific: {kind: profile, histogram: by_words, score: wina, sparsity: 0.5}
      router: {kind: classifier, labels: words}
      evaluate:
        arms:
          dense: {}
          uniform: {profile: uniform}
          assigned: {profile: specific, route: assign}
          routed: {profile: specific, route: router}
      compare: {bootstrap: 200, permutations: 500}

    """

  private func workspace() throws -> ToyWorkspace {
    let workspace = try ToyWorkspace.warmSmall().workspace.copy(withCache: false)
    let outcome = try workspace.wina(
      "suite", "octet", "--seed", "5", "--count", "16", "--output", "generated")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    return workspace
  }

  @Test func aGeneratedSuiteIsDataWithSplitsOfItsOwn() throws {
    let workspace = try workspace()
    try workspace.write(Self.spec, to: "suite.yaml")
    let report = try workspace.run("--jobs", "2", spec: "suite.yaml")
    let accuracies = report.results.filter { $0.arm == "assigned" && $0.metric == "acc" }
    let byLabel = accuracies.filter { Octet.familyNames.contains($0.label ?? "") }
    #expect(byLabel.map(\.n) == [Int](repeating: 16, count: 8))
    #expect(accuracies.first { $0.label == nil }?.n == 128)
    let again = try workspace.run(spec: "suite.yaml")
    #expect(again.tasks.allSatisfy { $0.status == "hit" })
  }

  @Test func evaluateTakesASplitOfASuite() throws {
    let workspace = try workspace()
    let outcome = try workspace.wina(
      "evaluate", "./model", "--suite", "./generated", "--split", "routing", "--json", "--items")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let pattern = "\"task\":\""
    #expect(outcome.output.components(separatedBy: pattern).count - 1 == 9)
    #expect(outcome.output.contains("\"task\":\"all\""))
    #expect(outcome.output.contains("\"n\":96,"))
    let table = try workspace.wina("evaluate", "./model", "--suite", "./generated", "--limit", "2")
    #expect(table.output.contains("arithmetic"))
    let all = table.output.split(separator: "\n").filter { $0.hasPrefix("all ") }
      .map { $0.split(separator: " ") }
    #expect(all.map { $0.prefix(3) } == [["all", "16", "acc"]])
    let unknown = try workspace.wina("evaluate", "./model", "--suite", "nonet")
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("there is no suite 'nonet'"))
    let both = try workspace.wina(
      "evaluate", "./model", "--suite", "./generated", "--tasks", "piqa", "--data", "bench")
    #expect(both.status == 64)
  }

  @Test func theTrainingStreamCanBeReadFromAnyLine() throws {
    let directory = try TemporaryDirectory()
    let outcome = try WinaProcess(
      ["suite", "octet", "--training", "--seed", "7", "--from", "1998", "--count", "4"],
      in: directory.path
    ).wait()
    let expected = (1998..<2002).map { Octet(seed: 7).trainingItem($0).line }.joined()
    #expect(outcome.status == 0 && outcome.output == expected)
  }

  @Test func aFamilyWithTooFewStatesLeavesNothingBehind() throws {
    let directory = try TemporaryDirectory()
    let outcome = try WinaProcess(
      ["suite", "octet", "--count", "2000", "--output", "many"], in: directory.path
    ).wait()
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("'arithmetic' has only "))
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    try directory.write("", to: "file")
    let blocked = try WinaProcess(
      ["suite", "octet", "--count", "8", "--output", "file"], in: directory.path
    ).wait()
    #expect(blocked.status == 3)
    #expect(blocked.errors.contains("'file' cannot be written"))
  }

  @Test func whatIsNoSuiteIsAnErrorOfTheSpec() throws {
    let workspace = try ToyWorkspace.warmSmall().workspace.copy(withCache: false)
    let question = #"{"query": "1 + 1 =>", "choices": ["2.", "3."], "gold": 0"#
    func errors(_ files: [String: String], suite: String = "./given") throws -> String {
      let folder = workspace.file("given")
      if FileManager.default.fileExists(atPath: folder) {
        try FileManager.default.removeItem(atPath: folder)
      }
      for (name, text) in files { try workspace.write(text, to: "given/" + name) }
      try workspace.write(
        Self.spec.replacing("./generated", with: suite), to: "suite.yaml")
      let outcome = try workspace.wina("validate", "suite.yaml")
      #expect(outcome.status == 2, "\(outcome.errors)")
      return outcome.errors
    }
    let empty = try errors(["notes.md": "nothing"])
    #expect(
      empty.contains("suite.yaml:3:15: error:") && empty.contains("it has no file of records"))
    let file = try errors(["a.jsonl": question + "}"], suite: "./given/a.jsonl")
    #expect(file.contains("it is not a folder that can be read"))
    let twice = try errors(["a.jsonl": question + "}", "a.jsonl.zst": ""])
    #expect(twice.contains("two files of the label 'a'"))
    let split = try errors(["a.jsonl": question + #", "split": "tset"}"#])
    #expect(split.contains("a.jsonl:1: there is no split 'tset'"))
    #expect(split.contains("correct the record's 'split'"))
    #expect(try errors([:], suite: "octte").contains("'octet' is bundled"))
    try workspace.write(question + #", "split": "tset"}"#, to: "given/a.jsonl")
    let evaluated = try workspace.wina("evaluate", "./model", "--suite", "./given")
    #expect(evaluated.status == 1 && evaluated.errors.contains("has the split \"tset\""))
  }

  @Test(
    arguments: [
      ["suite", "nonet", "--training", "--count", "1"], ["suite", "octet"],
      ["suite", "octet", "--training"], ["suite", "octet", "--output", "x", "--count", "0"],
      ["suite", "octet", "--output", "x", "--from", "3"],
      ["suite", "octet", "--training", "--count", "1", "--from", "-1"],
    ]) func wrongUseOfSuiteIsUsage(arguments: [String]) throws
  {
    let directory = try TemporaryDirectory()
    let outcome = try WinaProcess(arguments, in: directory.path).wait()
    #expect(outcome.status == 64, "\(arguments): \(outcome.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
  }
}
