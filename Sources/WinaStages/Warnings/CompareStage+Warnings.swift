import WinaPipeline

extension CompareStage {
  /// The fewest repetitions with which the gain over random clusters can have a p below 0.05.
  static let fewestControls = 20

  public static func warnings(_ params: Params, _ wiring: Wiring) -> [PlanProblem] {
    [
      few(params.controls), everyGroup(params.controls, wiring), oracle(params.primary, wiring),
    ].compactMap(\.self)
  }

  private static func few(_ controls: Controls?) -> PlanProblem? {
    guard let controls, controls.count < fewestControls else { return nil }
    return PlanProblem(
      "plan.few-controls", ["controls", "repeat"],
      "with \(controls.count) random clustering\(controls.count == 1 ? "" : "s") p cannot be below "
        + "1/\(controls.count + 1)",
      help: "use repeat: \(fewestControls) or more")
  }

  /// An arm that scores all groups of every repetition costs more than the rest of a study.
  private static func everyGroup(_ controls: Controls?, _ wiring: Wiring) -> PlanProblem? {
    guard let controls, controls.count > 1, let evaluate = evaluation(wiring) else { return nil }
    let arm = ComparisonLayout.arms(of: evaluate).first { arm in
      arm.route == EvaluateStage.Route.best.rawValue
        && arm.profile.map { wiring.depends($0, on: controls.stage) } ?? false
    }
    guard let arm else { return nil }
    return PlanProblem(
      "plan.costly-control", ["controls"],
      "arm '\(arm.name)' scores every group of \(controls.count) random clusterings",
      help: "let its profile be fitted to a random clustering that is not repeated, a second stage",
      related: .init(
        stage: evaluate.name, path: ["arms", arm.name, "route"], message: "the route is set here"))
  }

  private static func evaluation(_ wiring: Wiring) -> WiredStage? {
    wiring.stage.input("results").flatMap { wiring.stages[$0] }
  }

  private static func oracle(_ primary: Primary?, _ wiring: Wiring) -> PlanProblem? {
    guard let contrast = primary.flatMap({ Contrast($0.contrast) }),
      let evaluate = evaluation(wiring)
    else { return nil }
    let oracles = ComparisonLayout.arms(of: evaluate).filter {
      $0.route == EvaluateStage.Route.best.rawValue
    }
    guard let arm = oracles.first(where: { [contrast.arm, contrast.baseline].contains($0.name) })
    else { return nil }
    return PlanProblem(
      "plan.oracle-endpoint", ["primary", "contrast"],
      "arm '\(arm.name)' chooses its group by the divergence from the dense model, which nobody "
        + "knows in use",
      help: "let the primary endpoint be of an arm with route: assign or a classifier",
      related: .init(
        stage: evaluate.name, path: ["arms", arm.name, "route"], message: "the route is set here"))
  }
}
