import WinaPipeline
import WinaSparsity
import WinaStatistics

/// What is known of the clusters and of the routers, beside the arms' scores.
///
/// Clusters and routers are named by the arms that use them.
struct Facts {
  let comparison: Comparison
  let clusters: [ClusteringArtifact]
  let routers: [RouterArtifact]

  /// How often labels are shuffled for the p value of their agreement with the clusters.
  private static let shuffles = 1000

  func facts() throws -> [ComparisonReport.Fact] {
    var facts: [ComparisonReport.Fact] = []
    for (index, artifact) in clusters.enumerated() {
      let users = names { $0.clusters == index }
      facts += try self.facts("clusters of " + users, artifact)
    }
    for (index, artifact) in routers.enumerated() {
      let report = artifact.training
      facts.append(
        .init(
          name: "router of " + names { $0.router == index } + ": accuracy on its training samples",
          value: report.accuracy,
          text: "\(percent(report.accuracy)) of \(report.count) samples, macro-F1 "
            + "\(percent(report.macroF1)), majority \(percent(report.majorityAccuracy))"))
    }
    return try facts + agreement() + RouterFacts(comparison: comparison, routers: routers).facts()
  }

  private func names(_ isUser: (ComparedArm) -> Bool) -> String {
    comparison.arms.filter(isUser).map(\.name).joined(separator: ", ")
  }

  private func facts(
    _ name: String, _ artifact: ClusteringArtifact
  ) throws -> [ComparisonReport.Fact] {
    let sizes = artifact.clustering.summary.sizes
    var facts = [
      ComparisonReport.Fact(
        name: "\(name): groups", value: Double(sizes.count),
        text: "\(sizes.count) groups of \(sizes.map(String.init).joined(separator: ", ")) samples")
    ]
    let labels = LabelIndex(artifact.sampleLabels)
    let groups = artifact.clustering.labels
    guard labels.names.count > 1, labels.indices.count == groups.count, groups.count > 1 else {
      return facts
    }
    let rand = try PartitionSimilarity.adjustedRand(groups, labels.indices)
    let information = try PartitionSimilarity.adjustedMutualInformation(groups, labels.indices)
    let p = try chance(of: rand, groups, labels.indices)
    facts.append(
      .init(
        name: "\(name): agreement with labels", value: rand,
        text: "ARI \(rounded(rand)), AMI \(rounded(information)) over \(groups.count) samples, "
          + "\(labels.names.count) labels; p \(p < 0.001 ? "< 0.001" : "= \(rounded(p))") by "
          + "\(Facts.shuffles) shuffles of the labels"))
    return facts
  }

  /// The p value of an adjusted Rand index by permutation of the labels.
  private func chance(of observed: Double, _ groups: [Int], _ labels: [Int]) throws -> Double {
    var stream = RandomStream(seed: comparison.options.seed)
    var shuffled = labels
    let null = try (0..<Facts.shuffles).map { _ in
      stream.shuffle(&shuffled)
      return try PartitionSimilarity.adjustedRand(groups, shuffled)
    }
    return try RandomPartitionNull.pValue(observed: observed, null: null)
  }

  /// How often routed arms chose the group that the cluster stage's own rule gives.
  private func agreement() throws -> [ComparisonReport.Fact] {
    try comparison.arms.compactMap { routed in
      guard routed.route == .classifier,
        let oracle = comparison.arms.first(where: {
          $0.route == .assign && $0.policy == nil && $0.clusters == routed.clusters
            && $0.score == routed.score
            && $0.centring == routed.centring && $0.gate == routed.gate
        }), let own = comparison.scored(routed.name, cell: 0),
        let other = comparison.scored(oracle.name, cell: 0), !own.groups.isEmpty,
        own.groups.count == other.groups.count
      else { return nil }
      let hits = zip(own.groups, other.groups).filter { $0 == $1 }.count
      let share = Double(hits) / Double(own.groups.count)
      let interval = try Proportion.wilson(successes: hits, total: own.groups.count)
      return .init(
        name: "\(routed.name): agreement with \(oracle.name) on scored samples", value: share,
        text: "\(hits) of \(own.groups.count) samples (\(percent(share))), 95 % CI "
          + "\(percent(interval.low)) to \(percent(interval.high))")
    }
  }

  private func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }

  private func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
}
