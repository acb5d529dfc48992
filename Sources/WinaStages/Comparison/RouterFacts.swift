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
        facts += try scored(arm, artifact)
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
            + probability(report.againstMajority?.pValue ?? 1)))
      // The probabilities of a router by regret are not those of clusters.
      if router.summary.model != .regret {
        facts.append(
          .init(
            name: "\(name): calibration error", value: report.calibrationError ?? 0,
            text: "\(percent(report.calibrationError ?? 0)) at temperature "
              + "\(rounded(router.summary.temperature)), "
              + "\(percent(validation.uncalibratedError ?? 0)) at 1; on the samples that the "
              + "temperature was fitted to"))
      }
      let curve = validation.curve.points.map {
        "\(percent($0.accuracy.estimate)) from \($0.count)"
      }
      facts.append(
        .init(
          name: "\(name): learning curve", value: report.accuracy,
          text: curve.joined(separator: ", ") + " training samples"))
      if let leftOut = validation.leftOut { facts += unseen(name, leftOut) }
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

  /// What becomes of samples whose label was left out of training, as means over labels.
  private func unseen(_ name: String, _ labels: [LeftOutLabel]) -> [ComparisonReport.Fact] {
    guard !labels.isEmpty else { return [] }
    let count = Double(labels.count)
    let accuracy = labels.reduce(0) { $0 + $1.accuracy.estimate } / count
    let confidence = labels.reduce(0) { $0 + $1.confidence } / count
    let unknown = labels.reduce(0) { $0 + $1.unknown } / count
    let regrets = labels.compactMap(\.regret)
    let regret =
      regrets.isEmpty
      ? ""
      : ", regret \(significant(regrets.reduce(0, +) / Double(regrets.count))) nats per token"
    return [
      .init(
        name: "\(name): labels left out of training", value: accuracy,
        text: "\(percent(accuracy)) right, confidence \(percent(confidence)), beyond all training "
          + "samples \(percent(unknown))\(regret); means over \(labels.count) labels")
    ]
  }

  /// What a router reached on the scored samples, where an arm says which cluster is right.
  private func scored(
    _ routed: ComparedArm, _ artifact: RouterArtifact
  ) throws -> [ComparisonReport.Fact] {
    guard routed.route == .classifier,
      let rule = comparison.arms.first(where: {
        $0.route == .assign && $0.policy == nil && $0.clusters == routed.clusters
          && $0.score == routed.score && $0.centring == routed.centring && $0.gate == routed.gate
      }), let own = comparison.scored(routed.name, cell: 0),
      let right = comparison.scored(rule.name, cell: 0), !own.groups.isEmpty,
      own.groups.count == right.groups.count
    else { return [] }
    let counts = artifact.router.summary.trainingCounts
    let majority = counts.indices.reduce(0) { counts[$1] > counts[$0] ? $1 : $0 }
    let isRight = zip(own.groups, right.groups).map(==)
    let report = try RouterReport(
      predictions: own.groups, labels: right.groups, classes: artifact.groups.count)
    let result = try McNemar.exact(
      b: zip(isRight, right.groups).filter { $0 && $1 != majority }.count,
      c: zip(isRight, right.groups).filter { !$0 && $1 == majority }.count)
    var text =
      "\(percent(report.accuracy)) of \(report.count) samples, 95 % CI "
      + "\(percent(report.interval.low)) to \(percent(report.interval.high)), macro-F1 "
      + percent(report.macroF1)
    if own.confidences.count == isRight.count, artifact.router.summary.model != .regret {
      let error = RouterReport.calibrationError(confidences: own.confidences, isRight: isRight)
      text += ", calibration error \(percent(error))"
    }
    text += ", McNemar p against the majority \(probability(result.pValue))"
    return [
      .init(
        name: "\(routed.name): router on scored samples", value: report.accuracy, text: text)
    ] + (try lost(own, right, by: routed.name, than: rule.name))
  }

  /// The divergence that is lost, per token and sample, where the router is wrong.
  private func lost(
    _ own: ScoredArm, _ right: ScoredArm, by name: String, than rule: String
  ) throws -> [ComparisonReport.Fact] {
    let members = own.scored
    guard members.count > 1 else { return [] }
    let differences = members.map { index in
      let (routed, assigned) = (own.scores[index].total, right.scores[index].total)
      return routed.kl / Double(routed.tokens) - assigned.kl / Double(assigned.tokens)
    }
    let interval = try Bootstrap.meanDifference(
      differences,
      options: BootstrapOptions(
        seed: comparison.options.seed, method: .percentile,
        repetitions: comparison.options.bootstrap))
    return [
      .init(
        name: "\(name): divergence lost to routing on scored samples", value: interval.estimate,
        text: "\(significant(interval.estimate)) nats per token over \(rule), 95 % CI "
          + "\(significant(interval.low)) to \(significant(interval.high)), mean of "
          + "\(members.count) samples")
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

  private func probability(_ p: Double) -> String { p < 0.001 ? "< 0.001" : rounded(p) }

  private func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }

  /// A number to three significant digits.
  private func significant(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
    var scale = 1.0
    while abs(value) * scale < 100 { scale *= 10 }
    while abs(value) * scale >= 1000 { scale /= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}
