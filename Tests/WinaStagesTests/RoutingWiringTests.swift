import Testing
import WinaPipeline
import WinaStages

/// What classifiers and routed arms ask for while planning, and what they refuse.
struct RoutingWiringTests {
  private static func stage(
    _ name: String, _ kind: String, _ params: JSONValue = [:], _ inputs: [String: [String]] = [:]
  ) -> WiredStage {
    WiredStage(name: name, kind: kind, params: params, inputs: inputs)
  }

  private static let plain: JSONValue = [
    "score": "wina", "sparsity": 0.5, "gate": "threshold", "centring": "none",
  ]

  private static let stages: [WiredStage] = [
    stage("tokenize", "tokenize"),
    stage("capture", "capture", ["scores": ["wina"]], ["tokens": ["tokenize"]]),
    stage("heavy", "capture", ["scores": ["wina_all"]], ["tokens": ["tokenize"]]),
    stage("clusters", "cluster", ["algorithm": "kmeans"], ["capture": ["capture"]]),
    stage("kinds", "cluster", ["algorithm": "label"], ["tokens": ["tokenize"]]),
    stage("pooled", "histogram", [:], ["capture": ["capture"]]),
    stage("weighted", "histogram", [:], ["capture": ["heavy"]]),
    stage("grouped", "histogram", [:], ["capture": ["capture"], "groups": ["clusters"]]),
    stage("by_kind", "histogram", [:], ["capture": ["capture"], "groups": ["kinds"]]),
    stage("uniform", "profile", plain, ["histogram": ["pooled"]]),
    stage("specific", "profile", plain, ["histogram": ["grouped"]]),
    stage("kind", "profile", plain, ["histogram": ["by_kind"]]),
    stage(
      "centred", "profile", ["score": "wina", "gate": "threshold", "centring": "group"],
      ["histogram": ["grouped"]]),
    stage("static", "profile", ["score": "wina", "gate": "static"], ["histogram": ["grouped"]]),
    stage("router", "classifier", [:], ["labels": ["clusters"], "tokens": ["tokenize"]]),
    stage("transform", "transform"),
    stage(
      "turned", "capture", ["scores": ["wina"]],
      ["tokens": ["tokenize"], "transform": ["transform"]]),
    stage("turned_groups", "histogram", [:], ["capture": ["turned"], "groups": ["clusters"]]),
    stage("turned_specific", "profile", plain, ["histogram": ["turned_groups"]]),
  ]

  private func templates(
    _ kind: String, _ params: [String: JSONValue], _ inputs: [String: [String]]
  ) throws -> [AnyTemplate] {
    let type = try #require(StageCatalog.registry[kind])
    let prepared = try type.prepare(KeyRecorder(params))
    #expect(prepared.problems == [])
    let own = WiredStage(name: "it", kind: kind, params: prepared.params, inputs: inputs)
    let all = RoutingWiringTests.stages + [own]
    return try prepared.templates(
      Wiring(
        stage: own, stages: Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) }),
        cells: [PlanCell(index: 0, assignment: [:])], isDocuments: true, data: DataSettings()))
  }

  private func problem(_ body: () throws -> [AnyTemplate]) -> PlanProblem? {
    do {
      _ = try body()
      return nil
    } catch {
      return error as? PlanProblem
    }
  }

  private func classifier(
    _ params: [String: JSONValue], _ more: [String: [String]] = [:]
  ) throws -> [AnyTemplate] {
    try templates(
      "classifier", params,
      ["labels": ["clusters"], "tokens": ["tokenize"], "capture": ["capture"]]
        .merging(more) { $1 })
  }

  private func arm(_ arm: JSONValue) throws -> AnyTemplate {
    try #require(
      try templates("evaluate", ["arms": ["arm": arm]], ["tokens": ["tokenize"]]).last)
  }

  private func armProblem(_ value: JSONValue) -> PlanProblem? { problem { [try arm(value)] } }

  @Test func aPlainRouterIsOneTask() throws {
    let made = try classifier([:])
    #expect(made.count == 1)
    #expect(made[0].params == ["features": "embedding", "model": "logistic", "l2": 0.001])
    #expect(Set(made[0].inputs.keys) == ["labels", "tokens", "capture", "model"])
  }

  @Test func featuresAndRegretsAreTasksOfShards() throws {
    let made = try classifier(
      ["features": "hidden", "layers": 3, "calibrate": true, "model": "knn"],
      ["profile": ["specific"]])
    #expect(made.map(\.item) == [nil, "features", "regret"])
    #expect(
      made[1].params
        == ["part": "features", "features": "hidden", "layers": 3, "pooling": "mean"])
    #expect(made[2].params == ["part": "regret"])
    #expect(Set(made[1].inputs.keys) == ["tokens", "model"])
    #expect(Set(made[2].inputs.keys) == ["tokens", "model", "profile"])
    #expect(made[1].fanOut == .perShard(asTarget: .routing))
    let regrets = ArtifactRequest("it", item: "regret", .split(.routing))
    #expect(made[0].inputs["regrets"] == .artifacts([regrets]))
    let others = ArtifactRequest("it", item: "features", .split(.validation))
    #expect(made[0].inputs["validation_features"] == .artifacts([others]))
    #expect(made[0].params["neighbours"] == 5)
    #expect(made[0].params["l2"] == nil)
    #expect(made[0].inputs["profile"] == nil)
  }

  @Test func whatTheModelDoesNotUseIsNoPartOfTheKey() throws {
    func params(_ model: String) throws -> JSONValue {
      try classifier(
        ["model": .string(model), "l2": 0.5, "hidden_units": 3, "neighbours": 2, "balance": 0.5])[0]
        .params
    }
    #expect(try params("majority") == ["features": "embedding", "model": "majority"])
    #expect(
      try params("mlp")
        == ["features": "embedding", "model": "mlp", "hidden_units": 3, "seed": 1])
    #expect(
      try params("moe_gate")
        == ["features": "embedding", "model": "moe_gate", "balance": 0.5, "seed": 1])
    #expect(
      try params("knn") == ["features": "embedding", "model": "knn", "neighbours": 2])
  }

  @Test func routersNeedWhatTheirModelAndFeaturesLookAt() {
    #expect(problem { try classifier(["model": "regret"]) }?.problem.path == ["model"])
    #expect(
      problem { try classifier([:], ["profile": ["kind"]]) }?.problem.message
        == "profile 'kind' has the groups 'kinds'")
    #expect(
      problem { try classifier([:], ["profile": ["uniform"]]) }?.problem.path == ["profile"])
    let turned = problem { try classifier([:], ["profile": ["turned_specific"]]) }
    #expect(turned?.problem.path == ["profile"])
    #expect(turned?.problem.message.contains("of the transformed model") == true)
    #expect(turned?.problem.help?.contains("without `transform`") == true)
    #expect(problem { try classifier([:], ["profile": ["specific"]]) } == nil)
    #expect(
      problem { try classifier(["features": "early_layers"]) }?.problem.path == ["features"])
    let weighted = problem {
      try classifier(["features": "early_layers"], ["histogram": ["weighted"]])
    }
    #expect(weighted?.related?.stage == "heavy")
    #expect(
      problem { try classifier(["features": "early_layers"], ["histogram": ["pooled"]]) } == nil)
    #expect(
      problem { try classifier([:], ["labels": ["clusters", "kinds"]]) }?.problem.path
        == ["labels"])
  }

  @Test func policiesAskForWhatTheyUse() throws {
    let hard = try arm(["profile": "specific", "route": "router"])
    #expect(hard.params == ["route": "classifier"])
    let fallback = try arm([
      "profile": "specific", "route": "router", "policy": "fallback", "fallback": "uniform",
    ])
    #expect(
      fallback.params == ["route": "classifier", "policy": "fallback", "confidence": 0.6])
    #expect(fallback.inputs["fallback"] == .artifacts([ArtifactRequest("uniform", .whole)]))
    let blend = try arm(["profile": "specific", "route": "router", "policy": "blend", "top": 2])
    #expect(blend.params == ["route": "classifier", "policy": "blend", "top": 2])
    let random = try arm(["profile": "specific", "route": "router", "policy": "random"])
    #expect(Set(random.inputs.keys) == ["tokens", "model", "profile", "dense"])
  }

  @Test(
    arguments: [
      (["profile": "specific", "route": "router", "policy": "fallback"], "policy"),
      (["profile": "specific", "route": "router", "confidence": 0.5], "confidence"),
      (["profile": "specific", "route": "router", "fallback": "uniform"], "fallback"),
      (["profile": "specific", "route": "router", "top": 2], "top"),
      (["profile": "specific", "route": "best", "policy": "random"], "policy"),
      (["profile": "specific", "route": "assign", "policy": "blend"], "policy"),
      (["profile": "kind", "route": "assign", "policy": "worst"], "policy"),
      (["profile": "centred", "route": "router", "policy": "blend"], "policy"),
      (["profile": "static", "route": "router", "policy": "blend"], "policy"),
      (["profile": "uniform", "policy": "random"], "policy"),
      (["policy": "random"], "policy"),
      (
        ["profile": "specific", "route": "router", "policy": "fallback", "fallback": "specific"],
        "fallback"
      ),
      (
        [
          "profile": "specific", "route": "assign", "policy": "fallback", "fallback": "uniform",
          "confidence": 0.5,
        ], "confidence"
      ),
    ] as [([String: JSONValue], String)])
  func policiesThatCannotBeServedAreRefused(
    value: [String: JSONValue], key: String
  ) throws {
    let found = try #require(armProblem(.object(value)))
    #expect(found.problem.path == ["arms", "arm", key])
    #expect(found.problem.help?.isEmpty == false)
  }

  @Test func numbersOutOfRangeAreRefused() throws {
    func problems(_ kind: String, _ params: [String: JSONValue]) throws -> [[String]] {
      try #require(StageCatalog.registry[kind]).prepare(KeyRecorder(params)).problems.map(\.path)
    }
    #expect(
      try problems("evaluate", ["arms": ["a": ["confidence": 1.5, "top": 0]]])
        == [["arms", "a", "confidence"], ["arms", "a", "top"]])
    #expect(
      try problems(
        "classifier",
        [
          "layers": 0, "buckets": 0, "neighbours": 0, "hidden_units": 0, "balance": -1, "l2": -1,
          "sparsity": 1,
        ]
      ).count == 7)
    #expect(
      try problems("classifier", ["calibrate": true, "split": "validation"]) == [["calibrate"]])
    #expect(try problems("classifier", ["leave_out": true]) == [["leave_out"]])
  }
}
