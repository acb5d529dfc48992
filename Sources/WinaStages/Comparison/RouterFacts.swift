import WinaEvaluation
import WinaPipeline
import WinaSparsity
import WinaStatistics

/// What is known of routers that were measured on held-out samples, and of the policies of arms.
///
/// A router says here no more than it was asked to be measured on: without `calibrate` and `profile`
/// there is nothing to add to its accuracy on its training samples.
struct RouterFacts {
  let comparison: Comparison
  let routers: [RouterArtifact]

  func facts() throws -> [ComparisonReport.Fact] {
    var facts: [ComparisonReport.Fact] = []
    for (index, artifact) in routers.enumerated() {
      let arms = comparison.arms.filter { $0.router == index }
      let name = "router of " + arms.map(\.name).joined(separator: ", ")
      facts += validation(name, artifact)
      guard artifact.validation != nil else { continue }
      for arm in arms where arm.policy == nil {
        facts += try againstMajority(arm, artifact)
      }
    }
    for arm in comparison.arms { facts += fallbacks(of: arm) }
    return facts
  }

  private func validation(
    _ name: String, _ artifact: RouterArtifact
  ) -> [ComparisonReport.Fact] {
    let router = artifact.router
    var facts: [ComparisonReport.Fact] = []
    if let validation = artifact.validation {
      let report = validation.report
      facts.append(
        .init(
          name: "\(name): accuracy on validation samples", value: report.accuracy,
          text: "\(percent(report.accuracy)) of \(report.count) samples, 95 % CI "
            + "\(percent(report.interval.low)) to \(percent(report.interval.high)), macro-F1 "
            + "\(percent(report.macroF1)), top-2 \(percent(report.topTwo ?? 0)), majority "
            + "\(percent(report.majorityAccuracy)), McNemar p "
            + rounded(report.againstMajority?.pValue ?? 1)))
      facts.append(
        .init(
          name: "\(name): calibration error", value: report.calibrationError ?? 0,
          text: "\(percent(report.calibrationError ?? 0)) at temperature "
            + "\(rounded(router.summary.temperature)), "
            + "\(percent(validation.uncalibratedError ?? 0)) at 1; on the samples that the "
            + "temperature was fitted to"))
      let curve = validation.curve.points.map {
        "\(percent($0.accuracy.estimate)) from \($0.count)"
      }
      facts.append(
        .init(
          name: "\(name): learning curve", value: report.accuracy,
          text: curve.joined(separator: ", ") + " training samples"))
      facts.append(
        .init(
          name: "\(name): size", value: Double(router.macs),
          text: "\(router.macs) MACs a sample, \(router.parameterCount) numbers"))
    }
    if let regret = artifact.validation?.report.regret ?? artifact.training.regret {
      let place = artifact.validation?.report.regret == nil ? "training" : "validation"
      let interval =
        regret.regret.low.flatMap { low in
          regret.regret.high.map { ", 95 % CI \(significant(low)) to \(significant($0))" }
        } ?? ""
      facts.append(
        .init(
          name: "\(name): regret on \(place) samples", value: regret.regret.mean,
          text: "\(significant(regret.regret.mean)) nats per token over \(regret.count) "
            + "samples\(interval); own cluster \(significant(regret.ownCluster.mean)), majority "
            + "\(significant(regret.majority.mean)), random \(significant(regret.uniform.mean)); "
            + "best profile for \(percent(regret.oracleAgreement.estimate))"))
    }
    return facts
  }

  /// The router against always answering the cluster that is most frequent in training, on the scored
  /// samples, where an arm says which cluster is right.
  private func againstMajority(
    _ routed: ComparedArm, _ artifact: RouterArtifact
  ) throws -> [ComparisonReport.Fact] {
    guard routed.route == .classifier,
      let rule = comparison.arms.first(where: {
        $0.route == .assign && $0.policy == nil && $0.clusters == routed.clusters
      }), let own = comparison.scored(routed.name, cell: 0),
      let right = comparison.scored(rule.name, cell: 0), !own.groups.isEmpty,
      own.groups.count == right.groups.count
    else { return [] }
    let counts = artifact.router.summary.trainingCounts
    let majority = counts.indices.reduce(0) { counts[$1] > counts[$0] ? $1 : $0 }
    let pairs = zip(own.groups, right.groups)
    let result = try McNemar.exact(
      b: pairs.filter { $0 == $1 && $1 != majority }.count,
      c: pairs.filter { $0 != $1 && $1 == majority }.count)
    return [
      .init(
        name: "\(routed.name): router against the majority on scored samples",
        value: result.pValue,
        text: "right where the majority is wrong \(result.b) times, wrong where it is right "
          + "\(result.c) times, McNemar p \(rounded(result.pValue))")
    ]
  }

  private func fallbacks(of arm: ComparedArm) -> [ComparisonReport.Fact] {
    guard arm.policy == .fallback, let scored = comparison.scored(arm.name, cell: 0),
      !scored.groups.isEmpty
    else { return [] }
    let count = scored.groups.filter { $0 == SampleRoute.fallback }.count
    let share = Double(count) / Double(scored.groups.count)
    return [
      .init(
        name: "\(arm.name): samples sent to the fallback", value: share,
        text: "\(count) of \(scored.groups.count) samples (\(percent(share)))")
    ]
  }

  private func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }

  private func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }

  /// A number to three significant digits.
  private func significant(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return "\(value)" }
    var scale = 1.0
    while abs(value) * scale < 100 { scale *= 10 }
    while abs(value) * scale >= 1000 { scale /= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}
