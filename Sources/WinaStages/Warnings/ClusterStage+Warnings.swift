import WinaPipeline
import WinaSparsity

extension ClusterStage {
  public static func warnings(_ params: Params, _ wiring: Wiring) -> [PlanProblem] {
    guard params.algorithm == .random else {
      return params.algorithm == .label || params.algorithm == .lengthBins
        ? [] : [wiring.subjectWarning].compactMap(\.self)
    }
    let others = wiring.stages.values.filter {
      $0.kind == kind && $0.text("algorithm") != ClusterAlgorithm.random.rawValue
    }.map(\.name).sorted()
    guard wiring.stage.input("like") == nil, let other = others.first else { return [] }
    return [
      PlanProblem(
        "plan.unmatched-control", ["k"],
        "random groups of equal sizes are no control for '\(other)', whose sizes differ",
        help: "add `like: \(other)`, and `match: lengths` to match token counts, too",
        related: .init(stage: other, path: [], message: "the clusters are declared here"))
    ]
  }
}
