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
  /// The summaries of the arms' profiles, in the first cell.
  let profiles: [SparsityProfile.Summary]

  /// How often labels are shuffled for the p value of their agreement with the clusters.
  private static let shuffles = 1000

  func facts() throws -> [ComparisonReport.Fact] {
    var facts: [ComparisonReport.Fact] = []
    for (index, artifact) in clusters.enumerated() {
      let users = names { $0.clusters == index }
      facts += try self.facts("clusters of " + users, artifact)
    }
    for (index, summary) in profiles.enumerated() {
      guard let pooled = summary.pooledGroups else { continue }
      facts.append(
        .init(
          name: "profile of " + names { $0.profile == index } + ": groups that use the pooled one",
          value: Double(pooled),
          text:
            "\(pooled) of \(summary.groups.count): too few of their tokens are gated, see `min_tokens`"
        ))
    }
    for (index, artifact) in routers.enumerated() {
      let report = artifact.training
      facts.append(
        .init(
          name: "router of " + names { $0.router == index } + ": accuracy on its training samples",
          value: report.accuracy,
          text: "\(FactText.share(report.interval)) of \(report.count) samples, macro-F1 "
            + (try comparison.macroF1(report))
            + ", majority \(FactText.percent(report.majorityAccuracy))"))
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
    let agreement = try PartitionAgreement(
      labels: labels.indices, clusters: groups, repetitions: Facts.shuffles,
      seed: comparison.options.seed)
    let intervals = try? PartitionJackknife(labels.indices, groups)
    var text =
      "ARI \(FactText.agreement(intervals?.rand, else: agreement.rand.observed)), AMI "
      + FactText.agreement(intervals?.information, else: agreement.information.observed)
      + " over \(groups.count) samples, "
      + "\(labels.names.count) labels; p of AMI \(FactText.probability(agreement.information.pValue))"
      + " by \(Facts.shuffles) shuffles of the labels"
    if let bins = try bins(of: artifact) {
      let within = try PartitionAgreement(
        labels: labels.indices, clusters: groups, within: bins, repetitions: Facts.shuffles,
        seed: comparison.options.seed)
      text +=
        ", \(FactText.probability(within.information.pValue)) by shuffles within "
        + "\(within.strata) bins of length, which alone give AMI "
        + FactText.rounded(within.information.nullMean)
    }
    facts.append(
      .init(
        name: "\(name): agreement with labels", value: agreement.rand.observed, text: text))
    if let halves = artifact.report.halves {
      let alike = Int((halves.agreement * Double(halves.samples)).rounded())
      let share = try Proportion.wilson(successes: alike, total: halves.samples)
      facts.append(
        .init(
          name: "\(name): halves of a sample's tokens", value: halves.agreement,
          text: "one group for \(FactText.share(share)) of \(halves.samples) samples, "
            + "ARI \(FactText.agreement(halves.interval, else: halves.rand))"))
    }
    return facts
  }

  /// The bin of length of every sample; `nil` where lengths are not known or all equal.
  private func bins(of artifact: ClusteringArtifact) throws -> [Int]? {
    guard let lengths = artifact.lengths else { return nil }
    let count = min(10, Set(lengths).count)
    guard count > 1 else { return nil }
    let edges = try LengthBins.edges(lengths, bins: count)
    return lengths.map { LengthBins.bin(of: $0, edges: edges) }
  }

  /// How often routed arms chose the group that the cluster stage's own rule gives.
  private func agreement() throws -> [ComparisonReport.Fact] {
    try comparison.arms.compactMap { routed in
      guard routed.route == .classifier,
        let oracle = comparison.arms.first(where: {
          $0.isAssignedCounterpart(of: routed)
        }), let own = comparison.scored(routed.name, cell: 0),
        let other = comparison.scored(oracle.name, cell: 0), !own.groups.isEmpty,
        own.groups.count == other.groups.count
      else { return nil }
      let hits = zip(own.groups, other.groups).filter { $0 == $1 }.count
      let share = Double(hits) / Double(own.groups.count)
      let interval = try Proportion.wilson(successes: hits, total: own.groups.count)
      return .init(
        name: "\(routed.name): agreement with \(oracle.name) on scored samples", value: share,
        text: "\(hits) of \(own.groups.count) samples, \(FactText.share(interval))")
    }
  }
}
