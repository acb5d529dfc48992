import WinaPipeline

extension EvaluateStage {
  /// Returns how an arm finds its groups and what that takes, or what is wrong with the arm.
  static func routing(
    of arm: Arm, _ profileName: String, at path: [String], _ wiring: Wiring
  ) throws(PlanProblem) -> (Route, [String: PortRequest]) {
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
      return (.pooled, [:])
    }
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
}

extension Wiring {
  /// The cluster stage that a profile's histogram is grouped by, if it is.
  func groups(ofProfile profile: WiredStage) -> String? {
    profile.input("histogram").flatMap { stages[$0] }?.input("groups")
  }
}
