import WinaPipeline
import WinaSparsity
import WinaStatistics

/// What the stages made that the arms of a comparison rest on, in every cell: of every stage the
/// different results with the cells that share them.
struct MadeByStages {
  /// By ``ComparedArm/clusters``.
  var clusters: [[CellVariant<ClusteringArtifact>]] = []
  /// By ``ComparedArm/router``.
  var routers: [[CellVariant<RouterArtifact>]] = []
  /// By ``ComparedArm/profile``.
  var profiles: [[CellVariant<SparsityProfile.Summary>]] = []
}

/// What is known of the clusters and of the routers, beside the arms' scores.
///
/// Clusters and routers are named by the arms that use them, and by cells where these have others.
struct Facts {
  let comparison: Comparison
  let primary: CompareStage.Primary?
  let made: MadeByStages

  /// How often labels are shuffled for the p value of their agreement with the clusters.
  private static let shuffles = 1000

  func facts() throws -> [ComparisonReport.Fact] {
    var facts: [ComparisonReport.Fact] = []
    for (index, variants) in made.clusters.enumerated() {
      let users = names { $0.clusters == index }
      for variant in variants {
        let name = "clusters of " + users + comparison.mark(variant.cells)
        facts += try self.facts(name, variant.value)
      }
    }
    for (index, variants) in made.profiles.enumerated() {
      facts += pooledGroups("profile of " + names { $0.profile == index }, variants)
    }
    for (index, variants) in made.routers.enumerated() {
      let users = names { $0.router == index }
      for variant in variants {
        let report = variant.value.training
        facts.append(
          .init(
            name: "router of " + users + comparison.mark(variant.cells)
              + ": accuracy on its training samples",
            value: report.accuracy,
            text: "\(FactText.share(report.interval)) of \(report.count) samples, macro-F1 "
              + (try comparison.macroF1(report))
              + ", majority \(FactText.percent(report.majorityAccuracy))"))
      }
    }
    return try facts + agreement()
      + RouterFacts(comparison: comparison, primary: primary, routers: made.routers).facts()
  }

  /// Says how many groups of a profile have the thresholds of all samples.
  private func pooledGroups(
    _ name: String, _ variants: [CellVariant<SparsityProfile.Summary>]
  ) -> [ComparisonReport.Fact] {
    var counts = [[Int]?](repeating: nil, count: comparison.cells.count)
    for variant in variants {
      guard let pooled = variant.value.pooledGroups else { continue }
      for cell in variant.cells { counts[cell] = [pooled, variant.value.groups.count] }
    }
    return CellVariant.equal(counts).map { same in
      .init(
        name: name + comparison.mark(same.cells) + ": groups that use the pooled one",
        value: Double(same.value[0]),
        text:
          "\(same.value[0]) of \(same.value[1]): too few of their tokens are gated, see `min_tokens`"
      )
    }
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
    try comparison.arms.flatMap { routed -> [ComparisonReport.Fact] in
      guard routed.route == .classifier,
        let oracle = comparison.arms.first(where: { $0.isAssignedCounterpart(of: routed) })
      else { return [] }
      let choices = comparison.cells.indices.map { cell -> [[Int]]? in
        guard let own = comparison.scored(routed.name, cell: cell)?.groups,
          let other = comparison.scored(oracle.name, cell: cell)?.groups, !own.isEmpty,
          own.count == other.count
        else { return nil }
        return [own, other]
      }
      return try CellVariant.equal(choices).map { same in
        let (own, other) = (same.value[0], same.value[1])
        let hits = zip(own, other).filter { $0 == $1 }.count
        let interval = try Proportion.wilson(successes: hits, total: own.count)
        return .init(
          name: "\(routed.name)\(comparison.mark(same.cells)): agreement with \(oracle.name) "
            + "on scored samples", value: Double(hits) / Double(own.count),
          text: "\(hits) of \(own.count) samples, \(FactText.share(interval))")
      }
    }
  }
}
