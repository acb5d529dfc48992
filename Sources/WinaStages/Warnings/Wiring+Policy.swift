import WinaPipeline

extension Wiring {
  /// Warns of arms whose profile was calibrated on tokens that another policy gates.
  ///
  /// - Parameters:
  ///   - profiles: The profile stage of each arm that has one, by the arm's name.
  ///   - tokens: The stage whose tokens the arms run on.
  func policyWarnings(profiles: [(arm: String, profile: String)], tokens: String?) -> [PlanProblem]
  {
    guard let own = tokens.flatMap({ stages[$0] }) else { return [] }
    return profiles.compactMap { arm, profile in
      let histogram = stages[profile]?.input("histogram").flatMap { stages[$0] }
      let capture = histogram?.input("capture").flatMap { stages[$0] }
      guard let calibrated = capture?.input("tokens").flatMap({ stages[$0] }),
        calibrated.name != own.name
      else { return nil }
      let differing = ["dense_prefix", "dense_fraction", "prompt"].filter {
        calibrated.params[$0] != own.params[$0]
      }
      guard !differing.isEmpty else { return nil }
      let keys = differing.map { "'\($0)'" }.joined(separator: " and ")
      return PlanProblem(
        "plan.mixed-policies", ["arms", arm, "profile"],
        "profile '\(profile)' was calibrated on tokens of '\(calibrated.name)', which differs from "
          + "'\(own.name)' in \(keys): other positions are gated than thresholds were fitted to",
        help: "use one tokenize stage, or the same policy in both",
        related: .init(
          stage: calibrated.name, path: [differing[0]],
          message: "the policy of calibration is set here"))
    }
  }
}
