import Foundation
import Testing
import WinaModel
import WinaTensor
import WinaTestSupport

/// The bundled model and suite, and the experiments over them.
struct OctetTests {
  private static let root = SharedData.packageRoot
  private static let quickstart = root + "/experiments/quickstart.yaml"

  /// Runs an experiment on few items, in a cache of its own.
  private func run(
    _ spec: String, _ settings: [String] = [], cache: TemporaryDirectory
  ) throws -> RunReport {
    let arguments = ["run", spec, "--json", "--cache", cache.path, "--jobs", "2"]
    let outcome = try WinaProcess(
      arguments + (["data.limit=50"] + settings).flatMap { ["--set", $0] }, in: cache.path
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try RunReport(outcome)
  }

  @Test func logitsAreThoseOfTransformers() throws {
    let golden = try SafetensorsFile(
      path: Self.root + "/Tests/Fixtures/octet/golden.safetensors")
    let ids = try golden.tensor("input_ids").int64s().map(Int32.init)
    let model = try LanguageModel.load(directory: Self.root + "/models/octet")
    let logits = try model.forward(
      ids, ForwardRequest(logitRows: .all), workspace: ForwardWorkspace()
    ).logits
    let expected = try golden.tensor("logits").floats()
    #expect(logits.count == expected.count)
    let difference = zip(logits, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(difference < 1e-4, "f32 arithmetic on the same bf16 weights")
  }

  @Test func theModelAnswersEveryFamilyFarAboveChance() throws {
    let directory = try TemporaryDirectory()
    let outcome = try WinaProcess(
      [
        "evaluate", "octet", "--suite", "octet", "--split", "validation", "--limit", "60", "--json",
      ], in: directory.path
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    struct Report: Decodable {
      struct Task: Decodable {
        var task: String
        var acc: Double
      }
      var tasks: [Task]
    }
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.lastLine.utf8))
    #expect(report.tasks.count == 9)
    for task in report.tasks {
      #expect(task.acc > (task.task == "all" ? 0.75 : 0.45), "\(task.task): \(task.acc)")
    }
  }

  @Test func quickstartReportsSixArmsAndRerunsNothing() throws {
    let cache = try TemporaryDirectory()
    let first = try run(Self.quickstart, cache: cache)
    let arms = ["dense", "teal", "uniform", "routed", "assigned", "random"]
    for arm in arms {
      let row = first.results.first { $0.arm == arm && $0.metric == "kl" && $0.label == nil }
      #expect(row?.n == 8 * 16, "\(arm)")
    }
    let again = try run(Self.quickstart, cache: cache)
    #expect(again.ran.isEmpty && again.results == first.results)
  }

  @Test func anotherNumberOfClustersRerunsWhatRestsOnClusters() throws {
    let cache = try TemporaryDirectory()
    _ = try run(Self.quickstart, cache: cache)
    let changed = try run(Self.quickstart, ["k=6"], cache: cache)
    let stages = Set(changed.ran.map { String($0.prefix { $0 != "#" && $0 != "[" }) })
    #expect(
      stages == [
        "clusters", "shuffled", "grouped", "mixed", "specific", "control", "router",
        "evaluate.routed", "evaluate.assigned", "evaluate.random", "compare",
      ])
  }

  @Test func aTransformedModelPredictsWhatTheModelDoes() throws {
    let model = try LanguageModel.load(directory: Self.root + "/models/octet")
    let rotated = try model.transformed(
      by: ColumnOrthogonalTransform(
        hidden: model.configuration.hidden,
        layers: (0..<model.configuration.layers).map { try model.rotations(layer: $0) }),
      name: "octet", threads: 2)
    let ids = try SafetensorsFile(path: Self.root + "/Tests/Fixtures/octet/golden.safetensors")
      .tensor("input_ids").int64s().map(Int32.init)
    let (expected, found) = try (
      model.forward(ids, ForwardRequest(), workspace: ForwardWorkspace()).logits,
      rotated.forward(ids, ForwardRequest(), workspace: ForwardWorkspace()).logits
    )
    let scale = expected.reduce(0) { max($0, abs($1)) }
    let difference = zip(expected, found).map { abs($0 - $1) }.max() ?? .infinity
    #expect(difference <= 1e-4 * scale)
  }

  @Test func armsOnTransformedWeightsStandBesideTheOthers() throws {
    let cache = try TemporaryDirectory()
    let spec = Self.root + "/experiments/repro-wina-uniform/transform-thresholds.yaml"
    let report = try run(
      spec, ["data.limit=20", "s=0.5", "compare.primary.at={}"], cache: cache)
    func value(_ arm: String, _ metric: String, _ report: RunReport) -> Double {
      report.results.first { $0.arm == arm && $0.metric == metric && $0.label == nil }?.value
        ?? .nan
    }
    for arm in ["teal", "teal_transform", "wina", "wina_transform"] {
      #expect(value(arm, "kl", report) > 0, "\(arm)")
    }
    // The paper's count leaves the rotations out; the full one has all 2L − 1.
    let (paper, full) = ("paper_macs_per_token", "macs_per_token")
    let model = try ModelConfiguration.load(path: Self.root + "/models/octet")
    let turns = Double((2 * model.layers - 1) * model.hidden * model.hidden)
    for score in ["teal", "wina"] {
      let (plain, turned) = (score, score + "_transform")
      let extra =
        (value(turned, full, report) - value(turned, paper, report))
        - (value(plain, full, report) - value(plain, paper, report))
      #expect(extra > 0.8 * turns && extra < 1.2 * turns, "\(score): \(extra) of \(turns)")
    }
    // With nothing dropped the rotated model is the model.
    let whole = try run(
      spec, ["data.limit=20", "s=0", "compare.primary.at={}"], cache: cache)
    for arm in ["teal_transform", "wina_transform"] {
      #expect(value(arm, "kl", whole) < 1e-6, "\(arm)")
    }
    #expect(
      whole.tasks.filter { $0.kind == "transform" || $0.kind == "capture" }
        .allSatisfy { $0.status == "hit" })
  }

  @Test func ablationsShareTheTasksOfTheirBase() throws {
    let cache = try TemporaryDirectory()
    _ = try run(Self.root + "/experiments/ablations/base.yaml", cache: cache)
    for child in ["sparsity", "clusters", "scores"] {
      let report = try run(Self.root + "/experiments/ablations/\(child).yaml", cache: cache)
      let kinds = Set(report.tasks.filter { $0.status == "ran" }.map(\.kind))
      #expect(!kinds.contains("tokenize"), "\(child)")
      #expect(kinds.contains("evaluate") && kinds.contains("compare"), "\(child)")
      let captures = report.tasks.filter { $0.status == "ran" && $0.kind == "capture" }
      let isSecondPass = captures.allSatisfy { $0.name.contains("centring") }
      #expect(isSecondPass, "\(child) captured anew: \(captures.map(\.name))")
    }
  }

  @Test(arguments: [
    "quickstart", "octet-study", "ablations/base", "ablations/sparsity", "ablations/clusters",
    "ablations/scores", "repro-wina-uniform/study", "repro-wina-uniform/transform-thresholds",
    "rq1-structure/study", "rq2-mechanisms/study", "rq3-routing/study", "rq4-latency/study",
    "seed-step5-leaky/study", "wina-amp/study",
  ]) func theExperimentsAreValid(name: String) throws {
    let cache = try TemporaryDirectory()
    let outcome = try WinaProcess(
      ["validate", Self.root + "/experiments/\(name).yaml", "--cache", cache.path], in: cache.path
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(!outcome.errors.contains("warning"), "\(outcome.errors)")
  }
}
