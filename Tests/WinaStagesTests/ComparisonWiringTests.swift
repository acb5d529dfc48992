import Testing
import WinaPipeline
import WinaStages

/// What a comparison asks for, and the endpoints, controls and seeds that it refuses.
extension StageWiringTests {
  static let evaluate = WiredStage(
    name: "evaluate", kind: "evaluate",
    params: [
      "split": "test",
      "arms": [
        "zero": [:], "plain": ["profile": "uniform"],
        "routed": ["profile": "specific", "route": "router"],
        "kinds": ["profile": "kind", "route": "assign"],
        "random": ["profile": "control", "route": "assign"],
      ],
    ], inputs: ["tokens": ["tokenize"]])
  private static let twoCells = [
    PlanCell(index: 0, assignment: ["s": 0.65]), PlanCell(index: 1, assignment: ["s": 0.5]),
  ]

  private func comparison(
    _ params: [String: JSONValue], cells: [PlanCell] = twoCells
  ) throws -> [AnyTemplate] {
    try templates(
      "compare", params, inputs: ["results": ["evaluate"]], more: [StageWiringTests.evaluate],
      cells: cells)
  }

  @Test func thePrimaryEndpointMustBeOneNumber() {
    func found(_ primary: JSONValue) -> PlanProblem? {
      problem { try comparison(["primary": primary]) }
    }
    let unknown = found(["metric": "kl", "contrast": "routed - uniform", "at": ["s": 0.5]])
    #expect(unknown?.id == "plan.unknown-arm")
    #expect(unknown?.problem.help?.contains("plain") == true)
    #expect(
      found(["metric": "kl", "contrast": "routed - plain", "at": ["s": 0.4]])?.id == "plan.no-cell")
    let many = found(["metric": "kl", "contrast": "routed - plain"])
    #expect(many?.id == "plan.many-cells")
    #expect(many?.problem.help?.contains("a value for each of s") == true)
    #expect(found(["metric": "kl", "contrast": "routed - plain", "at": ["s": 0.5]]) == nil)
  }

  @Test func anEndpointOfAVariableThatIsNotSweptIsNotMeasured() throws {
    let primary: JSONValue = ["metric": "kl", "contrast": "routed - plain", "at": ["s": 0.5]]
    let cells = [PlanCell(index: 0, assignment: [:])]
    #expect(problem { try comparison(["primary": primary], cells: cells) } == nil)
    let typo: JSONValue = ["metric": "kl", "contrast": "routed - plain", "at": ["t": 0.5]]
    #expect(problem { try comparison(["primary": typo]) }?.id == "plan.no-cell")
  }

  @Test func aCellMayBeNamedByAWord() throws {
    let cells = [
      PlanCell(index: 0, assignment: ["score": "wina"]),
      PlanCell(index: 1, assignment: ["score": "teal"]),
    ]
    let primary: JSONValue = [
      "metric": "kl", "contrast": "routed - plain", "at": ["score": "teal"],
    ]
    #expect(problem { try comparison(["primary": primary], cells: cells) } == nil)
  }

  @Test func controlsVaryOnlyRandomClusters() throws {
    func found(_ stage: String) -> PlanProblem? {
      problem { try comparison(["controls": ["stage": .string(stage), "repeat": 2]]) }
    }
    #expect(found("clusters")?.id == "plan.controls")
    #expect(found("shufled")?.problem.help?.contains("did you mean 'shuffled'?") == true)
    #expect(found("pooled")?.id == "plan.wrong-kind")
    let made = try comparison([
      "primary": ["metric": "kl", "contrast": "routed - plain", "at": ["s": 0.5]],
      "controls": ["stage": "shuffled", "repeat": 2],
    ])
    guard case .artifacts(let requests)? = made[0].inputs["results"] else {
      Issue.record("no results are asked for")
      return
    }
    let varied = requests.filter { !$0.overrides.isEmpty }
    #expect(varied.map(\.item) == ["random", "random"])
    #expect(varied.map(\.overrides) == [["shuffled.seed": 2], ["shuffled.seed": 3]])
    #expect(varied.allSatisfy { $0.cell == 1 })
    #expect(requests.count == 2 * 5 + 2)
  }

  @Test func seedsVaryTheArmsOfThePrimaryEndpoint() throws {
    let primary: JSONValue = ["metric": "kl", "contrast": "routed - plain", "at": ["s": 0.5]]
    func requests(_ stage: String) throws -> [ArtifactRequest] {
      let made = try comparison([
        "primary": primary, "seeds": ["stage": .string(stage), "repeat": 2],
      ])
      guard case .artifacts(let requests)? = made[0].inputs["results"] else { return [] }
      return requests.filter { !$0.overrides.isEmpty }
    }
    for stage in ["clusters", "router"] {
      let varied = try requests(stage)
      #expect(varied.map(\.item) == ["routed", "routed"])
      #expect(varied.map(\.overrides) == [["\(stage).seed": 2], ["\(stage).seed": 3]])
      #expect(varied.allSatisfy { $0.cell == 1 })
    }
    func found(_ params: [String: JSONValue]) -> PlanProblem? {
      problem { try comparison(params) }
    }
    let other = found(["primary": primary, "seeds": ["stage": "kinds", "repeat": 2]])
    #expect(other?.id == "plan.seeds")
    #expect(other?.problem.message.contains("no arm of 'routed - plain' depends on") == true)
    #expect(found(["seeds": ["stage": "clusters", "repeat": 2]])?.id == "plan.seeds")
    #expect(
      found(["primary": primary, "seeds": ["stage": "pooled", "repeat": 2]])?.id
        == "plan.wrong-kind")
  }

  /// Where both sides of the primary contrast depend on a stage, both are drawn again.
  @Test func seedsVaryBothSidesOfAContrast() throws {
    let evaluate = WiredStage(
      name: "evaluate", kind: "evaluate",
      params: [
        "split": "test",
        "arms": [
          "routed": ["profile": "specific", "route": "router"],
          "assigned": ["profile": "specific", "route": "assign"],
        ],
      ], inputs: ["tokens": ["tokenize"]])
    let made = try templates(
      "compare",
      [
        "primary": ["metric": "kl", "contrast": "routed - assigned"],
        "seeds": ["stage": "clusters", "repeat": 2],
      ], inputs: ["results": ["evaluate"]], more: [evaluate])
    guard case .artifacts(let requests)? = made[0].inputs["results"],
      case .array(let entries)? = made[0].params["entries"]
    else {
      Issue.record("no results are asked for")
      return
    }
    func drawn(_ arm: String) -> [[String: JSONValue]] {
      requests.filter { $0.item == arm && !$0.overrides.isEmpty }.map(\.overrides)
    }
    let seeds: [[String: JSONValue]] = [["clusters.seed": 2], ["clusters.seed": 3]]
    #expect(drawn("routed") == seeds && drawn("assigned") == seeds)
    #expect(entries.compactMap { $0["seed"] }.count == 4)
  }

  /// What numbers of clusters and temperatures are chosen on is fitted to as well.
  @Test func samplesThatSomethingWasChosenOnAreComparedWithTheScoredOnes() throws {
    func others(_ stages: WiredStage...) throws -> [ArtifactRequest] {
      let made = try templates(
        "compare", [:], inputs: ["results": ["evaluate"]],
        more: [StageWiringTests.evaluate] + stages)
      guard case .artifacts(let requests)? = made[0].inputs["other_tokens"] else { return [] }
      return requests
    }
    func tokens(_ splits: Split...) -> [ArtifactRequest] {
      splits.map { ArtifactRequest("tokenize", .split($0), cell: 0) }
    }
    let labels = ["labels": ["clusters"], "tokens": ["tokenize"]]
    func router(_ params: JSONValue) -> WiredStage {
      WiredStage(name: "router", kind: "classifier", params: params, inputs: labels)
    }
    #expect(try others() == tokens(.calibration))
    #expect(try others(router(["split": "routing"])) == tokens(.calibration, .routing))
    #expect(
      try others(router(["split": "routing", "calibrate": true]))
        == tokens(.calibration, .routing, .validation))
    #expect(
      try others(router(["split": "routing", "calibrate": false]))
        == tokens(.calibration, .routing))
    let among = StageWiringTests.clusters("clusters", params: ["k_among": [2, 3]])
    #expect(try others(among) == tokens(.calibration, .validation))
    // Of no use to any arm.
    let unused = StageWiringTests.clusters("others", params: ["k_among": [2, 3]])
    #expect(try others(unused) == tokens(.calibration))
  }

  /// What a report says of an arm holds in the cell of the primary endpoint, wherever it stands.
  @Test(arguments: [("none", "global"), ("global", "none")])
  func armsAreDescribedAsInThePrimaryCell(first: String, second: String) throws {
    let cells = [first, second].enumerated().map {
      PlanCell(index: $0.offset, assignment: ["c": .string($0.element)])
    }
    func centring(at value: String?) throws -> JSONValue? {
      var params: [String: JSONValue] = [:]
      if let value {
        params["primary"] = [
          "metric": "kl", "contrast": "routed - plain", "at": ["c": .string(value)],
        ]
      }
      let made = try templates(
        "compare", params, inputs: ["results": ["evaluate"]], more: [StageWiringTests.evaluate],
        cells: cells,
        byCell: [first, second].map {
          StageWiringTests.profile("uniform", "pooled", centring: $0)
        })
      guard case .array(let arms)? = made[0].params["arms"] else { return nil }
      return arms.first { $0["name"] == "plain" }?["centring"]
    }
    #expect(try centring(at: "global") == "global")
    #expect(try centring(at: "none") == "none")
    // By value, not by the order of the spec.
    #expect(try centring(at: nil) == "global")
  }

  private func evaluating(_ arms: JSONValue) -> WiredStage {
    WiredStage(
      name: "evaluate", kind: "evaluate", params: ["split": "test", "arms": arms],
      inputs: ["tokens": ["tokenize"]])
  }

  @Test func anArmIsTheSameInAllCells() throws {
    func found(_ other: JSONValue) -> PlanProblem? {
      let arm: JSONValue = ["profile": "specific", "route": "assign"]
      return problem {
        try templates(
          "compare", [:], inputs: ["results": ["evaluate"]], more: [evaluating(["a": arm])],
          cells: StageWiringTests.twoCells,
          byCell: [evaluating(["a": arm]), evaluating(["a": other])])
      }
    }
    #expect(found(["profile": "specific", "route": "assign"]) == nil)
    for other: JSONValue in [
      ["profile": "specific", "route": "best"], ["profile": "specific", "route": "router"],
      ["profile": "kind", "route": "assign"],
      ["profile": "specific", "route": "assign", "policy": "random"],
    ] {
      #expect(found(other)?.id == "plan.swept-arm")
      #expect(found(other)?.problem.message.contains("arm 'a'") == true)
    }
  }

  /// Interpolation to equal compute follows the axes on which sparsities vary, and no others.
  @Test func curvesFollowAxesOfSparsity() throws {
    func profile(_ sparsity: Double) -> WiredStage {
      var stage = StageWiringTests.profile("uniform", "pooled")
      stage.params = ["score": "wina", "sparsity": .double(sparsity), "gate": "threshold"]
      return stage
    }
    let cells = [("wina", 0.5), ("teal", 0.5), ("wina", 0.25), ("teal", 0.25)].enumerated().map {
      PlanCell(
        index: $0.offset,
        assignment: ["score": .string($0.element.0), "s": .double($0.element.1)])
    }
    func axes(_ cells: ArraySlice<PlanCell>) throws -> JSONValue? {
      try templates(
        "compare", [:], inputs: ["results": ["evaluate"]], more: [StageWiringTests.evaluate],
        cells: Array(cells), byCell: [0.5, 0.5, 0.25, 0.25].map(profile))[0].params["curve_axes"]
    }
    #expect(try axes(cells[...]) == ["s"])
    #expect(try axes(cells[..<2]) == [])
  }

  @Test func anArmThatIsRefusedElsewhereDoesNotCrashTheComparison() throws {
    let made = try templates(
      "compare", [:], inputs: ["results": ["evaluate"]],
      more: [evaluating(["dense": ["profile": "uniform"]])])
    #expect(made.count == 1)
  }

  @Test func whatArmsRestOnIsAskedForInEveryCell() throws {
    let made = try comparison([:])
    // 0.5 comes before 0.65, which the spec lists first.
    func requests(_ stages: String...) -> PortRequest {
      .artifacts(
        stages.flatMap { stage in [1, 0].map { ArtifactRequest(stage, .whole, cell: $0) } })
    }
    #expect(made[0].params["cells"] == [["s": 0.5], ["s": 0.65]])
    #expect(made[0].inputs["routers"] == requests("router"))
    #expect(
      made[0].inputs["scored_tokens"]
        == .artifacts([ArtifactRequest("tokenize", .split(.test), cell: 1)]))
    guard case .artifacts(let clusters)? = made[0].inputs["clusters"] else {
      Issue.record("no clusters are asked for")
      return
    }
    #expect(Set(clusters.map(\.stage)) == ["clusters", "kinds", "shuffled"])
    #expect(clusters.map(\.cell) == [1, 0, 1, 0, 1, 0])
    #expect(clusters[0].stage == clusters[1].stage && clusters[2].stage == clusters[3].stage)
  }

  @Test func neitherStageNamesNorTheOrderOfCellsEnterAComparison() throws {
    let params = try comparison([:])[0].params
    let text = params.canonicalText
    for name in ["clusters\"", "\"kinds_", "router\":\"", "uniform", "specific", "by_kind"] {
      #expect(!text.contains(name) || name == "clusters\"", "\(name) in \(text)")
    }
    let reversed = Array(StageWiringTests.twoCells.reversed()).enumerated().map {
      PlanCell(index: $0.offset, assignment: $0.element.assignment)
    }
    #expect(try comparison([:], cells: reversed)[0].params == params)
    #expect(params["dense_prefix"] == 1)
    #expect(params["route_tokens"] == 8)
  }
}
