import Foundation

/// Token counts as features: what a clustering by words alone is made of.
///
/// The control for clusterings of activations. A vector holds the count of each token times its
/// smoothed inverse document frequency, ln((1 + N) / (1 + n)) + 1 for a token that is in n of the N
/// fitted samples, and is scaled to unit length. Tokens beyond those that were fitted do not count.
public enum BagOfTokens {
  /// Returns how often each token below `width` occurs, shape [width].
  static func counts(_ tokens: some Sequence<Int32>, width: Int) -> [Float] {
    var counts = [Float](repeating: 0, count: width)
    for token in tokens where (0..<width).contains(Int(token)) { counts[Int(token)] += 1 }
    return counts
  }

  /// Fits a transform to samples and returns it with their features.
  ///
  /// - Parameters:
  ///   - samples: The tokens of each sample that routing may see.
  ///   - components: The number of principal components; 0 keeps the vectors as they are.
  ///   - threads: How many threads share the work; the result does not depend on it.
  /// - Returns: The transform and the features, shape [samples, dimension].
  /// - Throws: ``SparsityError`` for no samples or a negative token.
  /// - Complexity: O(N·V), and some 20 times as much for a component.
  static func fit(
    _ samples: [[Int32]], components: Int, threads: Int = 1
  ) throws -> (transform: FeatureTransform, features: [Double]) {
    guard !samples.isEmpty else { throw SparsityError.noData("clustering") }
    let width = Int(samples.lazy.flatMap(\.self).max() ?? 0) + 1
    var frequencies = [Int](repeating: 0, count: width)
    for sample in samples {
      for token in Set(sample) {
        guard token >= 0 else {
          throw SparsityError.range("a token", "\(token)", expected: "0 or more")
        }
        frequencies[Int(token)] += 1
      }
    }
    let weights = frequencies.map { Float(log(Double(1 + samples.count) / Double(1 + $0)) + 1) }
    return try FeatureTransform.fit(
      rows: samples.map { counts($0, width: width) },
      options: FeatureOptions(
        kind: .bagOfTokens, score: .teal, transform: .none, components: components),
      blocks: [FeatureBlock(source: 0..<width, scale: 1)], weights: weights,
      threads: threads)
  }
}
