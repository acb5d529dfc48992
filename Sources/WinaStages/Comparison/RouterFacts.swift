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
          text: "\(FactText.percent(report.accuracy)) of \(report.count) samples, 95 % CI "
            + "\(FactText.percent(report.interval.low)) to \(FactText.percent(report.interval.high)), macro-F1 "
            + "\(FactText.percent(report.macroF1)), top-2 \(FactText.percent(report.topTwo ?? 0)), majority "
            + "\(FactText.percent(report.majorityAccuracy)), McNemar p "
            + FactText.probability(report.againstMajority?.pValue ?? 1)))
      // The probabilities of a router by regret are not those of clusters.
      if router.summary.model != .regret {
        facts.append(
          .init(
            name: "\(name): calibration error", value: report.calibrationError ?? 0,
            text: "\(FactText.percent(report.calibrationError ?? 0)) at temperature "
              + "\(FactText.rounded(router.summary.temperature)), "
              + "\(FactText.percent(validation.uncalibratedError ?? 0)) at 1; on the samples that the "
              + "temperature was fitted to"))
      }
      let curve = validation.curve.points.map {
        "\(FactText.percent($0.accuracy.estimate)) from \($0.count)"
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
          regret.regret.high.map { ", 95 % CI \(FactText.number(low)) to \(FactText.number($0))" }
        } ?? ""
      facts.append(
        .init(
          name: "\(name): regret on \(place) samples", value: regret.regret.mean,
          text: "\(FactText.number(regret.regret.mean)) nats per token over \(regret.count) "
            + "samples\(interval); own cluster \(FactText.number(regret.ownCluster.mean)), majority "
            + "\(FactText.number(regret.majority.mean)), random \(FactText.number(regret.uniform.mean)); "
            + "best profile for \(FactText.percent(regret.oracleAgreement.estimate))"))
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
      : ", regret \(FactText.number(regrets.reduce(0, +) / Double(regrets.count))) nats per token"
    return [
      .init(
        name: "\(name): labels left out of training", value: accuracy,
        text:
          "\(FactText.percent(accuracy)) right, confidence \(FactText.percent(confidence)), beyond all training "
          + "samples \(FactText.percent(unknown))\(regret); means over \(labels.count) labels")
    ]
  }

  /// What a router reached on the scored samples, where an arm says which cluster is right.
  private func scored(
    _ routed: ComparedArm, _ artifact: RouterArtifact
  ) throws -> [ComparisonReport.Fact] {
    guard routed.route == .classifier,
      let rule = comparison.arms.first(where: {
        $0.isAssignedCounterpart(of: routed)
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
      "\(FactText.percent(report.accuracy)) of \(report.count) samples, 95 % CI "
      + "\(FactText.percent(report.interval.low)) to \(FactText.percent(report.interval.high)), macro-F1 "
      + FactText.percent(report.macroF1)
    if own.confidences.count == isRight.count, artifact.router.summary.model != .regret {
      let error = RouterReport.calibrationError(confidences: own.confidences, isRight: isRight)
      text += ", calibration error \(FactText.percent(error))"
    }
    text += ", McNemar p against the majority \(FactText.probability(result.pValue))"
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
        text: "\(FactText.number(interval.estimate)) nats per token over \(rule), 95 % CI "
          + "\(FactText.number(interval.low)) to \(FactText.number(interval.high)), mean of "
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
        text: "\(count) of \(scored.groups.count) samples (\(FactText.percent(share)))")
    ]
  }
}
