import Foundation
import Glibc
import Testing
import WinaTestSupport

/// What users get wrong: the exit code, the words, and a cache that works afterwards.
struct BadInputTests {
  /// An edit of the spec that is wrong.
  struct WrongSpec: Sendable, CustomTestStringConvertible {
    var name: String
    var old: String
    var new: String
    var phrases: [String]
    var testDescription: String { name }
  }

  static let specs = [
    WrongSpec(
      name: "unknown-key", old: "max_tokens", new: "max_token",
      phrases: [".yaml:11:14", "unknown key 'max_token'", "did you mean 'max_tokens'?", "^~~~"]),
    WrongSpec(
      name: "wrong-type", old: "max_tokens: 48", new: "max_tokens: many",
      phrases: [".yaml:11:26", "expected a whole number for 'max_tokens', found text 'many'"]),
    WrongSpec(
      name: "missing-documents", old: "abc.jsonl", new: "abd.jsonl",
      phrases: [".yaml:5:20", "there is no file", "'abd.jsonl'"]),
    WrongSpec(
      name: "missing-model", old: "./model", new: "./modle",
      phrases: [".yaml:3:8", "there is no model './modle'"]),
    WrongSpec(
      name: "sparsity-in-percent", old: "[0.25, 0.5]", new: "[0.25, 65]",
      phrases: [".yaml:34:26", "sparsity 65 is not in [0, 1)", "did you mean 0.65?"]),
    WrongSpec(
      name: "below-the-range", old: "algorithm: kmeans, k", new: "algorithm: kmeans, layers: 0, k",
      phrases: [".yaml:13:", "'layers' is 0, out of range", "an integer from 1 to 100000", "^"]),
    WrongSpec(
      name: "above-the-range", old: "repeat: 2}", new: "repeat: 20000}",
      phrases: ["'repeat' is 20000, out of range", "an integer from 1 to 10000"]),
    WrongSpec(
      name: "beyond-the-search", old: "  uniform: {kind: profile, histogram: pooled,",
      new: "  search: {kind: allocate, method: greedy, histogram: pooled, to: 0.4}\n"
        + "  uniform: {kind: profile, histogram: pooled, allocation: search,",
      phrases: ["sparsity 0.5 lies beyond the end of allocation 'search'", "searched to 0.4"]),
    WrongSpec(
      name: "groups-of-another-split", old: "  specific: {kind: profile, histogram: grouped,",
      new: "  search: {kind: allocate, histogram: grouped, split: routing}\n"
        + "  specific: {kind: profile, histogram: grouped, allocation: search,",
      phrases: ["groups the split 'calibration', not 'routing'", "use `split: calibration`"]),
    WrongSpec(
      name: "circle", old: "algorithm: kmeans, k: \"${k}\"",
      new: "algorithm: random, k: \"${k}\", like: shuffled",
      phrases: ["circle", "clusters", "shuffled"]),
    WrongSpec(
      name: "unknown-stage", old: "profile: uniform}", new: "profile: unifrom}",
      phrases: ["unifrom", "did you mean 'uniform'?"]),
    WrongSpec(
      name: "unknown-kind", old: "kind: classifier", new: "kind: clasifier",
      phrases: ["clasifier", "did you mean 'classifier'?"]),
    WrongSpec(
      name: "unknown-variable", old: "\"${k}\"", new: "\"${kk}\"",
      phrases: ["kk", "did you mean 'k'?"]),
    WrongSpec(
      name: "score-not-captured", old: "scores: [wina, teal]", new: "scores: [teal]",
      phrases: ["wina", "capture"]),
    WrongSpec(
      name: "leakage", old: "algorithm: kmeans", new: "algorithm: kmeans, split: test",
      phrases: ["stage 'clusters' is fitted to test data", "leaky: true"]),
    WrongSpec(
      name: "not-yaml", old: "stages:\n", new: "stages: [\n", phrases: ["not-yaml.yaml:", "error:"]),
    WrongSpec(
      name: "duplicate-key", old: "  pooled: {kind: histogram}\n",
      new: "  pooled: {kind: histogram}\n  pooled: {kind: histogram}\n",
      phrases: ["pooled", "twice"]),
  ]

  /// The mistakes whose whole text is kept.
  private static let goldens = [
    "unknown-key", "missing-documents", "sparsity-in-percent", "circle", "score-not-captured",
  ]

  @Test(arguments: specs)
  func aWrongSpecIsRefusedWithItsPlace(_ wrong: WrongSpec) throws {
    let workspace = try ToyWorkspace.warm().workspace
    #expect(ToySpec.full.contains(wrong.old))
    let spec = wrong.name + ".yaml"
    try workspace.write(ToySpec.full.replacing(wrong.old, with: wrong.new), to: spec)
    for command in ["run", "validate", "plan"] {
      let outcome = try workspace.wina(command, spec)
      #expect(outcome.status == 2)
      #expect(outcome.output.isEmpty)
      for phrase in wrong.phrases { #expect(outcome.errors.contains(phrase)) }
      if command == "run", BadInputTests.goldens.contains(wrong.name) {
        try expectGolden(outcome.errors.hidingPath(of: workspace), "cli/\(wrong.name).txt")
      }
    }
    #expect(try workspace.run().statuses == ["hit"])
  }

  @Test func allMistakesAreReportedInOneGo() throws {
    let workspace = try ToyWorkspace.warm().workspace.copy()
    var spec = ToySpec.full.replacing("max_tokens: 48", with: "max_token: 48")
    spec = spec.replacing("kind: classifier", with: "kind: clasifier")
    try workspace.write(spec.replacing("[0.25, 0.5]", with: "[0.25, 65]"))
    let errors = try workspace.wina("run", "toy.yaml").errors
    for phrase in ["max_token'", "clasifier", "65"] { #expect(errors.contains(phrase)) }
  }

  /// Something wrong in the files that a spec names.
  struct WrongFile: Sendable, CustomTestStringConvertible {
    var name: String
    var status: Int32
    var phrases: [String]
    var spoil: @Sendable (ToyWorkspace) throws -> Void
    var testDescription: String { name }
  }

  static let wrongFiles = [
    WrongFile(
      name: "truncated safetensors", status: 1, phrases: ["model.safetensors", "truncated"]
    ) {
      let bytes = try contents($0.file("model/model.safetensors"))
      try replace($0.file("model/model.safetensors"), with: Array(bytes.prefix(5000)))
    },
    WrongFile(
      name: "header of 2^60 bytes", status: 1,
      phrases: ["model.safetensors", "header", "1152921504606846976"]
    ) {
      var bytes = try contents($0.file("model/model.safetensors"))
      bytes.replaceSubrange(0..<8, with: [0, 0, 0, 0, 0, 0, 0, 0x10])
      try replace($0.file("model/model.safetensors"), with: bytes)
    },
    WrongFile(name: "no merges", status: 1, phrases: ["tokenizer.json", "merges"]) {
      try $0.write(ToyModel.tokenizer(merges: nil), to: "model/tokenizer.json")
    },
    WrongFile(name: "broken config", status: 1, phrases: ["config.json"]) {
      try $0.write("{", to: "model/config.json")
    },
    WrongFile(name: "no tokenizer", status: 2, phrases: ["tokenizer.json"]) {
      try FileManager.default.removeItem(atPath: $0.file("model/tokenizer.json"))
    },
    WrongFile(name: "no weights", status: 2, phrases: ["safetensors"]) {
      try FileManager.default.removeItem(atPath: $0.file("model/model.safetensors"))
    },
    WrongFile(name: "empty set", status: 2, phrases: ["abc.jsonl", "no record"]) {
      try $0.write("", to: "abc.jsonl")
    },
    WrongFile(name: "text of another type", status: 1, phrases: ["abc.jsonl:1", "'text'"]) {
      try $0.write("{\"text\": 5}\n", to: "abc.jsonl")
    },
    WrongFile(name: "no JSON", status: 1, phrases: ["abc.jsonl:2", "at column 1"]) {
      try $0.write("{\"text\": \"abcdefghabcdefgh\"}\nhello\n", to: "abc.jsonl")
    },
  ]

  private static func contents(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private static func replace(_ path: String, with bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  @Test(arguments: wrongFiles)
  func aWrongFileIsNamedAndLeavesTheCacheUsable(_ wrong: WrongFile) throws {
    let warm = try ToyWorkspace.warmSmall()
    let workspace = try warm.workspace.copy()
    try wrong.spoil(workspace)
    let outcome = try workspace.wina("run", "toy.yaml")
    #expect(outcome.status == wrong.status)
    for phrase in wrong.phrases { #expect(outcome.errors.contains(phrase), "\(outcome.errors)") }
    #expect(!outcome.errors.contains("Fatal error"))
    let good = try warm.workspace.copy()
    let report = try good.run("--cache", workspace.file("cache"))
    #expect(report.statuses == ["hit"])
    #expect(report.results == warm.report.results)
    #expect(
      try good.run("--cache", workspace.file("cache"), "--set", "k=3").ran.contains("clusters"))
    #expect(try workspace.wina("cache", "verify").status == 0)
  }

  @Test(arguments: [
    ("kk=3", "did you mean 'k'?"), ("k", "PATH=VALUE"), ("k=[", "error"),
    ("capture.scoress=3", "did you mean 'scores'?"), ("k=many", "whole number"),
  ])
  func aWrongSettingIsRefused(setting: String, phrase: String) throws {
    let workspace = try ToyWorkspace.warm().workspace
    let outcome = try workspace.wina("validate", "toy.yaml", "--set", setting)
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains(phrase), "\(outcome.errors)")
  }

  @Test(arguments: [
    ["frobnicate"], ["run"], ["run", "toy.yaml", "--jobs", "0"], ["run", "toy.yaml", "--frob"],
    ["graph", "toy.yaml", "--format", "png"], ["run", "toy.yaml", "--memory", "much"],
  ])
  func wrongUsageEndsWith64(arguments: [String]) throws {
    let outcome = try ToyWorkspace.warm().workspace.start(arguments).wait()
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("Usage: wina"))
  }

  @Test func aSpecThatIsNotThereIsAnErrorOfTheSpec() throws {
    let outcome = try ToyWorkspace.warm().workspace.wina("run", "none.yaml")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("none.yaml"))
  }

  @Test(
    .enabled(
      if: geteuid() != 0 || FileManager.default.fileExists(atPath: "/proc/self"), "needs /proc"))
  func anUnwritableCacheIsAnEnvironmentFault() throws {
    let workspace = try ToyWorkspace.warmSmall().workspace.copy()
    for command in [["run", "toy.yaml"], ["cache", "stats"]] {
      let outcome = try workspace.start(command + ["--cache", "/proc/wina-cache"]).wait()
      #expect(outcome.status == 3)
      #expect(outcome.errors.contains("/proc/wina-cache"))
    }
    try workspace.write("not a folder", to: "file")
    let outcome = try workspace.wina("run", "toy.yaml", "--cache", workspace.file("file"))
    #expect(outcome.status == 3)
  }

  @Test(.enabled(if: geteuid() == 0, "mounting a small tmpfs needs root"))
  func aFullDiskIsAnEnvironmentFaultAndDamagesNothing() throws {
    let warm = try ToyWorkspace.warmSmall()
    let workspace = try warm.workspace.copy(withCache: false)
    let disk = workspace.file("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    guard mount("none", disk, "tmpfs", 0, "size=1m") == 0 else {
      print("skipped: this environment does not allow mounting a tmpfs")
      return
    }
    defer { umount2(disk, Int32(MNT_DETACH)) }
    let outcome = try workspace.wina("run", "toy.yaml", "--cache", disk)
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("No space left on device"))
    #expect(outcome.errors.contains("--cache"))
    #expect(mount("none", disk, "tmpfs", UInt(MS_REMOUNT), "size=200m") == 0)
    #expect(try workspace.run("--cache", disk).results == warm.report.results)
  }
}

extension String {
  /// The text with a workspace's path replaced, so that it is the same everywhere.
  func hidingPath(of workspace: ToyWorkspace) -> String {
    replacing(workspace.path, with: "WORKSPACE")
  }
}
