import WinaDiagnostics
import WinaPipeline

extension EvaluateStage {
  public static func warnings(_ params: Params, _ wiring: Wiring) -> [PlanProblem] {
    wiring.policyWarnings(
      profiles: params.arms.entries.compactMap { name, arm in arm.profile.map { (name, $0) } },
      tokens: wiring.stage.input("tokens"))
  }
}
