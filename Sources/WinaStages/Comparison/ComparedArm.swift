import WinaPipeline

/// An arm as a comparison sees it: what gates it and how it finds its group.
public struct ComparedArm: Codable, Sendable, Hashable {
  /// The arm's name.
  public var name: String
  /// The score, or `nil` for a dense arm.
  public var score: String?
  /// The gate: `threshold` or `topk`.
  public var gate: String?
  /// The centring: `none`, `global` or `group`.
  public var centring: String?
  /// Whether the profile differs between groups.
  public var isGrouped: Bool
  /// The route (`assign`, `best`, `classifier`), or `nil` for pooled and dense arms.
  public var route: String?
  /// Whether the stage that controls vary is upstream.
  public var isControl: Bool

  /// Whether nothing is gated.
  public var isDense: Bool { score == nil }

  /// What sets the arm apart from a plain pooled profile, in the words of the verdict.
  public var mechanism: String {
    switch (isGrouped, centring) {
    case (true, "group"): "cluster centring"
    case (true, "global"): "cluster thresholds with global centring"
    case (true, _): "cluster thresholds"
    case (false, "global"): "global centring"
    case (false, _): gate == "topk" ? "pooled top-k" : "a pooled threshold"
    }
  }

  /// Whether another arm has the same profile but pooled, so that the difference is the clusters'.
  func isPooledCounterpart(of grouped: ComparedArm) -> Bool {
    guard grouped.isGrouped, !isGrouped, !isDense, score == grouped.score, gate == grouped.gate
    else { return false }
    let wanted = grouped.centring == "none" ? "none" : "global"
    return centring == wanted
  }

  /// Whether another arm differs in nothing but the clusters.
  func isAlike(_ other: ComparedArm) -> Bool {
    score == other.score && gate == other.gate && centring == other.centring
      && isGrouped == other.isGrouped && route == other.route
  }
}

/// What a comparison asks for: which arm, cell and control stands where.
///
/// Names of stages and the order of keys stay out of it, as they are not part of any result: arms are
/// sorted by name, cells by their values, and clusters and routers go by the arms that use them.
struct ComparisonLayout {
  /// A stage with the names of the arms that use it.
  struct UsedStage {
    var stage: String
    var users: String
  }

  var cells: [[String: JSONValue]] = []
  var arms: [ComparedArm] = []
  var entries: [CompareStage.TaskParams.Entry] = []
  var requests: [ArtifactRequest] = []
  var clusters: [UsedStage] = []
  var routers: [UsedStage] = []

  init(
    _ params: CompareStage.Params, evaluate: WiredStage, wiring: Wiring
  ) throws(PlanProblem) {
    let split = ComparisonLayout.split(of: evaluate)
    let listed = ComparisonLayout.arms(of: evaluate)
    try ComparisonLayout.check(params, arms: listed.map(\.name), wiring: wiring)
    for (name, profileName, route) in listed.sorted(by: { $0.name < $1.name }) {
      let profile = profileName.flatMap { wiring.stages[$0] }
      let groups = profile.flatMap { wiring.groups(ofProfile: $0) }
      if let groups { ComparisonLayout.add(name, using: groups, to: &clusters) }
      let isRouted = route.map { wiring.stages[$0]?.kind == ClassifierStage.kind } ?? false
      if let route, isRouted { ComparisonLayout.add(name, using: route, to: &routers) }
      arms.append(
        ComparedArm(
          name: name, score: profile?.text("score"), gate: profile?.text("gate"),
          centring: profile?.text("centring"), isGrouped: groups != nil,
          route: isRouted ? EvaluateStage.Route.classifier.rawValue : route,
          isControl: params.controls.map { controls in
            profileName.map { wiring.depends($0, on: controls.stage) } ?? false
          } ?? false))
    }
    let sorted = wiring.cells.sorted {
      JSONValue.object($0.assignment).canonicalText < JSONValue.object($1.assignment).canonicalText
    }
    cells = sorted.map(\.assignment)
    for (position, cell) in sorted.enumerated() {
      for arm in arms {
        entries.append(.init(cell: position, arm: arm.name, control: nil))
        requests.append(
          ArtifactRequest(evaluate.name, item: arm.name, .split(split), cell: cell.index))
      }
    }
    guard let controls = params.controls else { return }
    let first = wiring.stages[controls.stage]?.params["seed"]
    let seed: Int = if case .int(let value)? = first { value } else { 1 }
    for (position, cell) in sorted.enumerated()
    where params.primary?.matches(cell.assignment) ?? true {
      for arm in arms where arm.isControl {
        for control in 1...controls.count {
          entries.append(.init(cell: position, arm: arm.name, control: control))
          requests.append(
            ArtifactRequest(
              evaluate.name, item: arm.name, .split(split), cell: cell.index,
              overrides: ["\(controls.stage).seed": .int(seed + control)]))
        }
      }
    }
  }

  private static func add(_ arm: String, using stage: String, to stages: inout [UsedStage]) {
    if let index = stages.firstIndex(where: { $0.stage == stage }) {
      stages[index].users += ", \(arm)"
    } else {
      stages.append(UsedStage(stage: stage, users: arm))
    }
  }

  private static func split(of evaluate: WiredStage) -> Split {
    evaluate.text("split").flatMap(Split.init(rawValue:)) ?? .test
  }

  /// The arms in the order of the spec, with the dense one that is planned even if not listed.
  static func arms(of evaluate: WiredStage) -> [(name: String, String?, String?)] {
    guard case .object(let members)? = evaluate.params["arms"],
      case .array(let order)? = evaluate.params["arm_order"]
    else { return [] }
    var arms: [(name: String, String?, String?)] = order.compactMap { value in
      guard case .string(let name) = value, let arm = members[name] else { return nil }
      return (name, arm.text("profile"), arm.text("route"))
    }
    if !arms.contains(where: { $0.1 == nil }) {
      arms.insert((EvaluateStage.implicitDenseArm, nil, nil), at: 0)
    }
    return arms
  }

  private static func check(
    _ params: CompareStage.Params, arms: [String], wiring: Wiring
  ) throws(PlanProblem) {
    if let primary = params.primary, let contrast = Contrast(primary.contrast) {
      for name in [contrast.arm, contrast.baseline] where !arms.contains(name) {
        throw PlanProblem(
          "plan.unknown-arm", ["primary", "contrast"], "there is no arm '\(name)'",
          help: "arms: " + arms.joined(separator: ", "))
      }
      guard wiring.cells.contains(where: { primary.matches($0.assignment) }) else {
        throw PlanProblem(
          "plan.no-cell", ["primary", "at"], "no cell of the sweep has these values",
          help: "name swept variables and values of their axes")
      }
    }
    guard let controls = params.controls else { return }
    let stage = try wiring.require(
      controls.stage, kinds: [ClusterStage.kind], at: ["controls", "stage"])
    guard stage.text("algorithm") == ClusterStage.Algorithm.random.rawValue else {
      throw PlanProblem(
        "plan.controls", ["controls", "stage"],
        "stage '\(stage.name)' is not random, so another seed is no control",
        help: "name a cluster stage with algorithm: random")
    }
  }
}

extension CompareStage.Primary {
  /// Whether a cell has the values that `at` names.
  func matches(_ assignment: [String: JSONValue]) -> Bool {
    (at ?? [:]).allSatisfy { name, wanted in
      switch assignment[name] {
      case .int(let value)?: Double(value) == wanted
      case .double(let value)?: value == wanted
      default: false
      }
    }
  }
}

extension JSONValue {
  /// Returns a member that is a string.
  func text(_ name: String) -> String? {
    if case .string(let text)? = self[name] { text } else { nil }
  }
}

extension WiredStage {
  /// Returns a parameter that is a string.
  func text(_ name: String) -> String? { params.text(name) }
}
