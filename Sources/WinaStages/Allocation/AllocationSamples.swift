import WinaEvaluation
import WinaPipeline
import WinaSparsity

/// The samples that an allocation is searched with, and as many that it is checked with, by group.
struct AllocationSamples {
  /// One sample: the tokens that are fed and the first row that is gated.
  struct Sample {
    var tokens: [Int32]
    var firstGatedRow: Int
  }

  /// The samples to search with, by group.
  private(set) var search: [[Sample]]
  /// The samples that are held out, by group.
  private(set) var heldOut: [[Sample]]

  /// Chooses samples by the keyed hashes of their digests, lowest first.
  ///
  /// - Parameters:
  ///   - shards: The samples.
  ///   - clusters: The groups; `nil` for one.
  ///   - count: How many of each group, twice; of fewer the second half is held out.
  ///   - maxTokens: Where longer samples are cut.
  ///   - seed: The key of the hashes.
  ///   - groups: The names of the groups.
  /// - Throws: `ArtifactError` for a group that has no sample with a gated token.
  init(
    _ shards: [TokenizedShard], clusters: ClusteringArtifact?, count: Int, maxTokens: Int,
    seed: UInt64, groups: [String]
  ) throws {
    var known: [ContentDigest: Int] = [:]
    if let clusters {
      for (digest, group) in zip(clusters.digests, clusters.clustering.labels) {
        known[digest] = group
      }
    }
    var candidates: [[(hash: UInt64, sample: Sample)]] = Array(repeating: [], count: groups.count)
    for shard in shards {
      for (sample, digest) in zip(shard.samples, shard.digests) {
        guard let group = clusters == nil ? 0 : known[digest] else { continue }
        let tokens = Array(sample.goldSequence.tokens.dropLast().prefix(maxTokens))
        let first = shard.policy.firstGatedRow(sample)
        guard first < tokens.count, groups.indices.contains(group) else { continue }
        candidates[group].append(
          (
            SampleReservoir.hash(of: digest.bytes, seed: seed),
            Sample(tokens: tokens, firstGatedRow: first)
          ))
      }
    }
    search = []
    heldOut = []
    for (group, found) in candidates.enumerated() {
      guard !found.isEmpty else {
        throw ArtifactError(
          "group '\(groups[group])' has no sample with a gated token to search an allocation with")
      }
      let sorted = found.sorted { $0.hash < $1.hash }.map(\.sample)
      let searched = min(count, (sorted.count + 1) / 2)
      search.append(Array(sorted[..<searched]))
      heldOut.append(Array(sorted[searched...].prefix(count)))
    }
  }
}
