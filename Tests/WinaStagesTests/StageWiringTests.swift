import Testing
import WinaPipeline
import WinaStages

/// What stages ask for while planning, and what they refuse.
struct StageWiringTests {
  private static let tokens = WiredStage(
    name: "tokenize", kind: "tokenize", params: ["max_tokens": 64, "dense_prefix": 1], inputs: [:])
  private static let capture = WiredStage(
    name: "capture", kind: "capture", params: ["scores": ["wina", "teal"]],
    inputs: ["tokens": ["tokenize"]])

  static func clusters(
    _ name: String, algorithm: String = "kmeans", params: [String: JSONValue] = [:]
  ) -> WiredStage {
    WiredStage(
      name: name, kind: "cluster",
      params: .object(["algorithm": .string(algorithm), "seed": 1].merging(params) { $1 }),
      inputs: ["tokens": ["tokenize"], "capture": ["capture"]])
  }

  private static func histogram(_ name: String, groups: String? = nil) -> WiredStage {
    var inputs = ["capture": ["capture"]]
    inputs["groups"] = groups.map { [$0] }
    return WiredStage(
      name: name, kind: "histogram", params: ["split": "calibration"], inputs: inputs)
  }

  static func profile(
    _ name: String, _ histogram: String, centring: String = "none"
  ) -> WiredStage {
    WiredStage(
      name: name, kind: "profile",
      params: [
        "score": "wina", "sparsity": 0.5, "gate": "threshold", "centring": .string(centring),
      ], inputs: ["histogram": [histogram]])
  }

  private static func router(_ name: String, _ labels: String) -> WiredStage {
    WiredStage(
      name: name, kind: "classifier", params: [:],
      inputs: ["labels": [labels], "tokens": ["tokenize"]])
  }

  private static let stages: [WiredStage] = [
    tokens, capture, clusters("clusters"), clusters("kinds", algorithm: "label"),
    clusters("shuffled", algorithm: "random"), histogram("pooled"),
    histogram("grouped", groups: "clusters"), histogram("by_kind", groups: "kinds"),
    histogram("mixed", groups: "shuffled"), profile("uniform", "pooled"),
    profile("specific", "grouped"), profile("kind", "by_kind"), profile("control", "mixed"),
    router("router", "clusters"), router("other", "kinds"),
  ]

  func templates(
    _ kind: String, _ params: [String: JSONValue], inputs: [String: [String]] = [:],
    more: [WiredStage] = [], cells: [PlanCell] = [PlanCell(index: 0, assignment: [:])],
    byCell: [WiredStage] = []
  ) throws -> [AnyTemplate] {
    let stage = try #require(StageCatalog.registry[kind])
    let prepared = try stage.prepare(KeyRecorder(params))
    #expect(prepared.problems == [])
    let own = WiredStage(name: "it", kind: kind, params: prepared.params, inputs: inputs)
    let all = StageWiringTests.stages + more + [own]
    let stages = Dictionary(all.map { ($0.name, $0) }) { $1 }
    return try prepared.templates(
      Wiring(
        stage: own, stages: stages, cells: cells,
        surroundings: byCell.map { changed in
          Wiring.Surroundings(
            stages: stages.merging([changed.name: changed]) { $1 }, isDocuments: true,
            data: DataSettings(routeTokens: 8))
        },
        isDocuments: true, data: DataSettings(routeTokens: 8)))
  }

  func problem(_ body: () throws -> [AnyTemplate]) -> PlanProblem? {
    do {
      _ = try body()
      return nil
    } catch {
      return error as? PlanProblem
    }
  }

  private func profileProblem(
    _ params: [String: JSONValue], histogram: String
  ) -> PlanProblem? {
    problem {
      try templates(
        "profile", ["sparsity": 0.5].merging(params) { $1 }, inputs: ["histogram": [histogram]])
    }
  }

  @Test func aGroupedTopKProfileCannotDifferFromThePooledOne() {
    let found = profileProblem(["gate": "topk"], histogram: "grouped")
    #expect(found?.id == "plan.no-effect")
    #expect(found?.problem.path == ["gate"])
    #expect(found?.related?.stage == "grouped")
    #expect(profileProblem(["gate": "topk", "centring": "group"], histogram: "grouped") == nil)
    #expect(profileProblem(["gate": "topk"], histogram: "pooled") == nil)
  }

  @Test func groupMeansNeedGroups() {
    let found = profileProblem(["centring": "group"], histogram: "pooled")
    #expect(found?.id == "plan.no-groups")
    #expect(found?.problem.path == ["centring"])
    #expect(profileProblem(["centring": "global"], histogram: "pooled") == nil)
  }

  @Test func aScoreMustHaveBeenCaptured() {
    let found = profileProblem(["score": "cats"], histogram: "pooled")
    #expect(found?.id == "plan.score-not-captured")
    #expect(found?.related?.stage == "capture")
    #expect(found?.related?.path == ["scores"])
    #expect(found?.problem.help?.contains("wina, teal") == true)
  }

  private func armProblem(_ arm: JSONValue) -> PlanProblem? {
    problem {
      try templates("evaluate", ["arms": ["arm": arm]], inputs: ["tokens": ["tokenize"]])
    }
  }

  @Test func armsAndRoutesMustFit() {
    #expect(
      armProblem(["profile": "uniform", "route": "assign"])?.problem.path
        == ["arms", "arm", "route"])
    #expect(armProblem(["profile": "specific"])?.problem.path == ["arms", "arm"])
    #expect(armProblem(["route": "assign"])?.problem.path == ["arms", "arm", "route"])
    let other = armProblem(["profile": "specific", "route": "other"])
    #expect(other?.problem.message.contains("routes to the clusters 'kinds'") == true)
    #expect(other?.problem.help?.contains("labels: clusters") == true)
    #expect(armProblem(["profile": "specific", "route": "rooter"])?.id == "plan.unknown-stage")
    #expect(
      armProblem(["profile": "specific", "route": "rooter"])?.problem.help?
        .contains("did you mean 'router'?") == true)
    #expect(armProblem(["profile": "pooled"])?.id == "plan.wrong-kind")
    #expect(
      problem {
        try templates("evaluate", ["arms": ["dense": ["profile": "uniform"]]])
      }?.id == "plan.dense-arm")
  }

  @Test func everyArmButTheDenseOneTakesTheDenseScores() throws {
    let made = try templates(
      "evaluate", ["arms": ["routed": ["profile": "specific", "route": "router"]]],
      inputs: ["tokens": ["tokenize"]])
    #expect(made.map(\.item) == ["dense", "routed"])
    let dense = ArtifactRequest("it", item: "dense", .sameShard)
    #expect(made[1].inputs["dense"] == .artifacts([dense]))
    #expect(made[1].inputs["router"] == .artifacts([ArtifactRequest("router", .whole)]))
    #expect(made[1].params == ["route": "classifier"])
    #expect(made[0].params == [:])
  }

  @Test func onlyKMeansNeedsActivationsToAssign() throws {
    let made = try templates(
      "evaluate",
      [
        "arms": [
          "a": ["profile": "specific", "route": "assign"],
          "b": ["profile": "kind", "route": "assign"],
        ]
      ], inputs: ["tokens": ["tokenize"]])
    let byItem = Dictionary(uniqueKeysWithValues: made.map { ($0.item ?? "", $0) })
    #expect(
      byItem["a"]?.inputs["capture"] == .artifacts([ArtifactRequest("capture", .sameShard)]))
    #expect(byItem["b"]?.inputs["capture"] == nil)
  }

  func request(_ templates: [AnyTemplate], _ port: String) throws -> ArtifactRequest {
    guard case .artifacts(let requests)? = templates[0].inputs[port] else {
      throw ArtifactError("port '\(port)' takes no artifacts")
    }
    return try #require(requests.first)
  }

  @Test func centringAsksForASecondPassWithTheMeansOfTheFirst() throws {
    let made = try templates(
      "profile", ["sparsity": 0.5, "centring": "group"], inputs: ["histogram": ["grouped"]])
    #expect(try request(made, "means") == ArtifactRequest("grouped", .whole))
    let variant = try request(made, "histogram").variant
    #expect(variant.params == ["centring": "group", "scores": ["wina"]])

    let second = try templates(
      "histogram", variant.params,
      inputs: ["capture": ["capture"], "groups": ["clusters"]])
    let pass = try request(second, "capture").variant
    #expect(pass.params == ["centring": "group", "scores": ["wina"]])
    #expect(Set(pass.inputs.keys) == ["means", "clusters", "uncentred"])
    #expect(pass.inputs["means"] == .artifacts([ArtifactRequest("it", .whole)]))
  }

  @Test func exactGroupsAskForASecondPassAndPooledHistogramsForNone() throws {
    let made = try templates(
      "histogram", ["exact": true], inputs: ["capture": ["capture"], "groups": ["kinds"]])
    let pass = try request(made, "capture").variant
    #expect(pass.params == ["exact": true])
    #expect(Set(pass.inputs.keys) == ["clusters"])
    #expect(pass.label == "exact:it")
    let pooled = try templates("histogram", ["exact": true], inputs: ["capture": ["capture"]])
    #expect(try request(pooled, "capture").variant == Variant())
    let both = try templates(
      "histogram", ["exact": true, "centring": "global", "scores": ["teal"]],
      inputs: ["capture": ["capture"], "groups": ["clusters"]])
    let variant = try request(both, "capture").variant
    #expect(Set(variant.inputs.keys) == ["means", "clusters", "uncentred"])
    #expect(variant.params["exact"] == true)
  }

  @Test func clustersOfWordsReadTokensAndNoActivations() throws {
    let inputs = ["tokens": ["tokenize"], "capture": ["capture"]]
    let made = try templates(
      "cluster", ["k": 3, "features": "bag_of_tokens", "score": "teal"], inputs: inputs)
    #expect(Set(made[0].inputs.keys) == ["tokens"])
    #expect(made[0].params["features"] == "bag_of_tokens")
    #expect(made[0].params["score"] == nil)
    #expect(try templates("cluster", ["k": 3], inputs: inputs)[0].params["features"] == nil)

    let words = StageWiringTests.clusters("words", params: ["features": "bag_of_tokens"])
    let byWords = StageWiringTests.histogram("by_words", groups: "words")
    let histogram = try templates(
      "histogram", [:], inputs: ["capture": ["capture"], "groups": ["words"]], more: [words])
    #expect(
      try request(histogram, "tokens") == ArtifactRequest("tokenize", .split(.calibration)))
    let exact = try templates(
      "histogram", ["exact": true], inputs: ["capture": ["capture"], "groups": ["words"]],
      more: [words])
    #expect(Set(try request(exact, "capture").variant.inputs.keys) == ["clusters"])
    let arms = try templates(
      "evaluate", ["arms": ["a": ["profile": "wordy", "route": "assign"]]],
      inputs: ["tokens": ["tokenize"]],
      more: [words, byWords, StageWiringTests.profile("wordy", "by_words")])
    #expect(arms[1].inputs["capture"] == nil && arms[1].inputs["clusters"] != nil)
  }

  @Test func cellsThatScoreOtherSamplesCannotBeCompared() throws {
    let evaluate = WiredStage(
      name: "evaluate", kind: "evaluate",
      params: ["arms": ["uniform": ["profile": "uniform"]], "split": "test"],
      inputs: ["tokens": ["tokenize"]])
    let cells = ["calibration", "test"].enumerated().map { index, split in
      PlanCell(index: index, assignment: ["evaluate.split": .string(split)])
    }
    let found = problem {
      try templates(
        "compare", [:], inputs: ["results": ["evaluate"]], more: [evaluate], cells: cells)
    }
    #expect(found?.id == "plan.other-samples")
    #expect(found?.problem.help?.contains("--set evaluate.split") == true)
  }

  @Test func clustersAskForWhatTheirAlgorithmReads() throws {
    let inputs = ["tokens": ["tokenize"], "capture": ["capture"]]
    let kmeans = try templates("cluster", ["k": 3], inputs: inputs)
    #expect(Set(kmeans[0].inputs.keys) == ["capture", "tokens"])
    let label = try templates("cluster", ["algorithm": "label"], inputs: inputs)
    #expect(Set(label[0].inputs.keys) == ["tokens"])
    #expect(label[0].params == ["algorithm": "label"])
    let random = try templates(
      "cluster", ["algorithm": "random"], inputs: inputs.merging(["like": ["clusters"]]) { $1 })
    #expect(Set(random[0].inputs.keys) == ["tokens", "like"])
    #expect(
      problem { try templates("cluster", ["algorithm": "random"], inputs: inputs) }?.id
        == "plan.random-clusters")
    #expect(
      problem {
        try templates(
          "cluster", ["k": 2], inputs: inputs.merging(["like": ["clusters"]]) { $1 })
      }?.id == "plan.like")
  }

  @Test func halvesOfSamplesTakeTwoPasses() throws {
    let inputs = ["tokens": ["tokens"], "capture": ["capture"]]
    let made = try templates("cluster", ["k": 3, "halves": true], inputs: inputs)
    for half in ["first", "second"] {
      let variant = try request(made, "\(half)_half").variant
      #expect(variant.params["features"] == ["kind": "mean_score", "half": .string(half)])
    }
    #expect(try templates("cluster", ["k": 3], inputs: inputs)[0].params["halves"] == nil)
    let words = try templates(
      "cluster", ["k": 3, "halves": true, "features": "bag_of_tokens"], inputs: inputs)[0]
    #expect(Set(words.inputs.keys) == ["tokens"])
    #expect(words.params["halves"] == true)
  }

  @Test func aCommandMayReadOnlyStagesThatThereAre() throws {
    let found = problem {
      try templates("command", ["run": "cat {in.nothing} > {out}", "inputs": ["nothing"]])
    }
    #expect(found?.id == "plan.unknown-stage")
    let made = try templates(
      "command",
      ["run": "cat {in.evaluate} {in.pooled} > {out}", "inputs": ["evaluate", "pooled"]],
      more: [StageWiringTests.evaluate])
    guard case .artifacts(let requests)? = made[0].inputs["artifacts"] else {
      Issue.record("no artifacts are asked for")
      return
    }
    #expect(requests.map(\.item) == ["kinds", "plain", "random", "routed", "zero", nil])
    #expect(requests.last == ArtifactRequest("pooled", .whole))
  }

  @Test func onlyAProfileOfGroupsIsRouted() throws {
    func found(_ arm: JSONValue) -> PlanProblem? {
      problem {
        try templates("latency", ["arms": ["fast": arm]], inputs: ["tokens": ["tokens"]])
      }
    }
    #expect(found(["profile": "specific", "route": "router"]) == nil)
    let dense = found(["route": "router"])
    #expect(dense?.id == "plan.latency-route")
    #expect(dense?.problem.help == "give arm 'fast' a profile, or remove its route")
    #expect(found(["profile": "specific", "route": "clusters"])?.id == "plan.wrong-kind")
  }
}
