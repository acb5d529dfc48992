import Foundation
import Testing
import WinaDiagnostics
import WinaSpec
import WinaTestSupport

/// One way to get a diagnostic.
struct DiagnosticCase: CustomTestStringConvertible, Sendable {
  var id: String
  var text: String
  var settings: [String] = []
  var files: [String: String] = [:]
  var limits = YAMLLimits()
  var testDescription: String { id }

  /// A spec with some stages and other lines.
  static func spec(_ id: String, stages: String = "{capture: {}}", _ rest: String = "") -> Self {
    Self(id: id, text: "experiment: toy\nstages: \(stages)\n\(rest)\n")
  }
}

private let head = "experiment: toy\nstages: {capture: {}}\n"

private let yamlCases: [DiagnosticCase] = [
  DiagnosticCase(
    id: "yaml.file-too-large", text: head, limits: YAMLLimits(maximumBytes: 10)),
  DiagnosticCase(
    id: "yaml.too-deep", text: "experiment: [[[[toy]]]]", limits: YAMLLimits(maximumDepth: 3)),
  DiagnosticCase(
    id: "yaml.too-many-values",
    text: """
      a: &a [x, x, x, x, x, x, x, x]
      b: &b [*a, *a, *a, *a, *a, *a]
      c: [*b, *b, *b]
      """, limits: YAMLLimits(maximumNodes: 100)),
  DiagnosticCase(id: "yaml.several-documents", text: "experiment: a\n---\nexperiment: b\n"),
  DiagnosticCase(id: "yaml.duplicate-key", text: "experiment: a\nmodel: m\nexperiment: b\n"),
  DiagnosticCase(id: "yaml.key-not-text", text: "experiment: a\n[a, b]: c\n"),
  DiagnosticCase(
    id: "yaml.unknown-anchor", text: "vars: {a: &base 1, b: *bse}\n"),
  DiagnosticCase(id: "yaml.recursive-anchor", text: "vars: &all\n  again: *all\n"),
  DiagnosticCase(id: "yaml.unknown-tag", text: "experiment: !!python/object toy\n"),
  DiagnosticCase(id: "yaml.tag-mismatch", text: "vars: {k: !!int eight}\n"),
  DiagnosticCase(id: "yaml.merge-not-mapping", text: "vars:\n  <<: [1, 2]\n"),
  DiagnosticCase(id: "yaml.integer-range", text: "vars: {seed: 18446744073709551616}\n"),
  DiagnosticCase(id: "yaml.syntax", text: "experiment: toy\ndata: {suite: octet\nvars: {k: 8}\n"),
]

private let specCases: [DiagnosticCase] = [
  .spec("spec.unknown-key", "modle: octet"),
  DiagnosticCase(id: "spec.missing-key", text: "stages: {capture: {}}\n"),
  .spec("spec.wrong-type", "leaky: yes"),
  .spec("spec.invalid-name", stages: "{a.b: {}}"),
  .spec("spec.reserved-name", "vars: {model: octet}"),
  .spec("spec.no-stages", stages: "{}"),
  .spec("spec.kind-varies", stages: "{capture: {kind: \"${k}\"}}", "vars: {k: capture}"),
  .spec("spec.removes-nothing", stages: "{capture: {}, teal: null}"),
  .spec("spec.extends-unreadable", "extends: base.yaml"),
  DiagnosticCase(
    id: "spec.extends-cycle", text: head + "extends: a.yaml\n",
    files: ["a.yaml": "extends: b.yaml\n", "b.yaml": "extends: spec.yaml\n", "spec.yaml": ""]),
  DiagnosticCase(
    id: "spec.extends-too-many", text: head + "extends: [a.yaml, a.yaml]\n",
    files: ["a.yaml": "question: why\n"], limits: YAMLLimits(maximumFiles: 1)),
  .spec("spec.unknown-var", stages: "{capture: {k: \"${sed}\"}}", "vars: {seed: 1}"),
  .spec("spec.bad-reference", stages: "{command: {run: \"echo ${a b} ${c\"}}"),
  .spec("spec.var-in-key", stages: "{capture: {\"${k}\": 1}}", "vars: {k: a}"),
  .spec(
    "spec.var-cycle", stages: "{capture: {k: \"${a}\"}}",
    "vars: {a: \"${b}\", b: \"x${c}\", c: [\"${a}\"]}"),
  .spec("spec.var-not-text", stages: "{capture: {k: \"a-${list}\"}}", "vars: {list: [1, 2]}"),
  DiagnosticCase(
    id: "spec.expands-too-far",
    text: """
      experiment: toy
      vars:
        a: [1, 1, 1, 1, 1, 1, 1, 1]
        b: ["${a}", "${a}", "${a}", "${a}", "${a}", "${a}"]
        c: ["${b}", "${b}", "${b}", "${b}", "${b}", "${b}"]
      stages: {capture: {k: "${c}"}}
      """, limits: YAMLLimits(maximumNodes: 200)),
  .spec("spec.unused-var", "vars: {k: 8}"),
  DiagnosticCase(id: "spec.setting-syntax", text: head, settings: ["s"]),
  DiagnosticCase(
    id: "spec.unknown-path", text: head + "vars: {k: 8}\n",
    settings: ["kk=9", "captur.scores=[teal]"]),
  DiagnosticCase(
    id: "spec.path-through-value",
    text: "experiment: toy\nstages: {capture: {scores: [wina]}}\n",
    settings: ["capture.scores.first=teal"]),
  .spec(
    "spec.empty-axis", stages: "{capture: {k: \"${k}\"}}", "vars: {k: 1}\nsweep: {grid: {k: []}}"),
  .spec(
    "spec.repeated-axis", stages: "{capture: {k: \"${k}\"}}",
    "vars: {k: 1}\nsweep: {grid: {k: [1, 2]}, zip: {k: [3, 4]}}"),
  .spec(
    "spec.repeated-axis-value", stages: "{capture: {k: \"${k}\"}}",
    "vars: {k: 1}\nsweep: {grid: {k: [0.5, 1, 0.50]}}"),
  .spec("spec.zip-lengths", "sweep: {zip: {capture.a: [1, 2], capture.b: [1, 2, 3]}}"),
  DiagnosticCase(
    id: "spec.too-many-cells",
    text: head + "sweep: {grid: {capture.a: [1, 2, 3], capture.b: [1, 2, 3]}}\n",
    limits: YAMLLimits(maximumCells: 8)),
  .spec("spec.data-source", "data: {suite: octet, tasks: [piqa], path: ../benchmarks}"),
  .spec("spec.path-without-tasks", "data: {suite: octet, path: ../benchmarks}"),
  .spec("spec.without-tasks", "data: {samples: a.jsonl, definitions: tasks.yaml}"),
  .spec("spec.empty-source", "data: {documents: {}}"),
  .spec("spec.unknown-split", "data: {suite: octet, splits: {calibraton: 0.5, test: 0.5}}"),
  .spec("spec.split-share", "data: {suite: octet, splits: {calibration: 40, test: 60}}"),
  .spec("spec.split-sum", "data: {suite: octet, splits: {calibration: 0.4, test: 0.4}}"),
  .spec("spec.not-positive", "data: {suite: octet, limit: 0}"),
]

/// Mistakes in YAML with advice of their own.
private let syntaxCases: [(name: String, text: String)] = [
  ("bracket", "stages:\n  capture: {scores: [wina, teal}\n  cluster: {}\n"),
  ("quote", "experiment: \"toy\nmodel: octet\n"),
  ("tab", "stages:\n\tcapture: {}\n"),
  ("reference", "stages: {capture: {k: ${k}}}\n"),
  ("indentation", "data:\n  suite: octet\n limit: 5\n"),
  ("colon", "question: why: because\n"),
  ("indicator", "question: @home\n"),
  ("control", "question: a\u{1}b\n"),
]

@Suite("Diagnostics") struct DiagnosticGoldenTests {
  @Test("each diagnostic has its text", arguments: yamlCases + specCases)
  func hasItsText(_ fault: DiagnosticCase) throws {
    let found = Toy.parse(
      fault.text, settings: fault.settings, files: fault.files, limits: fault.limits
    ).diagnostics
    #expect(found.contains { $0.id == fault.id }, "\(found)")
    try expectGolden(DiagnosticRenderer().render(found), "diagnostics/\(fault.id).txt")
  }

  @Test("syntax faults come with advice", arguments: syntaxCases.indices)
  func syntaxAdvice(_ index: Int) throws {
    let found = Toy.parse(syntaxCases[index].text).diagnostics
    try #require(found.map(\.id) == ["yaml.syntax"])
    try expectGolden(
      DiagnosticRenderer().render(found),
      "diagnostics/yaml.syntax-\(syntaxCases[index].name).txt")
  }

  @Test func textThatIsNotUTF8IsAnError() throws {
    let bytes = Array("experiment: caf".utf8) + [0xE9, 0x0A]
    let (node, found) = YAMLParser.parse(SourceFile(path: "spec.yaml", bytes: bytes))
    #expect(node == nil)
    try expectGolden(DiagnosticRenderer().render(found), "diagnostics/yaml.not-utf8.txt")
  }

  @Test func allFaultsAreReportedInOneGo() throws {
    let found = Toy.parse(
      """
      experiment: 5
      modle: octet
      model: [octet]
      data: {suite: octet, splits: {test: 0.5}, limt: 5}
      vars: {k: "${kk}"}
      stages:
        a b: {}
        capture: {k: "${k"}
      sweep: {grid: {s: [1], capture.k: []}}
      """, settings: ["x=1"]
    ).diagnostics
    try expectGolden(DiagnosticRenderer().render(found), "diagnostics/all-in-one-go.txt")
  }

  @Test func everyIdOfTheWordingHasAGolden() throws {
    var ids: Set<String> = []
    for name in ["SpecDiagnostics.swift", "SpecDiagnostics+YAML.swift"] {
      let path = SharedData.packageRoot + "/Sources/WinaSpec/" + name
      let text = try String(contentsOfFile: path, encoding: .utf8)
      ids.formUnion(text.matches(of: /id: "([a-z.0-9-]+)"/).map { String($0.1) })
    }
    #expect(ids.count > 40)
    for id in ids.sorted() {
      let path = SharedData.packageRoot + "/Tests/Goldens/diagnostics/\(id).txt"
      #expect(FileManager.default.fileExists(atPath: path), "\(id)")
    }
  }
}
