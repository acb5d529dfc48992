import WinaPipeline

extension ClassifierStage {
  public static func warnings(_ params: Params, _ wiring: Wiring) -> [PlanProblem] {
    [wiring.subjectWarning].compactMap(\.self)
  }
}
