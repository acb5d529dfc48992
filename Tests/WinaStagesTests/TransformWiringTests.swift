import Testing
import WinaPipeline
import WinaStages

/// How stages find the transform that their samples rest on, and which mixtures they refuse.
struct TransformWiringTests {
  private static func stage(
    _ name: String, _ kind: String, _ params: JSONValue = [:], _ inputs: [String: [String]] = [:]
  ) -> WiredStage {
    WiredStage(name: name, kind: kind, params: params, inputs: inputs)
  }

  private static let scores: JSONValue = ["scores": ["wina", "teal"]]
  private static let split: JSONValue = ["split": "calibration"]
  private static let half: JSONValue = [
    "score": "wina", "sparsity": 0.5, "gate": "threshold", "centring": "none",
  ]

  private static let stages: [WiredStage] = [
    stage("tokenize", "tokenize", ["max_tokens": 64, "dense_prefix": 1]),
    stage("turn", "transform"),
    stage("capture", "capture", scores, ["tokens": ["tokenize"]]),
    stage("rotated", "capture", scores, ["tokens": ["tokenize"], "transform": ["turn"]]),
    stage(
      "clusters", "cluster", ["algorithm": "kmeans", "seed": 1],
      ["tokens": ["tokenize"], "capture": ["capture"]]),
    stage("pooled", "histogram", split, ["capture": ["capture"]]),
    stage("turned", "histogram", split, ["capture": ["rotated"]]),
    stage("by_kind", "cluster", ["algorithm": "label"], ["tokens": ["tokenize"]]),
    stage(
      "turned_groups", "histogram", split, ["capture": ["rotated"], "groups": ["by_kind"]]),
    stage("grouped_own", "profile", half, ["histogram": ["turned_groups"]]),
    stage("plain", "profile", half, ["histogram": ["pooled"]]),
    stage("own", "profile", half, ["histogram": ["turned"]]),
    stage(
      "searched", "allocate", ["method": "greedy", "score": "wina"], ["histogram": ["pooled"]]),
  ]

  private let request = PortRequest.artifacts([ArtifactRequest("turn", .whole)])

  private func templates(
    _ kind: String, _ params: [String: JSONValue], _ inputs: [String: [String]]
  ) throws -> [AnyTemplate] {
    let type = try #require(StageCatalog.registry[kind])
    let prepared = try type.prepare(KeyRecorder(params))
    #expect(prepared.problems == [])
    let own = WiredStage(name: "it", kind: kind, params: prepared.params, inputs: inputs)
    return try prepared.templates(
      Wiring(
        stage: own,
        stages: Dictionary(uniqueKeysWithValues: (Self.stages + [own]).map { ($0.name, $0) }),
        cells: [PlanCell(index: 0, assignment: [:])], isDocuments: true,
        data: DataSettings(routeTokens: 8)))
  }

  private func problem(
    _ kind: String, _ params: [String: JSONValue], _ inputs: [String: [String]]
  ) -> PlanProblem? {
    do {
      _ = try templates(kind, params, inputs)
      return nil
    } catch {
      return error as? PlanProblem
    }
  }

  @Test func armsFindItThroughProfilesHistogramsAndCaptures() throws {
    let found = try templates(
      "evaluate", ["arms": ["own": ["profile": "own"], "other": ["profile": "plain"]]],
      ["tokens": ["tokenize"]])
    #expect(found.count == 3)
    for template in found {
      #expect(template.inputs["transform"] == (template.item == "own" ? request : nil))
    }
    let latency = try templates(
      "latency", ["arms": ["a": ["profile": "own"], "b": ["profile": "own"], "c": [:]]],
      ["tokens": ["tokenize"]])
    #expect(latency[0].inputs["transforms"] == request)
  }

  @Test func capturesAskForWhatTheyName() throws {
    let tokens = ["tokens": ["tokenize"]]
    let named = try templates("capture", [:], tokens.merging(["transform": ["turn"]]) { $1 })
    #expect(named[0].inputs["transform"] == request)
    #expect(try templates("capture", [:], tokens)[0].inputs["transform"] == nil)
  }

  @Test(arguments: [("turned", true), ("pooled", false)])
  func profilesAndAllocationsFollowTheirHistogram(histogram: String, isRotated: Bool) throws {
    let inputs = ["histogram": [histogram], "tokens": ["tokenize"]]
    let profile = try templates("profile", ["sparsity": 0.5, "gate": "static"], inputs)[0]
    #expect(profile.inputs["transform"] == (isRotated ? request : nil))
    // Static masks take the norms of rotated weights from the captures that saw them.
    let norms = PortRequest.artifacts([ArtifactRequest("rotated", .split(.calibration))])
    #expect(profile.inputs["capture"] == (isRotated ? norms : nil))
    let allocation = try templates("allocate", [:], inputs)[0]
    #expect(allocation.inputs["transform"] == (isRotated ? request : nil))
  }

  @Test(arguments: [("rotated", true), ("capture", false)])
  func calibrationLayerByLayerFollowsItsCapture(capture: String, isRotated: Bool) throws {
    let found = try templates(
      "histogram", ["propagation": "sparse_sequential", "sparsity": 0.5], ["capture": [capture]])
    #expect(found[0].inputs["transform"] == (isRotated ? request : nil))
  }

  @Test func samplesAreGroupedByTheCapturesThatClustersWereMadeOf() throws {
    let other = try templates(
      "histogram", [:], ["capture": ["rotated"], "groups": ["clusters"]])
    #expect(
      other[0].inputs["features"]
        == .artifacts([ArtifactRequest("capture", .split(.calibration))]))
    let same = try templates(
      "histogram", [:], ["capture": ["capture"], "groups": ["clusters"]])
    #expect(same[0].inputs["features"] == nil)
  }

  @Test func basesAreNotMixed() {
    let half: [String: JSONValue] = ["sparsity": 0.5]
    let heldOut = problem("profile", half, ["histogram": ["turned"], "held_out": ["pooled"]])
    #expect(heldOut?.id == "plan.transform" && heldOut?.problem.path == ["held_out"])
    #expect(
      heldOut?.problem.message
        == "held-out histogram 'pooled' rests on a capture with no transform, the profile on one "
        + "with transform 'turn'")
    let allocation = problem(
      "profile", half, ["histogram": ["turned"], "allocation": ["searched"]])
    #expect(allocation?.id == "plan.transform" && allocation?.problem.path == ["allocation"])
    #expect(
      problem("profile", half, ["histogram": ["pooled"], "allocation": ["searched"]]) == nil)
    let fallback = problem(
      "evaluate",
      [
        "arms": [
          "a": [
            "profile": "grouped_own", "route": "assign", "policy": "fallback", "fallback": "plain",
          ]
        ]
      ], ["tokens": ["tokenize"]])
    #expect(
      fallback?.id == "plan.transform" && fallback?.problem.path == ["arms", "a", "fallback"])
    let rates = problem(
      "cluster", ["k": 3, "features": "active_rate"],
      ["capture": ["rotated"], "tokens": ["tokenize"], "histogram": ["pooled"]])
    #expect(rates?.id == "plan.transform" && rates?.problem.path == ["histogram"])
  }
}
