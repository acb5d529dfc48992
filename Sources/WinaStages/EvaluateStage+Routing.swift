import WinaPipeline
import WinaSparsity

extension EvaluateStage {
  /// How a sample finds its group.
  public enum Route: String, Codable, Sendable {
    case pooled, assign, best, classifier
  }

  /// What is made of a route.
  public enum Policy: String, Codable, Sendable, CaseIterable {
    /// The pooled profile where the router is not sure.
    case fallback
    /// Thresholds between those of the probable groups.
    case blend
    /// A group drawn by a hash of the sample's digest: a control.
    case random
    /// The group that fits least: a control.
    case worst
  }

  /// The probability below which the fallback is used, where a spec does not say.
  static let defaultConfidence = 0.6

  /// What an arm may say of its route.
  static let policyParameters = [
    Parameter(
      "policy", .choice(Policy.allCases.map(\.rawValue)),
      "What is made of the route, unless its group is simply taken: a pooled profile where the "
        + "router is not sure, a mixture of thresholds, or as controls a random or the worst group."
    ),
    Parameter(
      "confidence", .number(from: 0, below: 1.000_000_1),
      "The probability below which the fallback is used (fallback); 0.6 if not given."),
    Parameter("fallback", .stage, "The pooled profile stage of policy fallback."),
    Parameter(
      "top", .integer(1...100_000),
      "How many of the most probable groups are mixed (blend); all if not given."),
  ]

  /// Refuses arms whose route asks for numbers out of range.
  public static func validate(_ params: Params) -> [ParameterProblem] {
    var problems: [ParameterProblem] = []
    for (name, arm) in params.arms {
      if let confidence = arm.confidence, !(confidence > 0 && confidence <= 1) {
        problems.append(
          ParameterProblem(
            ["arms", name, "confidence"],
            "confidence \(JSONValue.double(confidence).canonicalText) is not in (0, 1]",
            help: "it is a probability, such as 0.6"))
      }
      if let top = arm.top, top < 1 {
        problems.append(
          ParameterProblem(
            ["arms", name, "top"], "'top' is \(top), below 1", help: "use 2, or leave it out"))
      }
    }
    return problems
  }

  /// Refuses a dense arm that says how samples are routed.
  static func checkDense(_ arm: Arm, _ name: String) throws(PlanProblem) {
    let given = [
      ("route", arm.route != nil), ("policy", arm.policy != nil),
      ("confidence", arm.confidence != nil), ("fallback", arm.fallback != nil),
      ("top", arm.top != nil),
    ]
    guard let (key, _) = given.first(where: \.1) else { return }
    throw PlanProblem(
      "plan.route", ["arms", name, key], "arm '\(name)' has a \(key) but no profile",
      help: "add `profile: STAGE`, or remove the \(key)")
  }

  /// Returns how an arm finds its groups and what that takes, or what is wrong with the arm.
  static func routing(
    of arm: Arm, _ profileName: String, at path: [String], _ wiring: Wiring
  ) throws(PlanProblem) -> (TaskParams, [String: PortRequest]) {
    let profile = try wiring.require(
      profileName, kinds: [ProfileStage.kind], at: path + ["profile"])
    let groups = wiring.groups(ofProfile: profile)
    guard let groups else {
      guard arm.route == nil else {
        throw PlanProblem(
          "plan.route", path + ["route"],
          "profile '\(profileName)' has no groups, so there is nothing to route to",
          help: "remove the route, or name a profile whose histogram has groups")
      }
      try checkPolicy(arm, route: .pooled, profile, groups: nil, at: path, wiring)
      return (TaskParams(route: .pooled), [:])
    }
    var (route, ports) = try route(of: arm, profileName, groups, at: path, wiring)
    try checkPolicy(arm, route: route, profile, groups: groups, at: path, wiring)
    var task = TaskParams(route: route, policy: arm.policy, top: arm.top)
    if arm.policy == .random { ports = [:] }
    if arm.policy == .fallback {
      if route == .classifier { task.confidence = arm.confidence ?? defaultConfidence }
      ports["fallback"] = .artifacts([ArtifactRequest(arm.fallback ?? "", .whole)])
    }
    return (task, ports)
  }

  private static func route(
    of arm: Arm, _ profileName: String, _ groups: String, at path: [String], _ wiring: Wiring
  ) throws(PlanProblem) -> (Route, [String: PortRequest]) {
    switch arm.route {
    case nil:
      throw PlanProblem(
        "plan.route", path, "profile '\(profileName)' has groups, so the arm needs a route",
        help: "add `route: assign`, `route: best`, or the name of a classifier stage")
    case "assign":
      var ports: [String: PortRequest] = [
        "clusters": .artifacts([ArtifactRequest(groups, .whole)])
      ]
      if let capture = wiring.capture(assigningTo: groups, .sameShard) {
        ports["capture"] = .artifacts([capture])
      }
      return (.assign, ports)
    case "best":
      return (.best, [:])
    case let name?:
      let router = try wiring.require(
        name, kinds: [ClassifierStage.kind], at: path + ["route"])
      guard router.input("labels") == groups else {
        throw PlanProblem(
          "plan.route", path + ["route"],
          "classifier '\(name)' routes to the clusters '\(router.input("labels") ?? "")', "
            + "but profile '\(profileName)' has the groups '\(groups)'",
          help: "name a classifier with `labels: \(groups)`")
      }
      return (.classifier, ["router": .artifacts([ArtifactRequest(name, .whole)])])
    }
  }

  /// Refuses policies that the route or the profile cannot serve, and settings of other policies.
  private static func checkPolicy(
    _ arm: Arm, route: Route, _ profile: WiredStage, groups: String?, at path: [String],
    _ wiring: Wiring
  ) throws(PlanProblem) {
    if let policy = arm.policy {
      let places: [Policy: [Route]] = [
        .fallback: [.assign, .classifier], .blend: [.classifier],
        .random: [.assign, .classifier], .worst: [.assign, .classifier],
      ]
      guard places[policy]?.contains(route) == true else {
        throw PlanProblem(
          "plan.policy", path + ["policy"],
          "policy '\(policy.rawValue)' makes no sense with "
            + (arm.route.map { "route '\($0)'" } ?? "a pooled profile"),
          help: policy == .blend
            ? "name a classifier as the route" : "use route: assign, or name a classifier")
      }
    }
    let settings: [(String, Bool, Policy)] = [
      ("confidence", arm.confidence != nil, .fallback),
      ("fallback", arm.fallback != nil, .fallback), ("top", arm.top != nil, .blend),
    ]
    for (key, isSet, policy) in settings where isSet && arm.policy != policy {
      throw PlanProblem(
        "plan.policy", path + [key], "'\(key)' is only for policy '\(policy.rawValue)'",
        help: "add `policy: \(policy.rawValue)`, or remove it")
    }
    switch arm.policy {
    case .fallback:
      try checkFallback(arm, route, at: path, wiring)
      try wiring.requireBasis(
        arm.fallback.flatMap { wiring.stages[$0] }?.input("histogram"),
        transform: wiring.transform(ofProfile: profile.name), at: path + ["fallback"],
        "fallback '\(arm.fallback ?? "")'")
    case .blend: try checkBlend(profile, at: path)
    case .worst where route == .assign:
      let algorithm = groups.flatMap { wiring.stages[$0]?.text("algorithm") }
      guard algorithm.flatMap(ClusterAlgorithm.init(rawValue:))?.usesFeatures == true else {
        throw PlanProblem(
          "plan.policy", path + ["policy"],
          "groups of algorithm '\(algorithm ?? "")' have no distances, so none is the worst",
          help: "use clusters of features, such as kmeans, or name a classifier as the route")
      }
    case .worst, .random, nil: break
    }
  }

  private static func checkFallback(
    _ arm: Arm, _ route: Route, at path: [String], _ wiring: Wiring
  ) throws(PlanProblem) {
    guard let name = arm.fallback else {
      throw PlanProblem(
        "plan.policy", path + ["policy"],
        "policy 'fallback' needs a pooled profile to fall back to",
        help: "add `fallback: STAGE`, a profile whose histogram has no groups")
    }
    let profile = try wiring.require(name, kinds: [ProfileStage.kind], at: path + ["fallback"])
    if let groups = wiring.groups(ofProfile: profile) {
      throw PlanProblem(
        "plan.policy", path + ["fallback"],
        "profile '\(name)' has the groups '\(groups)', but the fallback must be pooled",
        help: "name a profile whose histogram has no groups")
    }
    guard route == .classifier || arm.confidence == nil else {
      throw PlanProblem(
        "plan.policy", path + ["confidence"], "route 'assign' has no probabilities",
        help: "name a classifier as the route, or remove it: unknown labels fall back")
    }
  }

  private static func checkBlend(
    _ profile: WiredStage, at path: [String]
  ) throws(PlanProblem) {
    let gate = profile.text("gate") ?? GateKind.threshold.rawValue
    let centring = profile.text("centring") ?? CentringKind.none.rawValue
    let wrong: (key: String, value: String)? =
      gate != GateKind.threshold.rawValue
      ? ("gate", gate) : centring != CentringKind.none.rawValue ? ("centring", centring) : nil
    guard let wrong else { return }
    throw PlanProblem(
      "plan.policy", path + ["policy"],
      "policy 'blend' mixes thresholds, but profile '\(profile.name)' has "
        + "\(wrong.key) '\(wrong.value)'",
      help: "use a profile with gate: threshold and no centring",
      related: .init(
        stage: profile.name, path: [wrong.key], message: "the \(wrong.key) is set here"))
  }
}

extension Wiring {
  /// The cluster stage that a profile's histogram is grouped by, if it is.
  func groups(ofProfile profile: WiredStage) -> String? {
    profile.input("histogram").flatMap { stages[$0] }?.input("groups")
  }
}
