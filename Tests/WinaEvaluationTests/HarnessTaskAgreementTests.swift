import Foundation
import Testing
import WinaEvaluation
import WinaStore
import WinaTestSupport

/// Whole tasks of the shared data against what lm-evaluation-harness 0.4.13 gave for them
/// (`Sources/WinaBenchmarks/Peers/lm_eval_tasks.sh`): every metric and standard error as it prints
/// them, and the log-likelihoods of some items within 1e-3.
@Suite("Agreement of whole tasks with lm-evaluation-harness")
struct HarnessTaskAgreementTests {
  static let tasks = [
    "arc_challenge", "arc_easy", "boolq", "hellaswag", "lambada_openai", "mmlu_abstract_algebra",
    "openbookqa", "piqa", "piqa_all", "winogrande",
  ]

  /// PIQA with every metric that multiple choice has.
  private static let everyMetric = BenchmarkTask.custom(
    TaskDefinition(
      name: "piqa_all", files: ["piqa/validation.jsonl.zst"],
      prompt: "Question: {goal}\nAnswer:", choices: .templates(["{sol1}", "{sol2}"]),
      gold: "{label}", metrics: TaskDefinition.metrics(of: .multipleChoice)))

  private func report(
    _ name: String, _ evaluation: TaskEvaluation, limit: Int
  ) throws -> TaskReport {
    let selection =
      name == "piqa_all"
      ? TaskSelection(Self.everyMetric) : try TaskSelection(named: name)
    let path = try #require(
      selection.task.files.map { SharedData.path("benchmarks/" + $0) }
        .first { FileManager.default.fileExists(atPath: $0) })
    let (task, records) = try #require(
      try selection.divided(ZstdRecords.read(path)).first)
    return try evaluation.run(task, records: records, limit: limit, jobs: 2)
  }

  @Test(
    "log-likelihoods within 1e-3, metrics and errors as printed",
    .enabled(if: SharedData.isPresent, "needs ../shared/data, which is absent"),
    arguments: ["stories260K", "octet"], tasks)
  func agreement(model: String, task: String) throws {
    let fixture = try HarnessFixture.read(
      "agreement.json", as: [String: [String: HarnessFixture.Task]].self)
    let theirs = try #require(fixture[model]?[task])
    let evaluation =
      model == "octet"
      ? try HarnessFixture.octet()
      : try HarnessFixture.evaluation(SharedData.path("models/" + model))
    let ours = try report(task, evaluation, limit: theirs.limit)
    #expect(ours.items.count == theirs.limit)
    for item in theirs.items {
      let own = ours.items[item.index]
      let values = own.logLikelihoods + own.unconditional
      #expect(values.count == item.log_likelihoods.count)
      for (value, expected) in zip(values, item.log_likelihoods) {
        #expect(abs(value - expected) < 1e-3, "item \(item.index)")
      }
    }
    var compared = 0
    for result in ours.results {
      let name = result.metric.rawValue
      guard let value = theirs.results["\(name),none"]?.value else { continue }
      compared += 1
      #expect(Self.printAlike(result.value, value), "\(name): \(result.value), \(value)")
      let error = theirs.results["\(name)_stderr,none"]?.value
      #expect((error == nil) == (result.standardError == nil), "\(name)")
      if let error, let own = result.standardError {
        #expect(Self.printAlike(own, error), "\(name) stderr: \(own), \(error)")
      }
    }
    #expect(compared == theirs.results.count / 2)
  }

  @Test(
    "rolling log-likelihoods of WikiText's first pages, to a millionth",
    .enabled(if: SharedData.isPresent, "needs ../shared/data, which is absent"),
    arguments: ["stories260K", "octet"])
  func wikitext(model: String) throws {
    let fixture = try HarnessFixture.read(
      "agreement.json", as: [String: [String: HarnessFixture.Task]].self)
    let theirs = try #require(fixture[model]?["wikitext"])
    let evaluation =
      model == "octet"
      ? try HarnessFixture.octet()
      : try HarnessFixture.evaluation(SharedData.path("models/" + model))
    let task = try BenchmarkTask.named("wikitext")
    let path = SharedData.path("benchmarks/wikitext2/test.txt.zst")
    let records = try task.records(
      ofText: ZstdRecords.bytes(path), origin: RecordOrigin(file: path, line: 1))
    let ours = try evaluation.run(task, records: records, limit: theirs.limit, jobs: 2)
    for item in theirs.items {
      let expected = item.log_likelihoods[0]
      let value = ours.items[item.index].logLikelihoods[0]
      #expect(abs(value - expected) < 1e-6 * abs(expected), "page \(item.index)")
    }
    for result in ours.results {
      let value = try #require(theirs.results["\(result.metric.rawValue),none"]?.value)
      #expect(abs(result.value - value) < 1e-4 * value, "\(result.metric)")
      #expect(result.standardError == nil)
    }
    #expect(ours.results.count == 3)
  }

  /// Whether two numbers have the same four decimals; large ones, the same four digits.
  private static func printAlike(_ a: Double, _ b: Double) -> Bool {
    String(format: "%.4f", a) == String(format: "%.4f", b) || abs(a - b) <= 1e-4 * abs(b)
  }
}

/// Records of the shared data's compressed files.
private enum ZstdRecords {
  static func bytes(_ path: String) throws -> [UInt8] {
    try ZstdFile.read(path: path, limit: 1 << 30)
  }

  static func read(_ path: String) throws -> [TaskEvaluation.Record] {
    let lines = try bytes(path).split(separator: UInt8(ascii: "\n"))
    return lines.enumerated().map { index, line in
      TaskEvaluation.Record(
        bytes: Array(line), origin: RecordOrigin(file: path, line: index + 1))
    }
  }
}
