import WinaEvaluation
import WinaPipeline

extension TokenizeStage {
  public static func warnings(_ params: Params, _ wiring: Wiring) -> [PlanProblem] {
    var warnings: [PlanProblem] = []
    let skipsSink = wiring.isDocuments ? wiring.data.routeTokens > 0 : params.prompt != .gated
    if params.densePrefix == 0, params.denseFraction == 0, !skipsSink {
      warnings.append(
        PlanProblem(
          "plan.gated-sink", ["dense_prefix"],
          "no leading token stays dense, so the massive activations of the first one are gated and "
            + "enter histograms, moments and thresholds",
          help: "use dense_prefix: 1 or more"))
    }
    if params.prompt == .dense, !wiring.isDocuments {
      warnings.append(
        PlanProblem(
          "plan.dense-prompt", ["prompt"],
          "with a dense prompt only the tokens of the choices are gated, often one or two a sample",
          help: "read 's all' and MACs beside 's gated', or use prompt: gated"))
    }
    return warnings
  }
}
