import WinaPipeline
import WinaSparsity
import WinaStatistics

/// What is known of the clusters and of the routers, beside the arms' scores.
struct Facts {
  let comparison: Comparison
  let clusters: [(String, ClusteringArtifact)]
  let routers: [(String, RouterArtifact)]

  func facts() throws -> [ComparisonReport.Fact] {
    var facts: [ComparisonReport.Fact] = []
    for (name, artifact) in clusters { facts += try self.facts(name, artifact) }
    for (name, artifact) in routers {
      let report = artifact.training
      facts.append(
        .init(
          name: "router of \(name): accuracy on its training samples", value: report.accuracy,
          text: "\(percent(report.accuracy)) of \(report.count) samples, macro-F1 "
            + "\(percent(report.macroF1)), majority \(percent(report.majorityAccuracy))"))
    }
    return facts + agreement()
  }

  private func facts(
    _ name: String, _ artifact: ClusteringArtifact
  ) throws -> [ComparisonReport.Fact] {
    let sizes = artifact.clustering.summary.sizes
    var facts = [
      ComparisonReport.Fact(
        name: "clusters of \(name): sizes", value: Double(sizes.count),
        text: "\(sizes.count) groups of \(sizes.map(String.init).joined(separator: ", ")) samples")
    ]
    let labels = LabelIndex(artifact.sampleLabels)
    let groups = artifact.clustering.labels
    guard labels.names.count > 1, labels.indices.count == groups.count, groups.count > 1 else {
      return facts
    }
    let rand = try PartitionSimilarity.adjustedRand(groups, labels.indices)
    let information = try PartitionSimilarity.adjustedMutualInformation(groups, labels.indices)
    facts.append(
      .init(
        name: "clusters of \(name): agreement with labels", value: rand,
        text: "ARI \(rounded(rand)), AMI \(rounded(information)) over \(groups.count) samples, "
          + "\(labels.names.count) labels"))
    return facts
  }

  /// How often routed arms chose the group that the cluster stage's own rule gives.
  private func agreement() -> [ComparisonReport.Fact] {
    comparison.arms.compactMap { routed in
      guard routed.route == EvaluateStage.Route.classifier.rawValue,
        let oracle = comparison.arms.first(where: {
          $0.route == "assign" && !$0.isControl && $0.score == routed.score
            && $0.centring == routed.centring && $0.gate == routed.gate
        }), let own = comparison.scored(routed.name, cell: 0),
        let other = comparison.scored(oracle.name, cell: 0), !own.groups.isEmpty,
        own.groups.count == other.groups.count
      else { return nil }
      let hits = zip(own.groups, other.groups).filter { $0 == $1 }.count
      let share = Double(hits) / Double(own.groups.count)
      var text = "\(hits) of \(own.groups.count) samples (\(percent(share)))"
      if let interval = try? Proportion.wilson(successes: hits, total: own.groups.count) {
        text += ", 95 % CI \(percent(interval.low)) to \(percent(interval.high))"
      }
      return .init(
        name: "\(routed.name): agreement with \(oracle.name) on scored samples", value: share,
        text: text)
    }
  }

  private func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }

  private func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
}
