import WinaPipeline
import WinaSparsity

extension ProfileStage {
  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<Params>] {
    let histogram = try wiring.require(
      wiring.stage.input("histogram") ?? "", kinds: [HistogramStage.kind], at: ["histogram"])
    try checkCapture(params.score, histogram, wiring)
    let transform = wiring.transform(ofHistogram: histogram.name)
    let allocation = try allocation(params, histogram, wiring)
    let isGrouped = histogram.input("groups") != nil
    if params.centring == .group, !isGrouped {
      throw PlanProblem(
        "plan.no-groups", ["centring"],
        "centring 'group' needs groups, but histogram '\(histogram.name)' is pooled",
        help: "name a histogram with `groups: CLUSTERS`, or use centring: global",
        related: .init(
          stage: histogram.name, path: [], message: "the histogram is declared here"))
    }
    try checkGroups(params, isGrouped: isGrouped)
    if isGrouped, params.gate == .topK, params.centring != .group, !(allocation?.isGrouped ?? false)
    {
      throw PlanProblem(
        "plan.no-effect", ["gate"],
        "a grouped profile with gate 'topk' cannot differ from the pooled one: k depends on the "
          + "sparsity alone, whatever the histogram",
        help: "use gate: threshold, centring: group, an allocation by group, or a pooled histogram",
        related: .init(
          stage: histogram.name, path: ["groups"], message: "the groups have no effect"))
    }
    var inputs: [String: PortRequest] = ["model": .model]
    var request = ArtifactRequest(histogram.name, .whole)
    // Static masks need the moments of the first pass alone.
    if params.centring != .none {
      inputs["means"] = .artifacts([request])
      if params.gate != .fixed {
        request.variant = Variant(
          label: "centring=\(params.centring.rawValue):\(params.score.rawValue)",
          params: [
            "centring": .string(params.centring.rawValue),
            "scores": .array([.string(params.score.rawValue)]),
          ])
      }
    }
    inputs["histogram"] = .artifacts([request])
    if let allocation {
      inputs["allocation"] = .artifacts([ArtifactRequest(allocation.name, .whole)])
    }
    if let transform {
      inputs["transform"] = Wiring.request(transform: transform)
      if params.gate == .fixed {
        let split = histogram.text("split").flatMap(Split.init(rawValue:)) ?? .calibration
        inputs["capture"] = .artifacts([
          ArtifactRequest(histogram.input("capture") ?? "", .split(split))
        ])
      }
    }
    if params.gate == .hybrid { inputs["activity"] = activity(histogram, wiring) }
    if let heldOut = try heldOut(params, histogram, wiring) {
      inputs["held_out"] = .artifacts([
        ArtifactRequest(heldOut.name, .whole, variant: request.variant)
      ])
    }
    return [TaskTemplate(params: params, inputs: inputs, fanOut: .once)]
  }

  /// Refuses options that only mean something for groups.
  private static func checkGroups(_ params: Params, isGrouped: Bool) throws(PlanProblem) {
    for (name, isSet) in [("beta", params.beta != 1), ("shrinkage", params.shrinkage != .none)]
    where isSet && !isGrouped {
      throw PlanProblem(
        "plan.no-groups", [name],
        "'\(name)' mixes thresholds of groups, but the histogram is pooled",
        help: "name a histogram with `groups: CLUSTERS`, or remove it")
    }
  }

  /// A pass that counts, for each group, the inputs above the thresholds that this profile has
  /// without removing any.
  private static func activity(_ histogram: WiredStage, _ wiring: Wiring) -> PortRequest {
    let thresholds = Variant(
      label: "thresholds", params: ["gate": .string("threshold"), "never_active": .null])
    var variant = Variant(
      label: "active:" + wiring.stage.name, params: ["active": .bool(true)],
      inputs: [
        "profile": .artifacts([
          ArtifactRequest(wiring.stage.name, .whole, variant: thresholds)
        ])
      ])
    let capture = histogram.input("capture") ?? ""
    if let groups = histogram.input("groups") {
      variant.inputs["clusters"] = .artifacts([ArtifactRequest(groups, .whole)])
      if let features = wiring.capture(assigningTo: groups, .sameShard) {
        variant.inputs["uncentred"] = .artifacts([features])
      }
    }
    let split = histogram.text("split").flatMap(Split.init(rawValue:)) ?? .calibration
    return .artifacts([ArtifactRequest(capture, .split(split), variant: variant)])
  }

  /// The allocation that a profile names, and whether groups have divisions of their own.
  private static func allocation(
    _ params: Params, _ histogram: WiredStage, _ wiring: Wiring
  ) throws(PlanProblem) -> (name: String, isGrouped: Bool)? {
    guard let name = wiring.stage.input("allocation") else { return nil }
    let stage = try wiring.require(name, kinds: [AllocateStage.kind], at: ["allocation"])
    if params.coverage != nil || params.score.gatesNeurons {
      throw PlanProblem(
        "plan.allocation", ["allocation"],
        params.coverage != nil
          ? "coverage divides sparsity by itself, so an allocation has no effect"
          : "score '\(params.score.rawValue)' has one mask a layer, which has no parts to divide",
        help: "remove the allocation")
    }
    guard stage.text("method") != AllocationMethod.depth.rawValue else { return (name, false) }
    guard stage.text("score") == params.score.rawValue else {
      throw PlanProblem(
        "plan.allocation", ["allocation"],
        "allocation '\(name)' was searched with score '\(stage.text("score") ?? "")', not "
          + "'\(params.score.rawValue)'",
        help: "give both the same score",
        related: .init(stage: name, path: ["score"], message: "the score is named here"))
    }
    try checkEnd(of: stage, params)
    try wiring.requireBasis(
      stage.input("histogram"), transform: wiring.transform(ofHistogram: histogram.name),
      at: ["allocation"], "allocation '\(name)'")
    let groups = stage.input("histogram").flatMap { wiring.stages[$0] }?.input("groups")
    guard groups == nil || groups == histogram.input("groups") else {
      throw PlanProblem(
        "plan.allocation", ["allocation"],
        "allocation '\(name)' is by the groups '\(groups ?? "")', the histogram is not",
        help: "use histograms of the same groups, or a pooled allocation",
        related: .init(stage: name, path: ["histogram"], message: "its histogram is named here"))
    }
    return (name, groups != nil)
  }

  /// A greedy path goes no further than it was searched.
  private static func checkEnd(of stage: WiredStage, _ params: Params) throws(PlanProblem) {
    guard stage.text("method") == AllocationMethod.greedy.rawValue, let sparsity = params.sparsity
    else { return }
    let end = stage.params["to"]?.number ?? 0.75
    guard sparsity > end else { return }
    throw PlanProblem(
      "plan.allocation", ["sparsity"],
      "sparsity \(JSONValue.double(sparsity).canonicalText) lies beyond the end of allocation "
        + "'\(stage.name)', which is searched to \(JSONValue.double(end).canonicalText)",
      help: "give the allocation `to: \(JSONValue.double(sparsity).canonicalText)` or more",
      related: .init(stage: stage.name, path: ["method"], message: "its method is named here"))
  }

  /// The histogram of held-out samples, which must be grouped like the profile's own.
  private static func heldOut(
    _ params: Params, _ histogram: WiredStage, _ wiring: Wiring
  ) throws(PlanProblem) -> WiredStage? {
    guard let name = wiring.stage.input("held_out") else { return nil }
    let heldOut = try wiring.require(name, kinds: [HistogramStage.kind], at: ["held_out"])
    try wiring.requireBasis(
      name, transform: wiring.transform(ofHistogram: histogram.name), at: ["held_out"],
      "held-out histogram '\(name)'")
    guard heldOut.input("groups") == histogram.input("groups") else {
      throw PlanProblem(
        "plan.held-out", ["held_out"],
        "held-out histogram '\(name)' is not grouped like '\(histogram.name)'",
        help: "give both the same `groups`, or none",
        related: .init(stage: name, path: [], message: "the held-out histogram is declared here"))
    }
    return heldOut
  }

  static func checkCapture(
    _ score: ScoreMethod, _ histogram: WiredStage, _ wiring: Wiring
  ) throws(PlanProblem) {
    guard let name = histogram.input("capture"), let capture = wiring.stages[name],
      case .array(let scores)? = capture.params["scores"]
    else { return }
    let known = scores.compactMap { if case .string(let text) = $0 { text } else { nil } }
    let held = Set(ScoreMethod.slots(for: known.compactMap(ScoreMethod.init(rawValue:))))
    guard !held.isSuperset(of: score.slots) else { return }
    throw PlanProblem(
      "plan.score-not-captured", ["score"],
      "capture '\(name)' does not keep score '\(score.rawValue)'",
      help: "add '\(score.rawValue)' to its scores, which are: "
        + known.joined(separator: ", "),
      related: .init(stage: name, path: ["scores"], message: "the scores are named here"))
  }
}
