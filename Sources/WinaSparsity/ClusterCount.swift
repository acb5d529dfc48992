import Foundation
import WinaStatistics
import WinaTensor

/// By what the number of clusters is chosen.
public enum ClusterCountRule: String, Codable, Sendable, CaseIterable {
  /// The largest mean silhouette.
  case silhouette
  /// The smallest k whose gap is not below that of the next less its standard error; the gap to uniform
  /// rows in the box of the rows.
  case gap
  /// The same, with the gap to rows whose columns are permuted: each feature keeps its distribution and
  /// loses what it shares with others.
  case permutedGap = "gap_permuted"
  /// The largest k whose prediction strength is at least 0.8.
  case predictionStrength = "prediction_strength"
}

/// What was measured of one number of clusters.
public struct ClusterCountCandidate: Codable, Sendable, Equatable {
  /// The number of clusters.
  public var k: Int
  /// The value of the rule: a silhouette, a gap or a prediction strength; nil where it has none.
  public var value: Double?
  /// The standard error of a gap.
  public var standardError: Double?
  /// Whether it was chosen.
  public var isChosen = false
}

/// Chooses the number of clusters on rows that were not clustered.
public enum ClusterCount {
  /// The prediction strength that is enough.
  public static let enoughStrength = 0.8
  /// The reference samples of the gap.
  public static let references = 20

  /// Chooses among numbers of clusters.
  ///
  /// - Parameters:
  ///   - rule: By what.
  ///   - candidates: The numbers, in any order.
  ///   - fitted: The rows that are clustered, shape [n, dimension].
  ///   - held: The rows that the choice is made on, in the same feature space.
  ///   - dimension: The length of a row.
  ///   - seed: The seed of the reference samples of the gap.
  ///   - cluster: Clusters rows and returns centroids, shape [k, dimension].
  /// - Returns: Every candidate in ascending order, one of them chosen.
  /// - Throws: ``SparsityError`` for no candidates or rows, and what clustering throws.
  public static func choose(
    _ rule: ClusterCountRule, among candidates: [Int], fitted: [Double], held: [Double],
    dimension: Int, seed: UInt64, cluster: (_ rows: [Double], _ k: Int) throws -> [Double]
  ) throws -> [ClusterCountCandidate] {
    guard !candidates.isEmpty, dimension > 0, !held.isEmpty else {
      throw SparsityError.noData("the choice of a number of clusters")
    }
    func labels(_ k: Int) throws -> [Int] {
      assign(held, to: try cluster(fitted, k), dimension: dimension)
    }
    var found: [ClusterCountCandidate] = []
    for k in Set(candidates).sorted() {
      var candidate = ClusterCountCandidate(k: k)
      switch rule {
      case .silhouette:
        candidate.value = try ClusterValidity(
          held, dimension: dimension, labels: try labels(k), seed: seed
        ).silhouette
      case .gap, .permutedGap:
        let gap = GapStatistic(
          rows: held, dimension: dimension, null: rule == .gap ? .box : .columns, seed: seed,
          references: references)
        (candidate.value, candidate.standardError) = try gap.value { rows in
          assign(rows, to: try cluster(rows, k), dimension: dimension)
        }
      case .predictionStrength:
        let own = assign(held, to: try cluster(held, k), dimension: dimension)
        candidate.value = predictionStrength(own: own, predicted: try labels(k), k: k)
      }
      found.append(candidate)
    }
    found[index(chosenFrom: found, by: rule)].isChosen = true
    return found
  }

  private static func index(
    chosenFrom found: [ClusterCountCandidate], by rule: ClusterCountRule
  ) -> Int {
    switch rule {
    case .silhouette:
      return found.indices.max {
        (found[$0].value ?? -2, -$0) < (found[$1].value ?? -2, -$1)
      } ?? 0
    case .gap, .permutedGap:
      for (index, next) in zip(found.indices, found.dropFirst()) {
        let bound = (next.value ?? -.infinity) - (next.standardError ?? 0)
        if (found[index].value ?? -.infinity) >= bound { return index }
      }
      return found.count - 1
    case .predictionStrength:
      return found.lastIndex { $0.value ?? 0 >= enoughStrength } ?? 0
    }
  }

  /// Returns the nearest centroid of every row.
  public static func assign(_ rows: [Double], to centroids: [Double], dimension: Int) -> [Int] {
    let search = CentroidSearch(rows, columns: dimension)
    var labels = [Int32](repeating: 0, count: search.count)
    search.assign(to: centroids, labels: &labels)
    return labels.map(Int.init)
  }

  /// Returns the share of pairs of each cluster that another clustering keeps together, of the cluster
  /// where it is least.
  ///
  /// Clusters of fewer than two rows say nothing and are left out; `nil` where all are such.
  ///
  /// ### References
  /// Tibshirani & Walther, *Cluster validation by prediction strength*, 2005.
  public static func predictionStrength(own: [Int], predicted: [Int], k: Int) -> Double? {
    var least: Double?
    for cluster in 0..<k {
      let members = own.indices.filter { own[$0] == cluster }
      guard members.count > 1 else { continue }
      let counts = Dictionary(grouping: members) { predicted[$0] }.values.map(\.count)
      let together = counts.reduce(0) { $0 + $1 * ($1 - 1) }
      least = min(least ?? 1, Double(together) / Double(members.count * (members.count - 1)))
    }
    return least
  }
}

/// How much clusters depend on which rows there are.
public enum ClusterStability {
  /// Returns the adjusted Rand index of clusterings of random subsamples, on the rows they share.
  ///
  /// - Parameters:
  ///   - rows: The rows, shape [count, dimension].
  ///   - dimension: The length of a row.
  ///   - pairs: How many pairs of subsamples.
  ///   - share: The share of rows in a subsample.
  ///   - seed: The seed of the subsamples.
  ///   - cluster: Clusters rows and returns the cluster of each.
  /// - Returns: One value a pair.
  /// - Throws: ``SparsityError`` for too few rows, and what clustering throws.
  public static func subsampled(
    _ rows: [Double], dimension: Int, pairs: Int, share: Double = 0.8, seed: UInt64,
    cluster: (_ rows: [Double]) throws -> [Int]
  ) throws -> [Double] {
    let count = dimension > 0 ? rows.count / dimension : 0
    let size = Int(share * Double(count))
    guard size > 1 else { throw SparsityError.noData("the stability of clusters") }
    return try (0..<pairs).map { pair in
      var random = RandomStream(seed: seed, stream: UInt64(pair))
      let members = (0..<2).map { _ -> [Int] in
        var order = Array(0..<count)
        random.shuffle(&order)
        return order.prefix(size).sorted()
      }
      let labels = try members.map { chosen -> [Int: Int] in
        let sample = chosen.flatMap { rows[($0 * dimension)..<(($0 + 1) * dimension)] }
        return Dictionary(uniqueKeysWithValues: zip(chosen, try cluster(sample)))
      }
      let shared = members[0].filter { labels[1][$0] != nil }
      return try PartitionSimilarity.adjustedRand(
        shared.map { labels[0][$0] ?? 0 }, shared.map { labels[1][$0] ?? 0 })
    }
  }
}
