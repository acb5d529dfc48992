import Foundation
import WinaStatistics
import WinaTensor

/// How well separated clusters are, by the distances of their rows.
public struct ClusterValidity: Codable, Sendable, Equatable {
  /// The mean silhouette in −1…1; nil for one cluster or as many as rows.
  public let silhouette: Double?
  /// Between-cluster over within-cluster dispersion, each by its degrees of freedom (Caliński–Harabasz);
  /// nil for one cluster, as many as rows, or no dispersion within.
  public let dispersionRatio: Double?
  /// The mean, over clusters, of the largest (scatter + scatter) / distance (Davies–Bouldin); nil for one
  /// cluster.
  public let overlap: Double?
  /// The sum of squared distances of rows to the means of their clusters.
  public let inertia: Double
  /// The rows that silhouettes were taken of.
  public let sampled: Int

  /// The largest number of rows whose silhouettes are taken.
  public static let silhouetteRows = 5000

  /// Measures clusters of rows of shape [count, dimension].
  ///
  /// - Parameters:
  ///   - rows: The rows.
  ///   - dimension: The length of a row.
  ///   - labels: The cluster of every row, 0..<k; clusters may be empty.
  ///   - seed: The seed of the choice of rows above ``silhouetteRows``.
  /// - Throws: ``SparsityError`` for no rows, shapes that do not fit or values that are not numbers.
  /// - Complexity: O(n² · dimension) up to ``silhouetteRows`` rows.
  ///
  /// ### References
  /// Rousseeuw, *Silhouettes*, 1987; Caliński & Harabasz, 1974; Davies & Bouldin, 1979.
  public init(_ rows: [Double], dimension: Int, labels: [Int], seed: UInt64 = 1) throws {
    let points = try ClusterPoints(rows, dimension: dimension, labels: labels)
    let present = points.sizes.filter { $0 > 0 }.count
    let isProper = present > 1 && present < points.count
    inertia = points.withinDispersion
    let chosen = Self.chosen(points.count, seed: seed)
    sampled = chosen.count
    silhouette = isProper ? points.silhouette(of: chosen) : nil
    let within = points.withinDispersion
    dispersionRatio =
      isProper && within > 0
      ? points.betweenDispersion / within * Double(points.count - present) / Double(present - 1)
      : nil
    overlap = present > 1 ? points.overlap : nil
  }

  private static func chosen(_ count: Int, seed: UInt64) -> [Int] {
    guard count > silhouetteRows else { return Array(0..<count) }
    var random = RandomStream(seed: seed)
    var order = Array(0..<count)
    random.shuffle(&order)
    return order.prefix(silhouetteRows).sorted()
  }
}

/// Rows with their clusters.
struct ClusterPoints {
  let rows: [Double]
  let dimension: Int
  let labels: [Int]
  let sizes: [Int]
  /// The mean of every cluster, shape [k, dimension]; zeros where it is empty.
  let centroids: [Double]

  var count: Int { labels.count }

  init(_ rows: [Double], dimension: Int, labels: [Int]) throws {
    guard dimension > 0, !labels.isEmpty, rows.count == labels.count * dimension else {
      throw SparsityError.shape(
        "the rows of clusters", have: rows.count, expected: labels.count * max(dimension, 1))
    }
    guard rows.allSatisfy(\.isFinite) else { throw SparsityError.notANumber("the features") }
    guard labels.allSatisfy({ $0 >= 0 }) else {
      throw SparsityError.range("a cluster", "\(labels.min() ?? 0)", expected: "0…")
    }
    let k = (labels.max() ?? 0) + 1
    var sizes = [Int](repeating: 0, count: k)
    var sums = [Double](repeating: 0, count: k * dimension)
    for (row, label) in labels.enumerated() {
      sizes[label] += 1
      for column in 0..<dimension {
        sums[label * dimension + column] += rows[row * dimension + column]
      }
    }
    for index in sums.indices { sums[index] /= Double(max(sizes[index / dimension], 1)) }
    self.rows = rows
    self.dimension = dimension
    self.labels = labels
    self.sizes = sizes
    centroids = sums
  }

  func squaredDistance(_ a: [Double], _ i: Int, _ b: [Double], _ j: Int) -> Double {
    var sum = 0.0
    for column in 0..<dimension {
      let difference = a[i * dimension + column] - b[j * dimension + column]
      sum += difference * difference
    }
    return sum
  }

  /// Σ‖x − centroid‖².
  var withinDispersion: Double {
    labels.indices.reduce(0) { $0 + squaredDistance(rows, $1, centroids, labels[$1]) }
  }

  /// Σ n·‖centroid − mean‖².
  var betweenDispersion: Double {
    var mean = [Double](repeating: 0, count: dimension)
    for index in rows.indices { mean[index % dimension] += rows[index] }
    for column in 0..<dimension { mean[column] /= Double(count) }
    return sizes.indices.reduce(0) {
      $0 + Double(sizes[$1]) * squaredDistance(centroids, $1, mean, 0)
    }
  }

  /// The mean silhouette of some rows; a row alone in its cluster has 0.
  func silhouette(of chosen: [Int]) -> Double {
    let search = CentroidSearch(rows, columns: dimension)
    var total = 0.0
    for row in chosen {
      guard sizes[labels[row]] > 1 else { continue }
      var sums = [Double](repeating: 0, count: sizes.count)
      let distances = search.squaredDistances(to: rows, at: row * dimension)
      for (other, label) in labels.enumerated() { sums[label] += distances[other].squareRoot() }
      let own = sums[labels[row]] / Double(sizes[labels[row]] - 1)
      var nearest = Double.infinity
      for cluster in sizes.indices where cluster != labels[row] && sizes[cluster] > 0 {
        nearest = min(nearest, sums[cluster] / Double(sizes[cluster]))
      }
      let largest = max(own, nearest)
      if largest > 0 { total += (nearest - own) / largest }
    }
    return total / Double(chosen.count)
  }

  /// The Davies–Bouldin index; clusters in one place overlap without bound, which counts as 0 as in
  /// scikit-learn.
  var overlap: Double {
    let present = sizes.indices.filter { sizes[$0] > 0 }
    var scatter = [Double](repeating: 0, count: sizes.count)
    for row in labels.indices {
      scatter[labels[row]] += squaredDistance(rows, row, centroids, labels[row]).squareRoot()
    }
    for cluster in present { scatter[cluster] /= Double(sizes[cluster]) }
    var total = 0.0
    for a in present {
      var worst = 0.0
      for b in present where b != a {
        let distance = squaredDistance(centroids, a, centroids, b).squareRoot()
        if distance > 0 { worst = max(worst, (scatter[a] + scatter[b]) / distance) }
      }
      total += worst
    }
    return total / Double(present.count)
  }
}
