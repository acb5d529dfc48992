import Testing
import WinaDiagnostics
import WinaPipeline
import WinaPlan
import WinaTestSupport

/// One way to get a diagnostic of the planner.
struct PlanFault: CustomTestStringConvertible, Sendable {
  var id: String
  var name: String?
  var stages: String
  var rest = PlanScenario.inputs
  var only: [String] = []
  var splits: [Split: Int]?
  var isBare = false
  var testDescription: String { name ?? id }

  var scenario: PlanScenario {
    var scenario = PlanScenario(stages: stages, rest)
    scenario.only = only
    let inventory = isBare ? Inventory() : PlanScenario.inventory(splits: splits)
    scenario.inventory = { _ in inventory }
    return scenario
  }
}

private let base = """
  tokenize: {}
  capture: {scores: [wina]}
  clusters: {kind: cluster, k: 4}
  pooled: {kind: histogram}
  """

private let wiringFaults: [PlanFault] = [
  PlanFault(id: "plan.unknown-kind", stages: "tokenize: {}\nlook: {kind: captur}"),
  PlanFault(
    id: "spec.unknown-key", name: "plan.unknown-parameter", stages: "tokenize: {max_token: 3}"),
  PlanFault(
    id: "spec.missing-key", name: "plan.missing-parameter", stages: base + "\nmore: {kind: cluster}"
  ),
  PlanFault(
    id: "spec.wrong-type", name: "plan.wrong-parameter-type",
    stages: base + "\nprofile: {histogram: pooled, sparsity: half}"),
  PlanFault(id: "plan.parameter", stages: base + "\nprofile: {sparsity: 65}"),
  PlanFault(
    id: "plan.unknown-stage", stages: base + "\nprofile: {histogram: poled, sparsity: 0.5}"),
  PlanFault(
    id: "plan.unknown-stage", name: "plan.unknown-stage-in-parameter",
    stages: base + "\nprofile: {sparsity: 0.5}\nevaluate: {arms: {a: {profile: profil}}}"),
  PlanFault(
    id: "plan.wrong-kind", stages: base + "\nevaluate: {arms: {a: {profile: pooled}}}"),
  PlanFault(id: "plan.not-a-stage-name", stages: base + "\nprofile: {histogram: 3, sparsity: 0.5}"),
  PlanFault(
    id: "plan.too-many-stages",
    stages: base + "\nprofile: {histogram: [pooled, pooled], sparsity: 0.5}"),
  PlanFault(id: "plan.wrong-type", stages: base + "\nprofile: {histogram: capture, sparsity: 0.5}"),
  PlanFault(id: "plan.missing-input", stages: "tokenize: {}\nprofile: {sparsity: 0.5}"),
  PlanFault(
    id: "plan.ambiguous-input",
    stages: base + "\ngrouped: {kind: histogram, groups: clusters}\nprofile: {sparsity: 0.5}"),
  PlanFault(
    id: "plan.score-not-captured", stages: base + "\nprofile: {sparsity: 0.5, score: teal}"),
  PlanFault(
    id: "plan.cycle",
    stages: """
      tokenize: {}
      capture: {}
      a: {kind: cluster, k: 2, like: c}
      b: {kind: cluster, k: 2, like: a}
      c: {kind: cluster, k: 2, like: b}
      """),
  PlanFault(
    id: "plan.cycle", name: "plan.cycle-of-one",
    stages: "tokenize: {}\ncapture: {}\na: {kind: cluster, k: 2, like: a}"),
  PlanFault(
    id: "plan.spanning-varies",
    stages: base + "\nevaluate: {arms: {}}\ncompare: {bootstrap: 500}",
    rest: PlanScenario.inputs + "\nsweep: {grid: {compare.bootstrap: [500, 600]}}"),
]

private let dataFaults: [PlanFault] = [
  PlanFault(
    id: "plan.leakage", name: "plan.leakage-fitted",
    stages: "tokenize: {}\ncapture: {}\ncluster: {k: 4, split: test}"),
  PlanFault(
    id: "plan.leakage", name: "plan.leakage-scored",
    stages: base
      + "\nprofile: {sparsity: 0.5}\nevaluate: {split: calibration, arms: {a: {profile: profile}}}"
  ),
  PlanFault(
    id: "plan.empty-split", stages: base, splits: [.calibration: 0, .test: 2]),
  PlanFault(
    id: "plan.empty-split", name: "plan.empty-split-target",
    stages: "tokenize: {}\nevaluate: {arms: {}}", splits: [.calibration: 2]),
  PlanFault(id: "plan.no-model", stages: base, rest: "data: {documents: {a: a.jsonl}}"),
  PlanFault(id: "plan.no-data", stages: base, rest: "model: ./model", isBare: true),
  PlanFault(
    id: "plan.missing-file",
    stages: "command: {run: python plot.py, code: [plot.py, missing.py]}"),
  PlanFault(
    id: "toy.short", name: "stage-warning",
    stages: base.replacing("tokenize: {}", with: "tokenize: {max_tokens: 1}")),
  PlanFault(id: "plan.unused-stage", stages: base + "\nevaluate: {arms: {}}"),
  PlanFault(id: "plan.unknown-target", stages: base, only: ["poold"]),
]

@Suite("Diagnostics of the planner") struct PlanDiagnosticTests {
  @Test("each diagnostic has its text", arguments: wiringFaults + dataFaults)
  func hasItsText(_ fault: PlanFault) throws {
    var scenario = fault.scenario
    if fault.id == "plan.no-model" {
      scenario.inventory = { _ in
        var inventory = PlanScenario.inventory()
        inventory.model = nil
        inventory.tokenizer = nil
        return inventory
      }
    }
    let found = scenario.plan().diagnostics
    #expect(found.contains { $0.id == fault.id }, "\(found)")
    try expectGolden(
      DiagnosticRenderer().render(found), "plan/diagnostics/\(fault.name ?? fault.id).txt")
  }

  @Test("faults of several stages are reported in one go") func inOneGo() {
    let faults = PlanScenario(
      stages: """
        tokenize: {max_tokens: many}
        look: {kind: captur}
        clusters: {kind: cluster, k: 0, like: clusers}
        profile: {sparsity: 65}
        """
    ).faults()
    #expect(
      Set(faults)
        == [
          "spec.wrong-type", "plan.unknown-kind", "plan.parameter", "plan.unknown-stage",
          "plan.missing-input",
        ])
  }

  @Test("validation finds what needs no data, and only errors") func validates() {
    let clean = PlanScenario(PlanScenario.quickstart)
    #expect(clean.validate().isEmpty)
    let ids = wiringFaults.map { ($0.id, $0.scenario.validate().map(\.id)) }
    for (id, found) in ids { #expect(found.contains(id), "\(id) is not in \(found)") }
  }

  @Test("a fault is reported once however many cells have it") func isReportedOnce() {
    let text = PlanScenario.quickstart.replacing("kind: cluster, k:", with: "kind: cluster, kk:")
    let faults = PlanScenario(text).faults()
    #expect(faults.filter { $0 == "spec.unknown-key" }.count == 1)
  }

  @Test("only the cells with a wrong value are faulty, and the caret shows the value")
  func showsTheValue() {
    let text = PlanScenario.quickstart.replacing("[0.25, 0.5]", with: "[0.25, 65]")
    let found = PlanScenario(text).plan().diagnostics
    #expect(Set(found.map(\.id)) == ["plan.parameter"])
    #expect(found.allSatisfy { $0.range?.text == "65" })
  }

  @Test("what a stage type warns of is no error, is said once, and only where nothing is wrong")
  func warns() {
    let text = PlanScenario.quickstart.replacing("max_tokens: 256", with: "max_tokens: 1")
    let plan = PlanScenario(text).plan()
    #expect(plan.graph != nil)
    #expect(plan.diagnostics.map(\.id) == ["toy.short"])
    #expect(plan.diagnostics.map(\.severity) == [.warning])
    #expect(plan.diagnostics.first?.range?.text == "1")
    #expect(PlanScenario(text).validate().map(\.id) == ["toy.short"])
    let wrong = text.replacing("[0.25, 0.5]", with: "[0.25, 65]")
    #expect(PlanScenario(wrong).faults().allSatisfy { $0 == "plan.parameter" })
    let swept = text.replacing("max_tokens: 1}", with: "max_tokens: \"${n}\"}")
      .replacing("vars: {", with: "vars: {n: 1, ").replacing("{s: [", with: "{n: [1, 3], s: [")
    let found = PlanScenario(swept).plan().diagnostics
    #expect(found.map(\.id) == ["toy.short"])
    #expect(found.first?.range?.text == "1")
  }

  @Test("a chain of stages that is too long is an error and no crash") func isTooLong() {
    let chain = (1..<400).map { "s\($0): {kind: sum, terms: [s\($0 - 1)]}" }
    let scenario = PlanScenario(
      stages: (["s0: {kind: sum, terms: []}"] + chain).joined(separator: "\n"))
    #expect(scenario.faults() == ["plan.too-deep"])
  }
}
