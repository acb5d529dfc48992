import WinaPipeline

/// Cuts a sequence of samples into shards where the samples' own digests say so.
///
/// Whether a shard may end after a sample is a function of that sample's digest alone, so that an
/// edit moves no border except by the least and the most length: beyond the next border that both
/// versions have in common, nothing changes.
package enum ShardCutter {
  /// The least number of samples in a shard, except for the last one of a split.
  package static let least = 32
  /// The most samples in a shard.
  package static let most = 512
  /// One sample in this many ends a shard: with the least length, 128 samples in the mean.
  private static let period: UInt64 = 97

  /// Returns the shards as ranges that cover `0..<digests.count`.
  package static func cut(_ digests: [ContentDigest]) -> [Range<Int>] {
    var shards: [Range<Int>] = []
    var start = 0
    for (index, digest) in digests.enumerated() {
      let count = index + 1 - start
      if count == most || (count >= least && isBorder(digest)) {
        shards.append(start..<(index + 1))
        start = index + 1
      }
    }
    if start < digests.count { shards.append(start..<digests.count) }
    return shards
  }

  private static func isBorder(_ digest: ContentDigest) -> Bool {
    let word = digest.bytes.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return word.isMultiple(of: period)
  }
}
