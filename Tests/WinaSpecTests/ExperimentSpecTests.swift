import Testing
import WinaDiagnostics
import WinaSpec
import WinaTestSupport

@Suite("Experiment spec") struct ExperimentSpecTests {
  @Test func theSpecOfTheDesignReadsWithoutAWord() throws {
    let (parsed, diagnostics) = Toy.parse(Toy.quickstart)
    #expect(diagnostics == [])
    let spec = try #require(parsed)
    #expect(spec.experiment.value == "quickstart")
    #expect(spec.question?.value.hasPrefix("Do cluster") == true)
    #expect(!spec.leaky)
    #expect(spec.stages.count == 11)
    #expect(spec.stages.map(\.kind.value).suffix(3) == ["classifier", "evaluate", "compare"])
    #expect(spec.cells().map(\.label) == ["s=0.25", "s=0.4", "s=0.5", "s=0.65"])
    let cell = spec.cells()[3]
    #expect(spec.stage("uniform", in: cell)?.node["sparsity"]?.inlineDescription == "0.65")
    #expect(spec.stage("clusters", in: cell)?.node["k"]?.scalar?.value == .int(8))
    #expect(spec.model(in: cell)?.value == "octet")
    let data = try #require(spec.data(in: cell))
    #expect(data.splits.map(\.share.value) == [0.4, 0.3, 0.1, 0.2])
    guard case .suite(let suite) = data.source else { throw Toy.Missing() }
    #expect(suite.value == "octet")
  }

  @Test func commentsAndKeyOrderChangeNothing() throws {
    let plain = try #require(Toy.parse(Toy.quickstart).spec)
    for seed in 0..<50 {
      var random = SeededGenerator(seed: UInt64(seed))
      var lines = Toy.quickstart.split(separator: "\n", omittingEmptySubsequences: false)
        .map(String.init)
      let stages = 9...17
      lines.replaceSubrange(stages, with: lines[stages].shuffled(using: &random))
      let commented = lines.map { Bool.random(using: &random) ? $0 + "  # note" : $0 }
      let spec = try #require(Toy.parse(commented.joined(separator: "\n")).spec)
      for (cell, other) in zip(plain.cells(), spec.cells()) {
        #expect(cell == other)
        for stage in plain.stages(in: cell) {
          #expect(spec.stage(stage.name.value, in: cell)?.node == stage.node)
        }
      }
    }
  }

  @Test func theNameIsTheKindUnlessOneIsGiven() throws {
    let spec = try #require(
      Toy.parse("experiment: t\nstages:\n  capture:\n  mine: {kind: capture, k: 1}\n").spec)
    #expect(spec.stages.map(\.kind.value) == ["capture", "capture"])
    #expect(spec.stages.map { $0.entries.map(\.key.value) } == [[], ["k"]])
    #expect(spec.stages[0].kind.range?.text == "capture")
  }

  @Test func aSpecWithoutModelOrDataHasNone() throws {
    let spec = try #require(Toy.parse("experiment: t\nstages: {command: {run: ls}}\n").spec)
    #expect(spec.model(in: SweepCell()) == nil)
    #expect(spec.data(in: SweepCell()) == nil)
    #expect(spec.cells() == [SweepCell()])
  }

  @Test func documentsKeepTheirOrderAndTheFolderOfTheirFile() throws {
    let spec = try #require(
      Toy.parse(
        """
        extends: ../base/data.yaml
        experiment: t
        data: {documents: {code: code.jsonl.zst, z: /abs/z.txt}, limit: 5, route_tokens: 16}
        stages: {capture: {}}
        """,
        files: ["studies/../base/data.yaml": "data: {documents: {wiki: wiki.txt}, split_seed: 3}"],
        path: "studies/spec.yaml"
      ).spec)
    let data = try #require(spec.data(in: SweepCell()))
    guard case .documents(let documents) = data.source else { throw Toy.Missing() }
    #expect(documents.map(\.label.value) == ["wiki", "code", "z"])
    #expect(
      documents.map { ExperimentSpec.path(of: $0.path) } == [
        "studies/../base/wiki.txt", "studies/code.jsonl.zst", "/abs/z.txt",
      ])
    #expect(data.limit?.value == 5)
    #expect(data.splitSeed?.value == 3)
    #expect(data.routeTokens?.value == 16)
  }

  @Test func tasksHaveDefinitionsAndSamplesOneOrMoreFiles() throws {
    func data(_ text: String) throws -> DataSpec {
      let spec = try #require(
        Toy.parse("experiment: t\nstages: {capture: {}}\ndata: \(text)\n").spec)
      return try #require(spec.data(in: SweepCell()))
    }
    let tasks = try data("{tasks: [a], path: b, definitions: c.yaml, strip_description: true}")
    #expect(tasks.definitions?.value == "c.yaml" && tasks.stripDescription?.value == true)
    for (text, paths) in [
      ("a.jsonl", ["a.jsonl"]), ("[a.jsonl, b.jsonl]", ["a.jsonl", "b.jsonl"]),
    ] {
      guard case .samples(let files) = try data("{samples: \(text)}").source else {
        throw Toy.Missing()
      }
      #expect(files.map(\.value) == paths)
    }
    let empty = Toy.parse("experiment: t\nstages: {capture: {}}\ndata: {samples: []}\n")
    #expect(empty.diagnostics.map(\.id) == ["spec.empty-source"])
  }

  @Test func tasksNeedAPath() {
    let text = "experiment: t\nstages: {capture: {}}\ndata: {tasks: [piqa]}\n"
    #expect(Toy.parse(text).diagnostics.map(\.message) == ["missing key 'path'"])
  }

  @Test func faultyDataInOneCellIsReportedOnce() {
    let found = Toy.parse(
      """
      experiment: t
      stages: {capture: {k: "${k}"}}
      vars: {k: 1}
      data: {suite: octet, limit: 10}
      sweep: {grid: {k: [1, 2, 3], data.limit: [5, 0]}}
      """
    ).diagnostics
    #expect(found.map(\.id) == ["spec.not-positive"])
  }
}

@Suite("extends") struct ExtendsTests {
  private let base = """
    experiment: base
    model: octet
    vars: {s: 0.5, k: 8}
    stages:
      capture: {scores: [wina, teal], exact: true}
      teal: {kind: profile, sparsity: "${s}"}
      clusters: {kind: cluster, k: "${k}", s: "${s}"}
    """

  @Test func mappingsMergeListsReplaceAndNullRemoves() throws {
    let (parsed, diagnostics) = Toy.parse(
      """
      extends: base.yaml
      experiment: child
      vars: {s: 0.25}
      stages:
        capture: {scores: [cats], exact: null}
        teal: null
        router: {kind: classifier}
      """, files: ["base.yaml": base])
    #expect(diagnostics == [])
    let spec = try #require(parsed)
    #expect(spec.experiment.value == "child")
    #expect(spec.stages.map(\.name.value) == ["capture", "clusters", "router"])
    #expect(spec.stages[0].node == Toy.node("{scores: [cats]}"))
    #expect(spec.vars.map { $0.value.range.file.path } == ["spec.yaml", "base.yaml"])
    #expect(spec.model?.range.file.path == "base.yaml")
  }

  @Test func laterBasesWinOverEarlierOnes() throws {
    let spec = try #require(
      Toy.parse(
        "extends: [a.yaml, b.yaml]\nstages: {capture: {}}\n",
        files: [
          "a.yaml": "experiment: a\nquestion: from a\n", "b.yaml": "experiment: b\n",
        ]
      ).spec)
    #expect(spec.experiment.value == "b")
    #expect(spec.question?.value == "from a")
  }

  @Test func theSameBaseMayBeReachedTwice() {
    let found = Toy.parse(
      "extends: [a.yaml, b.yaml]\nexperiment: t\nstages: {capture: {}}\n",
      files: [
        "a.yaml": "extends: c.yaml", "b.yaml": "extends: c.yaml", "c.yaml": "question: why",
      ]
    ).diagnostics
    #expect(found == [])
  }

  @Test func faultsOfABaseAreShownInTheBase() {
    let found = Toy.parse(
      "extends: base.yaml\nexperiment: t\nstages: {capture: {}}\n",
      files: ["base.yaml": "modle: octet\n"]
    ).diagnostics
    #expect(found.map { $0.range?.description } == ["base.yaml:1:1"])
  }
}
