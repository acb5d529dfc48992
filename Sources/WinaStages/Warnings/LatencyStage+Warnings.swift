import WinaDiagnostics
import WinaPipeline

extension LatencyStage {
  /// Fewer decode steps than these show the noise of the machine.
  static let fewestSteps = 30

  public static func warnings(_ params: Params, _ wiring: Wiring) -> [PlanProblem] {
    var warnings = wiring.policyWarnings(
      profiles: params.arms.entries.compactMap { name, arm in arm.profile.map { (name, $0) } },
      tokens: wiring.stage.input("tokens"))
    if params.generatedTokens < fewestSteps {
      warnings.append(
        PlanProblem(
          "plan.short-timing", ["generated_tokens"],
          "\(params.generatedTokens) decode steps are too few to time",
          help: "use generated_tokens: \(fewestSteps) or more"))
    }
    if params.warmUp < 1 {
      warnings.append(
        PlanProblem(
          "plan.cold-timing", ["warm_up"],
          "the first repetition counts, with cold caches and pages touched for the first time",
          help: "use warm_up: 1 or more"))
    }
    if params.repeats < 3 {
      warnings.append(
        PlanProblem(
          "plan.short-timing", ["repeats"],
          "\(params.repeats) repetition\(params.repeats == 1 ? "" : "s") show no spread",
          help: "use repeats: 3 or more"))
    }
    return warnings
  }
}
