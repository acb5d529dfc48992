import Foundation
import WinaStatistics

/// Tokens and pairs of neighbouring tokens, hashed into buckets: words as a router's features.
///
/// The control for features of activations. A bucket holds Σ ±(1 + ln count) over the tokens and pairs
/// that fall into it, the sign being a bit of the hash, so that collisions cancel on average; the
/// vector is scaled to unit length. A sample without tokens has no features.
///
/// ### References
/// Weinberger et al., *Feature Hashing for Large Scale Multitask Learning*, 2009.
public enum HashedNgrams {
  /// Returns the features of samples.
  ///
  /// - Parameters:
  ///   - samples: The tokens of each sample that routing may see.
  ///   - buckets: The number of buckets, such as 2^12.
  /// - Throws: ``SparsityError`` when there is no bucket.
  /// - Complexity: O(tokens · log tokens).
  public static func features(_ samples: [[Int32]], buckets: Int) throws -> FeatureRows {
    guard buckets >= 1 else {
      throw SparsityError.range("the buckets", "\(buckets)", expected: "1…")
    }
    var values: [Double] = []
    var columns: [Int32] = []
    var starts = [0]
    for tokens in samples {
      var counts: [UInt64: Int] = [:]
      for token in tokens { counts[key(token, nil), default: 0] += 1 }
      for (first, second) in zip(tokens, tokens.dropFirst()) {
        counts[key(first, second), default: 0] += 1
      }
      var sums: [Int32: Double] = [:]
      // In the order of the keys, so that sums do not depend on that of the dictionary.
      for (key, count) in counts.sorted(by: { $0.key < $1.key }) {
        let hash = RandomStream.mixed(key)
        let bucket = Int32((hash >> 1).multipliedFullWidth(by: UInt64(buckets) << 1).high)
        let value = 1 + log(Double(count))
        sums[bucket, default: 0] += hash & 1 == 0 ? value : -value
      }
      let kept = sums.filter { $0.value != 0 }.sorted { $0.key < $1.key }
      let length = kept.reduce(0) { $0 + $1.value * $1.value }.squareRoot()
      values += kept.map { $0.value / length }
      columns += kept.map(\.key)
      starts.append(values.count)
    }
    return try FeatureRows(width: buckets, values: values, columns: columns, starts: starts)
  }

  private static func key(_ first: Int32, _ second: Int32?) -> UInt64 {
    let low = UInt64(UInt32(bitPattern: first))
    return low | (second.map { UInt64(UInt32(bitPattern: $0)) &+ 1 } ?? 0) << 32
  }
}
