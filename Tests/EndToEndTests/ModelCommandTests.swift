import Foundation
import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// The commands about one model.
struct ModelCommandTests {
  private func forward(
    _ workspace: ToyWorkspace, _ arguments: String...
  ) throws -> SafetensorsFile {
    let path = workspace.file("out.safetensors")
    let outcome = try workspace.start(["forward", "model", "--output", path] + arguments).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try SafetensorsFile(path: path)
  }

  private func distance(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
  }

  @Test func tokenizersReadAndWriteLines() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy(withCache: false)
    try workspace.write("{\"text\": \"path\"}\n\n{\"text\": \"é\\n\"}\n", to: "texts.jsonl")
    for model in ["./model", "./model/tokenizer.json"] {
      let outcome = try workspace.wina("tokenize", model, "--jsonl", "texts.jsonl")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(
        outcome.output == """
          {"ids":[112,97,258],"ids_special":[256,112,97,258],"decoded":"path"}
          {"ids":[195,169,10],"ids_special":[256,195,169,10],"decoded":"é\\n"}

          """)
    }
    try workspace.write("{\"txt\": 1}\n", to: "texts.jsonl")
    let wrong = try workspace.wina("tokenize", "model", "--jsonl", "texts.jsonl")
    #expect(wrong.status == 1)
    #expect(wrong.errors.contains("texts.jsonl:1"))
    try workspace.write("{\"text\": \"a\"}\n{\"text\" 1}\n", to: "texts.jsonl")
    let broken = try workspace.wina("tokenize", "model", "--jsonl", "texts.jsonl")
    #expect(broken.errors.contains("texts.jsonl:2 is not JSON: there is no ':' at column 9"))
  }

  @Test func forwardWritesWhatTheLibraryComputes() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy(withCache: false)
    let file = try forward(workspace, "--text", "abc the end", "--taps")
    let ids = try file.tensor("input_ids").int64s().map(Int32.init)
    #expect(ids.first == 256)
    #expect(ids.count == 11)
    let model = try LanguageModel.load(directory: workspace.file("model"))
    let expected = try model.forward(
      ids, ForwardRequest(logitRows: .all, keepHidden: true), workspace: ForwardWorkspace())
    let logits = try file.tensor("logits")
    #expect(logits.shape == [1, 11, ToyModel.vocabulary])
    #expect(try logits.floats() == expected.logits)
    for layer in 0...ToyModel.layers {
      #expect(try file.tensor("hidden.\(layer)").floats() == expected.hidden[layer])
    }
    #expect(
      try file.tensor("act.model.layers.2.mlp.down_proj").shape == [1, 11, ToyModel.feedForward])
    let fed = try forward(workspace, "--text", "abc the end", "--incremental", "--taps")
    #expect(distance(try fed.tensor("logits").floats(), expected.logits) < 1e-4)
    #expect(
      distance(
        try fed.tensor("act.model.layers.1.self_attn.q_proj").floats(),
        try file.tensor("act.model.layers.1.self_attn.q_proj").floats()) < 1e-4)
  }

  @Test func forwardReadsIdsOfSeveralSequences() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy(withCache: false)
    let ids: [Int64] = [256, 97, 98, 99, 256, 48, 49, 50]
    try SafetensorsWriter.write(
      [("input_ids", Tensor(ids, shape: [2, 4]))], to: workspace.file("ids.safetensors"))
    let file = try forward(workspace, "--ids", "ids.safetensors")
    #expect(try file.tensor("logits").shape == [2, 4, ToyModel.vocabulary])
    #expect(try file.tensor("input_ids").int64s() == ids)
    try SafetensorsWriter.write(
      [("input_ids", Tensor([Int64(9999)], shape: [1, 1]))],
      to: workspace.file("ids.safetensors"))
    let wrong = try workspace.wina(
      "forward", "model", "--ids", "ids.safetensors", "--output", "out.safetensors")
    #expect(wrong.status == 1)
    #expect(wrong.errors.contains("9999"))
  }

  @Test func aProfileOfARunChangesTheLogitsAndAtZeroDoesNot() throws {
    let warm = try ToyWorkspace.warm()
    let workspace = try warm.workspace.copy()
    let key = try #require(warm.report.tasks.first { $0.name == "uniform[s=0.5]" }?.planKey)
    let dense = try forward(workspace, "--text", "abcdefgh").tensor("logits").floats()
    let sparse = try forward(workspace, "--text", "abcdefgh", "--profile", key)
      .tensor("logits").floats()
    let fed = try forward(workspace, "--text", "abcdefgh", "--profile", key, "--incremental")
      .tensor("logits").floats()
    // The first token is dense; the others are not.
    #expect(dense.prefix(ToyModel.vocabulary) == sparse.prefix(ToyModel.vocabulary))
    #expect(distance(dense, sparse) > 0.01)
    #expect(distance(sparse, fed) < 1e-3)
    try workspace.write(ToySpec.small, to: "small.yaml")
    let zero = try workspace.run("--set", "s=0", "--only", "uniform", spec: "small.yaml")
    let none = try #require(zero.tasks.first { $0.name == "uniform" }?.planKey)
    let all = try forward(workspace, "--text", "abcdefgh", "--profile", none)
    #expect(distance(try all.tensor("logits").floats(), dense) < 1e-5)
    let unknown = String(repeating: "0", count: 64)
    let wrong = try workspace.wina(
      "forward", "model", "--text", "a", "--output", "o", "--profile", unknown)
    #expect(wrong.status != 0)
    #expect(wrong.errors.contains(unknown))
  }

  @Test func generationIsGreedyAndRepeatable() throws {
    let warm = try ToyWorkspace.warm()
    let workspace = try warm.workspace.copy()
    let key = try #require(warm.report.tasks.first { $0.name == "specific[s=0.5]" }?.planKey)
    let dense = ["generate", "model", "--prompt", "abc", "--tokens", "12"]
    for arguments in [dense, dense + ["--profile", key]] {
      let first = try workspace.start(arguments).wait()
      #expect(first.status == 0, "\(first.errors)")
      #expect(first.output.hasPrefix("abc"))
      #expect(first.errors.contains("tokens/s"))
      #expect(try workspace.start(arguments + ["--quiet"]).wait().output == first.output)
    }
  }

  /// What `generate --json` prints.
  private struct Generation: Decodable {
    var text: String
    var sparsity: Double?
    var seconds: Double
    var kernels: String

    enum CodingKeys: String, CodingKey {
      case text, sparsity, kernels
      case seconds = "decode_seconds"
    }
  }

  private func generation(
    _ workspace: ToyWorkspace, _ more: [String], level: String? = nil
  ) throws -> Generation {
    let outcome = try workspace.start(
      ["generate", "model", "--prompt", "abc", "--tokens", "12", "--json"] + more,
      environment: level.map { ["WINA_KERNELS": $0] } ?? [:]
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try JSONDecoder().decode(Generation.self, from: Data(outcome.lastLine.utf8))
  }

  @Test func aProfileOfARotatedModelGeneratesWithItsRotations() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    try workspace.write(ToySpec.rotated, to: "rotated.yaml")
    _ = try workspace.run("--only", "whole,half", spec: "rotated.yaml")
    let dense = try generation(workspace, [])
    // Rotations that drop nothing leave the model what it is.
    let whole = try generation(workspace, ["--profile", "whole"])
    #expect(whole.text == dense.text && whole.sparsity == 0)
    let half = try generation(workspace, ["--profile", "half"])
    let sparsity = try #require(half.sparsity)
    #expect(sparsity > 0.2 && sparsity < 0.8)
    let again = try generation(workspace, ["--profile", "half", "--execution", "simulate"])
    #expect(again.text == half.text && again.sparsity == sparsity)
  }

  @Test func aProfileOfARunIsNamedAndHowItTakesEffectChangesNoText() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    _ = try workspace.run()
    func generate(_ more: String..., level: String? = nil) throws -> Generation {
      try generation(workspace, more, level: level)
    }
    #expect(try generate().sparsity == nil)
    let profile = ["--profile", "specific[s=0.5]"]
    let first = try generate(profile[0], profile[1])
    let sparsity = try #require(first.sparsity)
    #expect(sparsity > 0.2 && sparsity < 0.8)
    #expect(first.text.hasPrefix("abc") && first.seconds > 0)
    for more in [["simulate", "1"], ["packed", "2"], ["execute", "3"]] {
      let again = try generate(
        profile[0], profile[1], "--execution", more[0], "--threads", more[1])
      #expect(again.text == first.text && again.sparsity == sparsity)
    }
    #expect(try generate(level: "portable").kernels == "portable")
    let drawn = try generate("--temperature", "1.5", "--seed", "7")
    #expect(try generate("--temperature", "1.5", "--seed", "7").text == drawn.text)
    let wrong = try workspace.wina(
      "generate", "model", "--prompt", "a", "--profile", "specific[s=0.7]")
    #expect(wrong.status != 0 && wrong.errors.contains("specific[s=0.5]"))
    let level = try workspace.start(
      ["runs"], environment: ["WINA_KERNELS": "fast"]
    ).wait()
    #expect(level.status == 64 && level.errors.contains("portable, avx2, avx512"))
  }

  @Test func evaluationWithoutASpecGivesTheNumbersOfTheStage() throws {
    struct Scores: Decodable {
      struct Task: Decodable {
        var task: String
        var n: Int
        var acc: Double
        var accNorm: Double

        enum CodingKeys: String, CodingKey {
          case task, n, acc
          case accNorm = "acc_norm"
        }
      }
      var type: String
      var tasks: [Task]
      var results: [RunReport.Row]
    }
    let workspace = try ToyWorkspace.warm().workspace.copy(withCache: false)
    let common = ["evaluate", "model", "--tasks", "arc_easy", "--data", "bench"]
    let outcome = try workspace.start(common + ["--json"]).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let scores = try JSONDecoder().decode(Scores.self, from: Data(outcome.lastLine.utf8))
    let task = try #require(scores.tasks.first)
    #expect(scores.type == "result")
    #expect(task.task == "arc_easy" && task.n == 60)
    try workspace.write(
      ToySpec.choices.replacing(
        "splits: {calibration: 0.4, test: 0.6}", with: "splits: {test: 1.0}"
      )
      .replacing("  capture: {scores: [wina]}\n  pooled: {kind: histogram}\n", with: "")
      .replacing(
        "  uniform: {kind: profile, histogram: pooled, score: wina, sparsity: 0.5}\n", with: ""
      )
      .replacing(", uniform: {profile: uniform}", with: ""))
    let report = try workspace.run("--only", "evaluate")
    let staged = report.results.filter { $0.arm == "dense" && $0.label == nil }
    #expect(staged.first { $0.metric == "acc" }?.value == task.acc)
    #expect(staged.first { $0.metric == "acc_norm" }?.value == task.accNorm)
    let one = try workspace.start(common + ["--json", "--jobs", "1"]).wait()
    #expect(one.lastLine == outcome.lastLine)
    let limited = try workspace.start(common + ["--limit", "7"]).wait()
    #expect(limited.output.contains("arc_easy  7"))
    let wrong = try workspace.wina("evaluate", "model", "--tasks", "arc_eazy", "--data", "bench")
    #expect(wrong.status != 0)
    #expect(wrong.errors.contains("arc_easy"))
  }

  @Test(arguments: ["generate", "tokenize", "forward", "evaluate"])
  func aMissingModelIsNamed(command: String) throws {
    let rest = [
      "generate": ["--prompt", "a"], "tokenize": ["--jsonl", "abc.jsonl"],
      "forward": ["--text", "a", "--output", "o"],
      "evaluate": ["--tasks", "arc_easy", "--data", "bench"],
    ]
    let outcome = try ToyWorkspace.warm().workspace
      .start([command, "./none"] + (rest[command] ?? [])).wait()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("./none"))
  }
}
