import Foundation
import Testing
import WinaTestSupport

/// `wina evaluate --output` beside files that lm-evaluation-harness 0.4.13 wrote for the same model
/// and records, and what is read from such files.
struct HarnessFilesTests {
  private static let fixtures = SharedData.packageRoot + "/Tests/Fixtures/harness"
  private static let octet = SharedData.packageRoot + "/models/octet"
  private static let defined = ["--task-file", fixtures + "/toys.yaml", "--data", fixtures]

  private struct Line: Decodable, Equatable {
    var doc_id: Int
    var target: String
    var filter: String
    var doc_hash: String
    var prompt_hash: String
    var target_hash: String
    var acc: Double
    var acc_norm: Double
  }

  private struct Results: Decodable {
    var task_hashes: [String: String]
  }

  private func lines(_ path: String) throws -> [Line] {
    let data = try #require(FileManager.default.contents(atPath: path))
    return try data.split(separator: 0x0A).map { try JSONDecoder().decode(Line.self, from: $0) }
  }

  /// Evaluates and returns the paths of what was written, by the start of their names.
  private func evaluate(
    _ arguments: [String], in directory: TemporaryDirectory
  ) throws -> (samples: String, results: String, output: String) {
    let outcome = try WinaProcess(
      ["evaluate", Self.octet] + arguments + ["--output", "out", "--json"], in: directory.path
    ).wait()
    try #require(outcome.status == 0, "\(outcome.errors)")
    let folder = directory.file("out/" + Self.octet.replacing("/", with: "__"))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    let samples = try #require(names.first { $0.hasPrefix("samples_toys_") })
    let results = try #require(names.first { $0.hasPrefix("results_") })
    #expect(
      samples.dropFirst("samples_toys_".count).dropLast(6)
        == results.dropFirst("results_".count).dropLast(5))
    return (folder + "/" + samples, folder + "/" + results, String(outcome.lastLine))
  }

  @Test func theFilesHaveTheHarnessesHashesAndKeys() throws {
    let directory = try TemporaryDirectory()
    let files = try evaluate(Self.defined, in: directory)
    #expect(try lines(files.samples) == lines(Self.fixtures + "/samples_toys.jsonl"))
    let ours = try #require(FileManager.default.contents(atPath: files.results))
    let theirs = try #require(
      FileManager.default.contents(atPath: Self.fixtures + "/results.json"))
    let decoder = JSONDecoder()
    #expect(
      try decoder.decode(Results.self, from: ours).task_hashes["toys"]
        == decoder.decode(Results.self, from: theirs).task_hashes["toys"])
    let written = try #require(JSONSerialization.jsonObject(with: ours) as? [String: Any])
    let known = try #require(JSONSerialization.jsonObject(with: theirs) as? [String: Any])
    for key in try #require(known["keys"] as? [String]) {
      #expect(written[key] != nil, "\(key)")
    }
    let results = try #require(written["results"] as? [String: [String: Any]])["toys"] ?? [:]
    #expect(results["brier_score_stderr,none"] as? String == "N/A")
    #expect(results["sample_len"] as? Int == 5)
  }

  @Test func samplesAreReadAgainWithTheSameNumbers() throws {
    let directory = try TemporaryDirectory()
    let first = try evaluate(Self.defined, in: directory)
    let copy = directory.file("samples_toys_2000-01-01T00-00-00.000000.jsonl")
    try FileManager.default.moveItem(atPath: first.samples, toPath: copy)
    try FileManager.default.removeItem(atPath: first.results)
    let second = try evaluate(["--samples", copy], in: directory)
    #expect(second.output == first.output)
    #expect(try lines(second.samples) == lines(copy))
  }

  @Test func faultyDefinitionsAreReportedTogetherWithTheirPlaces() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      """
      mine:
        prompt: "Question: {goal"
        choices: ["{a}", "{b|shout}"]
        gold: la[bel
        metrics: [acc, acc_nrm]
        answer: 1
      piqa: {output: loglikelihood, target: "{x}", gold: y}

      """, to: "tasks.yaml")
    let outcome = try WinaProcess(
      ["evaluate", Self.octet, "--task-file", "tasks.yaml", "--data", "."], in: directory.path
    ).wait()
    #expect(outcome.status == 2)
    for part in [
      "tasks.yaml:2:11: error: '{' has no '}'",
      "tasks.yaml:3:20: error: there is no 'shout'; there are strip, lower, capitalize, spaces",
      "tasks.yaml:4:9: error: 'la[bel' is not the path of a field",
      "tasks.yaml:5:18: error: 'acc_nrm' is no metric of output 'multiple_choice'",
      "did you mean 'acc_norm'?", "tasks.yaml:6:3: error: unknown key 'answer'",
      "tasks.yaml:7:1: error: 'piqa' is a built-in task",
      "tasks.yaml:7:1: error: the task has no 'prompt'",
      "error: a task of output 'loglikelihood' has no 'gold'", "8 errors",
    ] {
      #expect(outcome.errors.contains(part), "\(part)\n\(outcome.errors)")
    }
  }

  @Test func aSpecTakesDefinedTasksAndSamples() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy(withCache: false)
    let definition = """
      mine:
        file: arc_easy/validation.jsonl
        prompt: "{question}"
        choices: choices.text
        gold: answerKey
        labels: choices.label

      """
    try workspace.write(definition, to: "mine.yaml")
    let spec = ToySpec.choices.replacing(
      "tasks: [arc_easy]\n", with: "tasks: [mine]\n  definitions: mine.yaml\n")
    try workspace.write(spec)
    let first = try workspace.run("--only", "tokenize")
    #expect(first.names("ran").count > 0)
    #expect(try workspace.run("--only", "tokenize").names("ran").isEmpty)
    try workspace.write(definition.replacing("{question}", with: "Q: {question}"), to: "mine.yaml")
    #expect(try workspace.run("--only", "tokenize").names("ran") == first.names("ran"))

    let samples = try String(contentsOfFile: Self.fixtures + "/samples_toys.jsonl", encoding: .utf8)
    try workspace.write(samples, to: "samples_toys_2000-01-01T00-00-00.000000.jsonl")
    try workspace.write(
      """
      experiment: imported
      model: ./model
      data: {samples: samples_toys_2000-01-01T00-00-00.000000.jsonl}
      stages: {tokenize: {}, evaluate: {arms: {dense: {}}}, compare: {}}

      """)
    let report = try workspace.run()
    let row = try #require(report.results.first { $0.metric == "acc" && $0.label == nil })
    #expect(row.n == 5)
  }

  @Test func aProfileIsComparedWithTheDenseModel() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    let run = try workspace.run()
    let profile = try #require(run.tasks.first { $0.kind == "profile" }?.name)
    let outcome = try workspace.start([
      "evaluate", "model", "--tasks", "arc_easy", "--data", "bench", "--limit", "8", "--profile",
      profile, "--json",
    ]).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    struct Output: Decodable {
      struct Task: Decodable {
        var kl: Double
        var agreement: Double
        var sparsity_gated: Double
      }
      var tasks: [Task]
    }
    let task = try #require(
      try JSONDecoder().decode(Output.self, from: Data(outcome.lastLine.utf8)).tasks.first)
    #expect(task.kl > 0 && task.agreement < 1 && task.sparsity_gated > 0.1)
  }

  @Test func textsAreReadByWindows() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      String(repeating: "The dog ran to the red ball. ", count: 40), to: "story.txt")
    func evaluate(_ arguments: String...) throws -> WinaProcess.Outcome {
      try WinaProcess(
        ["evaluate", Self.octet, "--text", "story.txt"] + arguments, in: directory.path
      ).wait()
    }
    let rolling = try evaluate()
    #expect(rolling.output.contains("word_perplexity") && rolling.output.contains("story"))
    let overlapping = try evaluate("--windows", "96+32")
    #expect(overlapping.status == 0 && !overlapping.output.contains("word_perplexity"))
    #expect(overlapping.output.contains("perplexity"))
    let long = try evaluate("--windows", "2048+512")
    #expect(long.status == 1 && long.errors.contains("2560 tokens"))
    #expect(try evaluate("--windows", "0+1").status == 64)
  }
}
