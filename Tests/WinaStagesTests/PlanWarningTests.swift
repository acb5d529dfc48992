import Testing
import WinaPipeline
import WinaStages

/// What stages warn of while planning: specs that run but may not show what they are to show.
struct PlanWarningTests {
  private static let tokens = WiredStage(
    name: "tokenize", kind: "tokenize",
    params: ["dense_prefix": 1, "dense_fraction": 0, "prompt": "gated"], inputs: [:])
  private static let stages: [WiredStage] = [
    tokens,
    WiredStage(
      name: "capture", kind: "capture", params: ["scores": ["wina"]],
      inputs: ["tokens": ["tokenize"]]),
    WiredStage(
      name: "clusters", kind: "cluster", params: ["algorithm": "kmeans"],
      inputs: ["capture": ["capture"], "tokens": ["tokenize"]]),
    WiredStage(
      name: "pooled", kind: "histogram", params: [:], inputs: ["capture": ["capture"]]),
    WiredStage(
      name: "uniform", kind: "profile", params: ["score": "wina"],
      inputs: ["histogram": ["pooled"]]),
  ]

  private func warnings(
    _ kind: String, _ params: [String: JSONValue], inputs: [String: [String]] = [:],
    more: [WiredStage] = [], isDocuments: Bool = false, data: DataSettings = DataSettings()
  ) throws -> [PlanProblem] {
    let stage = try #require(StageCatalog.registry[kind])
    let prepared = try stage.prepare(KeyRecorder(params))
    #expect(prepared.problems == [])
    let own = WiredStage(name: "it", kind: kind, params: prepared.params, inputs: inputs)
    return prepared.warnings(
      Wiring(
        stage: own,
        stages: Dictionary((Self.stages + more + [own]).map { ($0.name, $0) }) { $1 },
        cells: [PlanCell(index: 0, assignment: [:])], isDocuments: isDocuments, data: data))
  }

  @Test func theFirstTokenShouldStayDense() throws {
    let found = try warnings("tokenize", ["dense_prefix": 0])
    #expect(found.map(\.id) == ["plan.gated-sink"])
    #expect(found[0].problem.path == ["dense_prefix"])
    #expect(try warnings("tokenize", [:]).isEmpty)
    #expect(try warnings("tokenize", ["dense_prefix": 0, "dense_fraction": 0.01]).isEmpty)
    #expect(try warnings("tokenize", ["dense_prefix": 0, "prompt": "half"]).isEmpty)
    // Routing tokens of documents are dense anyway.
    #expect(try warnings("tokenize", ["dense_prefix": 0], isDocuments: true).isEmpty)
    #expect(
      try warnings(
        "tokenize", ["dense_prefix": 0], isDocuments: true, data: DataSettings(routeTokens: 0)
      ).map(\.id) == ["plan.gated-sink"])
  }

  @Test func aDensePromptLeavesLittleToGate() throws {
    let found = try warnings("tokenize", ["prompt": "dense"])
    #expect(found.map(\.id) == ["plan.dense-prompt"])
    #expect(found[0].problem.path == ["prompt"])
    #expect(try warnings("tokenize", ["prompt": "dense"], isDocuments: true).isEmpty)
  }

  @Test(arguments: ["evaluate", "latency"])
  func profilesAreCalibratedUnderThePolicyTheyAreUsedUnder(_ kind: String) throws {
    func found(_ params: [String: JSONValue]) throws -> [PlanProblem] {
      let other = WiredStage(
        name: "other", kind: "tokenize",
        params: .object(
          ["dense_prefix": 1, "dense_fraction": 0, "prompt": "gated"].merging(params) { $1 }),
        inputs: [:])
      return try warnings(
        kind, ["arms": ["sparse": ["profile": "uniform"], "zero": [:]]],
        inputs: ["tokens": ["other"]], more: [other])
    }
    #expect(try found([:]).isEmpty)
    #expect(try found(["max_tokens": 8]).isEmpty)
    let prefix = try found(["dense_prefix": 4, "prompt": "half"])
    #expect(prefix.map(\.id) == ["plan.mixed-policies"])
    #expect(prefix[0].problem.path == ["arms", "sparse", "profile"])
    #expect(prefix[0].problem.message.contains("'dense_prefix' and 'prompt'"))
    #expect(prefix[0].related?.stage == "tokenize")
    #expect(prefix[0].related?.path == ["dense_prefix"])
  }

  @Test func timingsNeedWarmCachesAndRepetitions() throws {
    let inputs = ["tokens": ["tokenize"]]
    let found = try warnings(
      "latency", ["generated_tokens": 29, "warm_up": 0, "repeats": 2], inputs: inputs)
    #expect(found.map(\.problem.path) == [["generated_tokens"], ["warm_up"], ["repeats"]])
    #expect(try warnings("latency", [:], inputs: inputs).isEmpty)
    #expect(
      try warnings(
        "latency", ["generated_tokens": 30, "warm_up": 1, "repeats": 3], inputs: inputs
      ).isEmpty)
  }

  @Test func randomGroupsOfEqualSizesAreNoControl() throws {
    let found = try warnings(
      "cluster", ["algorithm": "random", "k": 3], inputs: ["tokens": ["tokenize"]])
    #expect(found.map(\.id) == ["plan.unmatched-control"])
    #expect(found[0].problem.help?.contains("like: clusters") == true)
    #expect(
      try warnings(
        "cluster", ["algorithm": "random"],
        inputs: ["tokens": ["tokenize"], "like": ["clusters"]]
      ).isEmpty)
  }

  @Test func promptsShouldNotNameTheLabel() throws {
    let inputs = ["tokens": ["tokenize"], "capture": ["capture"]]
    let mmlu = DataSettings(tasks: ["mmlu", "piqa"])
    let found = try warnings("cluster", ["k": 3], inputs: inputs, data: mmlu)
    #expect(found.map(\.id) == ["plan.subject-in-prompt"])
    #expect(found[0].problem.message.hasPrefix("prompts of mmlu name"))
    let router = try warnings(
      "classifier", [:], inputs: ["labels": ["clusters"], "tokens": ["tokenize"]], data: mmlu)
    #expect(router.map(\.id) == ["plan.subject-in-prompt"])
    for data in [
      DataSettings(tasks: ["mmlu"], stripsDescriptions: true),
      DataSettings(tasks: ["piqa", "own"]),
    ] {
      #expect(try warnings("cluster", ["k": 3], inputs: inputs, data: data).isEmpty)
    }
    #expect(try warnings("cluster", ["algorithm": "label"], inputs: inputs, data: mmlu).isEmpty)
  }

  private func comparison(_ params: [String: JSONValue]) throws -> [PlanProblem] {
    let evaluate = WiredStage(
      name: "evaluate", kind: "evaluate",
      params: [
        "arms": [
          "uniform": ["profile": "uniform"],
          "assigned": ["profile": "uniform", "route": "assign"],
          "oracle": ["profile": "uniform", "route": "best"],
        ]
      ], inputs: ["tokens": ["tokenize"]])
    return try warnings(
      "compare", params, inputs: ["results": ["evaluate"]], more: [evaluate])
  }

  @Test func aNullNeedsTwentyControls() throws {
    let found = try comparison(["controls": ["stage": "shuffled", "repeat": 19]])
    #expect(found.map(\.id) == ["plan.few-controls"])
    #expect(found[0].problem.path == ["controls", "repeat"])
    #expect(found[0].problem.message.contains("1/20"))
    #expect(try comparison(["controls": ["stage": "shuffled", "repeat": 20]]).isEmpty)
    #expect(try comparison([:]).isEmpty)
  }

  @Test func anOracleOfRepeatedControlsIsCostly() throws {
    let evaluate = WiredStage(
      name: "evaluate", kind: "evaluate",
      params: [
        "arms": [
          "assigned": ["profile": "control", "route": "assign"],
          "oracle": ["profile": "control", "route": "best"],
        ]
      ], inputs: ["tokens": ["tokenize"]])
    let profile = WiredStage(
      name: "control", kind: "profile", params: [:], inputs: ["histogram": ["shuffled"]])
    let groups = WiredStage(name: "shuffled", kind: "cluster", params: [:], inputs: [:])
    func warned(_ stage: String, _ count: Int) throws -> [PlanProblem] {
      try warnings(
        "compare", ["controls": ["stage": .string(stage), "repeat": .int(count)]],
        inputs: ["results": ["evaluate"]], more: [evaluate, profile, groups])
    }
    let found = try warned("shuffled", 20)
    #expect(found.map(\.id) == ["plan.costly-control"])
    #expect(found[0].problem.message.contains("'oracle' scores every group of 20"))
    #expect(found[0].related?.path == ["arms", "oracle", "route"])
    #expect(try warned("another", 20).isEmpty)
  }

  @Test(arguments: ["oracle - uniform", "assigned - oracle"])
  func anOracleIsNoEndpoint(_ contrast: String) throws {
    let found = try comparison(["primary": ["metric": "kl", "contrast": .string(contrast)]])
    #expect(found.map(\.id) == ["plan.oracle-endpoint"])
    #expect(found[0].related?.path == ["arms", "oracle", "route"])
    #expect(
      try comparison(["primary": ["metric": "kl", "contrast": "assigned - uniform"]]).isEmpty)
  }
}
