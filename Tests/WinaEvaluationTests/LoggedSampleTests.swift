import Foundation
import Testing
import WinaEvaluation

/// Samples files that lm-evaluation-harness 0.4.13 wrote for the bundled model.
@Suite("Samples files") struct LoggedSampleTests {
  private static func logged(_ name: String) throws -> [OrderedJSON] {
    try HarnessFixture.records(HarnessFixture.folder + "samples_\(name).jsonl").map {
      try OrderedJSON(parsing: $0.bytes)
    }
  }

  private static func likelihoods(_ line: OrderedJSON) -> [Double] {
    (line["filtered_resps"]?.array ?? []).compactMap {
      $0.array?.first?.string.flatMap(Double.init)
    }
  }

  private static func output(_ report: TaskReport) -> HarnessOutput {
    HarnessOutput(
      [report], groups: [],
      run: HarnessOutput.Run(
        model: "./models/octet", parameters: 1, dtype: "float32", maxLength: 256, date: 1,
        seconds: 2, program: "test")
    ) { "<\($0)>" }
  }

  @Test("a task's own records and the harness's samples of them give the harness's numbers")
  func scores() throws {
    let evaluation = try HarnessFixture.octet()
    let own = try evaluation.run(
      HarnessFixture.toys, records: HarnessFixture.records(HarnessFixture.folder + "toys.jsonl"))
    let records = try HarnessFixture.records(HarnessFixture.folder + "samples_toys.jsonl")
    let imported = try evaluation.run(
      BenchmarkTask.samples(label: "toys").reporting(BenchmarkTask.loggedMetrics(records)),
      records: records)
    struct Results: Decodable { var results: [String: [String: HarnessFixture.Number]] }
    let printed = try HarnessFixture.read("results.json", as: Results.self).results["toys"] ?? [:]
    for report in [own, imported] {
      let theirs = try Self.logged("toys")
      #expect(report.items.count == theirs.count)
      for (item, line) in zip(report.items, theirs) {
        let values = item.logLikelihoods + item.unconditional
        #expect(values.count == 6)
        for (value, expected) in zip(values, Self.likelihoods(line)) {
          #expect(abs(value - expected) < 1e-3)
        }
      }
      #expect(report.results.count == 6)
      for result in report.results {
        let value = try #require(printed["\(result.metric.rawValue),none"]?.value)
        #expect(abs(result.value - value) < 1e-4, "\(result.metric)")
        let error = printed["\(result.metric.rawValue)_stderr,none"]?.value
        #expect((error == nil) == (result.standardError == nil), "\(result.metric)")
        if let error, let own = result.standardError { #expect(abs(own - error) < 1e-12) }
      }
    }
  }

  @Test("our lines have the harness's members, requests, targets and hashed texts")
  func lines() throws {
    let report = try HarnessFixture.octet().run(
      HarnessFixture.toys, records: HarnessFixture.records(HarnessFixture.folder + "toys.jsonl"))
    for (text, theirs) in zip(Self.output(report).samples(of: report), try Self.logged("toys")) {
      let ours = try OrderedJSON(parsing: Array(text.utf8))
      for key in ["doc_id", "doc", "target", "arguments", "filter", "acc", "acc_norm", "acc_bytes"]
      {
        #expect(ours[key] == theirs[key], "\(key)")
      }
      guard case .object(let members) = theirs else { return }
      for member in members { #expect(ours[member.name] != nil, "\(member.name)") }
      #expect(ours["doc_hash"]?.string?.hasPrefix("<{\n  \"id\": ") == true)
      #expect(ours["target_hash"]?.string == "<\(theirs["target"]?.string ?? "")>")
    }
  }

  @Test("our own samples give the same numbers again")
  func roundTrip() throws {
    let evaluation = try HarnessFixture.octet()
    let first = try evaluation.run(
      HarnessFixture.toys, records: HarnessFixture.records(HarnessFixture.folder + "toys.jsonl"))
    let records = Self.output(first).samples(of: first).enumerated().map { index, line in
      TaskEvaluation.Record(
        bytes: Array(line.utf8), origin: RecordOrigin(file: "samples", line: index + 1))
    }
    let second = try evaluation.run(
      BenchmarkTask.samples(label: "toys").reporting(BenchmarkTask.loggedMetrics(records)),
      records: records)
    #expect(second.results == first.results)
    #expect(second.items.map(\.logLikelihoods) == first.items.map(\.logLikelihoods))
    #expect(second.items.map(\.unconditional) == first.items.map(\.unconditional))
    #expect(second.items.map(\.document.target) == first.items.map(\.document.target))
  }

  @Test("answers are generated as by the harness, or only their targets scored")
  func generated() throws {
    let records = try HarnessFixture.records(HarnessFixture.folder + "samples_sums.jsonl")
    let task = BenchmarkTask.samples(label: "sums").reporting(BenchmarkTask.loggedMetrics(records))
    let scored = try HarnessFixture.octet().run(task, records: records)
    #expect(records.count == 6 && scored.items.count == 3)
    #expect(scored.results.isEmpty && scored.items.allSatisfy { $0.answer == nil })
    for item in scored.items {
      guard case .continuation(let continuation) = item.document.item else {
        Issue.record("not a continuation")
        return
      }
      #expect(continuation.request.continuation == " " + item.document.target)
      #expect(continuation.request.context.contains("\n\nQuestion: "))
      #expect(item.logLikelihoods[0] < 0)
    }
    let octet = try HarnessFixture.octet()
    let generating = TaskEvaluation(
      evaluator: octet.evaluator, encoder: octet.encoder, generates: true)
    let report = try generating.run(task, records: records, jobs: 2)
    #expect(report.results.map(\.filter) == ["strict-match", "flexible-extract"])
    let lines = try Self.output(report).samples(of: report).map {
      try OrderedJSON(parsing: Array($0.utf8))
    }
    let theirs = try Self.logged("sums")
    #expect(lines.count == 6 && theirs.count == 6)
    for (ours, theirs) in zip(lines, theirs) {
      for key in ["doc_id", "target", "arguments", "resps", "filtered_resps", "filter"] {
        #expect(ours[key] == theirs[key], "\(key)")
      }
      #expect(ours["exact_match"] == theirs["exact_match"])
    }
  }

  @Test("where contexts differ, the record tells which is right")
  func contexts() throws {
    func gold(_ line: String) throws -> Int {
      let origin = RecordOrigin(file: "f", line: 1)
      let sample = try LoggedSample(
        OrderedJSON(parsing: Array(line.utf8)), task: "pronouns", origin: origin)
      guard case .choices(let item) = sample.item else { return -1 }
      #expect(item.prompt == "The " && item.requests.count == 2)
      return item.gold
    }
    let arguments =
      #""arguments": {"gen_args_0": {"arg_0": "The cat", "arg_1": " ran."}, "gen_args_1": {"arg_0": "The dog", "arg_1": " ran."}}"#
    #expect(try gold(#"{"doc": {"label": 1}, "target": "ran.", \#(arguments)}"#) == 1)
    let scored = #""filtered_resps": [["-2.0", "False"], ["-1.0", "False"]]"#
    #expect(
      try gold(#"{"doc": {}, "target": "ran.", "acc": 0.0, \#(scored), \#(arguments)}"#) == 0)
    #expect(
      try gold(#"{"doc": {}, "target": "ran.", "acc": 1.0, \#(scored), \#(arguments)}"#) == 1)
    let error = #expect(throws: EvaluationError.self) {
      try gold(#"{"doc": {}, "target": "ran.", \#(arguments)}"#)
    }
    #expect(error?.message.contains("'target'") == true)
    #expect(throws: EvaluationError.self) { try gold(#"{"doc": {}, "target": "ran."}"#) }
  }

  @Test("JSON is written back as Python writes it")
  func python() throws {
    let text =
      #"{"b": 1, "a": [1.0, 1e-05, 1e+16, -2], "c": {"é\n": "\u0001\"\\"}, "d": [], "e": {}}"#
    let value = try OrderedJSON(parsing: Array(text.utf8))
    #expect(value.dumped() == text)
    #expect(
      value.dumped(indent: 2).hasPrefix("{\n  \"b\": 1,\n  \"a\": [\n    1.0,\n    1e-05,"))
    #expect(value.dumped(indent: 2).hasSuffix("  \"d\": [],\n  \"e\": {}\n}"))
    #expect(OrderedJSON.double(9_007_199_254_740_994).dumped() == "9007199254740994.0")
    #expect(OrderedJSON.bool(true).pythonText == "True")
    for wrong in ["{", "{\"a\" 1}", "[1,]", "01x", "\"\u{1}\"", "nul", "{} x", "\"\\x\""] {
      #expect(throws: (any Error).self, "\(wrong)") { try OrderedJSON(parsing: Array(wrong.utf8)) }
    }
    let deep = String(repeating: "[", count: 5000)
    #expect(throws: (any Error).self) { try OrderedJSON(parsing: Array(deep.utf8)) }
    #expect(HarnessOutput.folder(of: "/a/b:c*?d") == "__a__b__c__d")
  }
}
