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
  let primary: CompareStage.Primary?
  /// Of every stage the different routers, with the cells that share them.
  let routers: [[CellVariant<RouterArtifact>]]

  func facts() throws -> [ComparisonReport.Fact] {
    var facts: [ComparisonReport.Fact] = []
    for (index, variants) in routers.enumerated() {
      let arms = comparison.arms.filter { $0.router == index }
      let name = "router of " + arms.map(\.name).joined(separator: ", ")
      for variant in variants {
        facts += try validation(name + comparison.mark(variant.cells), variant.value)
        guard variant.value.validation != nil else { continue }
        for arm in arms where arm.policy == nil { facts += try scored(arm, variant) }
      }
    }
    for arm in comparison.arms { facts += fallbacks(of: arm) }
    return facts
  }

  private func validation(
    _ name: String, _ artifact: RouterArtifact
  ) throws -> [ComparisonReport.Fact] {
    let router = artifact.router
    var facts: [ComparisonReport.Fact] = []
    if let validation = artifact.validation {
      let report = validation.report
      facts.append(
        .init(
          name: "\(name): accuracy on validation samples", value: report.accuracy,
          text: "\(FactText.share(report.interval)) of \(report.count) samples, macro-F1 "
            + (try comparison.macroF1(report))
            + (report.topTwoInterval.map { ", top-2 \(FactText.share($0))" } ?? "")
            + ", majority \(FactText.percent(report.majorityAccuracy)), McNemar p "
            + FactText.probability(report.againstMajority?.pValue ?? 1)))
      // The probabilities of a router by regret are not those of clusters.
      if router.summary.model != .regret {
        facts.append(
          .init(
            name: "\(name): calibration error", value: report.calibrationError ?? 0,
            text: "\(FactText.percent(report.calibrationError ?? 0)) at temperature "
              + "\(FactText.rounded(router.summary.temperature)), "
              + "\(FactText.percent(validation.uncalibratedError ?? 0)) at 1; on the \(report.count) samples "
              + "that the temperature was fitted to, so no interval"))
      }
      let curve = validation.curve.points.map {
        "\(FactText.share($0.accuracy)) from \($0.count)"
      }
      facts.append(
        .init(
          name: "\(name): learning curve", value: report.accuracy,
          text: curve.joined(separator: ", ")
            + " training samples, of \(report.count) validation samples"))
      if let leftOut = validation.leftOut { facts += unseen(name, leftOut) }
      facts.append(
        .init(
          name: "\(name): size", value: Double(router.macs),
          text: "\(router.macs) MACs a sample without those of its features, "
            + "\(router.parameterCount) numbers"))
    }
    if let regret = artifact.validation?.report.regret ?? artifact.training.regret {
      let place = artifact.validation?.report.regret == nil ? "training" : "validation"
      facts.append(
        .init(
          name: "\(name): regret on \(place) samples", value: regret.regret.mean,
          text:
            "\(Self.text(regret.regret)) nats per token over \(regret.count) samples; own cluster "
            + "\(Self.text(regret.ownCluster)), majority \(Self.text(regret.majority)), random "
            + "\(Self.text(regret.uniform)); best profile for \(FactText.share(regret.oracleAgreement))"
        ))
    }
    return facts
  }

  private static func text(_ estimate: RouterRegret.Estimate) -> String {
    guard let low = estimate.low, let high = estimate.high else {
      return "\(FactText.number(estimate.mean)) [n/a]"
    }
    return "\(FactText.number(estimate.mean)) [\(FactText.number(low)), \(FactText.number(high))]"
  }

  /// What becomes of samples whose label was left out of training, as means over labels.
  private func unseen(_ name: String, _ labels: [LeftOutLabel]) -> [ComparisonReport.Fact] {
    guard !labels.isEmpty else { return [] }
    let count = Double(labels.count)
    let accuracies = labels.map(\.accuracy.estimate)
    let accuracy = accuracies.reduce(0, +) / count
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
          "\(FactText.percent(accuracy)) right (by label \(FactText.percent(accuracies.min() ?? 0)) to "
          + "\(FactText.percent(accuracies.max() ?? 0))), confidence \(FactText.percent(confidence)), beyond all "
          + "training samples \(FactText.percent(unknown))\(regret); means over \(labels.count) labels with "
          + "\(labels.reduce(0) { $0 + $1.count }) validation samples, without interval")
    ]
  }

  /// What a router reached on the scored samples, where an arm says which cluster is right.
  private func scored(
    _ routed: ComparedArm, _ variant: CellVariant<RouterArtifact>
  ) throws -> [ComparisonReport.Fact] {
    guard routed.route == .classifier,
      let cell = comparison.representative(of: variant.cells, for: primary),
      let rule = comparison.arms.first(where: {
        $0.isAssignedCounterpart(of: routed)
      }), let own = comparison.scored(routed.name, cell: cell),
      let right = comparison.scored(rule.name, cell: cell), !own.groups.isEmpty,
      own.groups.count == right.groups.count
    else { return [] }
    let artifact = variant.value
    let counts = artifact.router.summary.trainingCounts
    let majority = counts.indices.reduce(0) { counts[$1] > counts[$0] ? $1 : $0 }
    let isRight = zip(own.groups, right.groups).map(==)
    let report = try RouterReport(
      predictions: own.groups, labels: right.groups, classes: artifact.groups.count)
    let result = try McNemar.exact(
      b: zip(isRight, right.groups).filter { $0 && $1 != majority }.count,
      c: zip(isRight, right.groups).filter { !$0 && $1 == majority }.count)
    var text =
      "\(FactText.share(report.interval)) of \(report.count) samples, macro-F1 "
      + (try comparison.macroF1(report))
    if own.confidences.count == isRight.count, isRight.count > 1,
      artifact.router.summary.model != .regret
    {
      let error = try Bootstrap.interval(count: isRight.count, options: comparison.ofRouters) {
        RouterReport.calibrationError(
          confidences: $0.map { own.confidences[$0] }, isRight: $0.map { isRight[$0] })
      }
      text += ", calibration error \(FactText.share(error.estimate, error.low, error.high))"
    }
    text += ", McNemar p against the majority \(FactText.probability(result.pValue))"
    return [
      .init(
        name: "\(routed.name)\(comparison.mark(variant.cells)): router on scored samples",
        value: report.accuracy, text: text)
    ] + (try lost(own, right, by: routed.name + comparison.mark([cell]), than: rule.name))
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
    guard
      let interval = try comparison.interval(
        differences, over: differences.map { _ in 1 }, members: members, of: own)
    else { return [] }
    return [
      .init(
        name: "\(name): divergence lost to routing on scored samples", value: interval.estimate,
        text:
          "\(FactText.estimate(interval.estimate, interval)) nats per token over \(rule), a mean over "
          + "\(members.count) samples, whatever their lengths")
    ]
  }

  private func fallbacks(of arm: ComparedArm) -> [ComparisonReport.Fact] {
    guard arm.policy == .fallback else { return [] }
    let groups = comparison.cells.indices.map { comparison.scored(arm.name, cell: $0)?.groups }
    return CellVariant.equal(groups).compactMap { same in
      let count = same.value.filter { $0 == SampleRoute.fallback }.count
      guard let share = try? Proportion.wilson(successes: count, total: same.value.count) else {
        return nil
      }
      return .init(
        name: "\(arm.name)\(comparison.mark(same.cells)): samples sent to the fallback",
        value: share.estimate,
        text: "\(count) of \(same.value.count) samples, \(FactText.share(share))")
    }
  }
}

extension Comparison {
  /// How intervals of routers' measures are resampled.
  fileprivate var ofRouters: BootstrapOptions {
    BootstrapOptions(
      seed: options.seed, method: .percentile, repetitions: min(options.bootstrap, 2000))
  }

  /// The macro-F1 of a router with its interval.
  func macroF1(_ report: RouterReport) throws -> String {
    let interval = try report.macroF1Interval(options: ofRouters)
    return FactText.share(report.macroF1, interval?.low, interval?.high)
  }
}
