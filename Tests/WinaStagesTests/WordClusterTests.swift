import Testing
import WinaPipeline
import WinaSparsity
import WinaStages
import WinaStatistics

/// Clusters of prompts by their tokens, from the cluster stage to the histograms.
struct WordClusterTests {
  private func words(_ lab: StageLab, _ shards: [StageLab.Shard]) throws -> ContentDigest {
    try lab.run(
      "cluster",
      [
        "algorithm": "kmeans", "k": 3, "seed": 1, "features": "bag_of_tokens", "pca": 8,
        "n_init": 4,
      ], ["tokens": shards.map { .artifact($0.tokens) }])
  }

  @Test func letteringsAreToldApartByTheirTokens() throws {
    let lab = try StageLab()
    let shards = try lab.shards(StageLab.records(60), sizes: [35, 25])
    let artifact = try lab.load(try words(lab, shards), as: ClusteringArtifact.self)
    let labels = artifact.sampleLabels.map { StageLab.labels.firstIndex(of: $0) ?? -1 }
    #expect(try PartitionSimilarity.adjustedRand(artifact.clustering.labels, labels) > 0.8)
    #expect(artifact.digests.count == 60)
  }

  @Test func histogramsPlaceSamplesByTheirTokens() throws {
    let lab = try StageLab()
    let shards = try lab.shards(StageLab.records(24), sizes: [14, 10])
    let clusters = try words(lab, shards)
    let grouped = try lab.run(
      "histogram", [:],
      [
        "capture": shards.map { .artifact($0.capture) },
        "tokens": shards.map { .artifact($0.tokens) }, "groups": [.artifact(clusters)],
      ])
    let histograms = try lab.load(grouped, as: HistogramArtifact.self).histograms
    let sizes = try lab.load(clusters, as: ClusteringArtifact.self).clustering.summary.sizes
    #expect(histograms.samples == sizes)
  }
}
