/// How the distance of two clusters is taken.
public enum Linkage: String, Codable, Sendable, CaseIterable {
  /// The mean distance of their rows.
  case average
  /// The growth of the within-cluster sum of squares (Ward).
  case ward
}

/// Clusters that are merged, two nearest at a time, until k are left.
///
/// Nearest-neighbour chains find the merges, with the update formulas of Lance and Williams. Ties go to
/// the lower row.
///
/// ### References
/// Murtagh & Contreras, *Algorithms for hierarchical clustering: an overview*, 2012.
public enum AgglomerativeClusters {
  /// The most rows: their distances take half a gigabyte at 8,000.
  public static let largestCount = 5000

  /// Returns the cluster of every row, numbered by falling size and then by the first row.
  ///
  /// - Parameters:
  ///   - rows: The rows, shape [count, dimension].
  ///   - dimension: The length of a row.
  ///   - k: The number of clusters.
  ///   - linkage: How the distance of two clusters is taken.
  /// - Throws: ``SparsityError``: `outOfRange` for more than ``largestCount`` rows or k out of range,
  ///   `notANumber`.
  /// - Complexity: O(count² · dimension), and memory for count² / 2 distances.
  public static func fit(
    _ rows: [Double], dimension: Int, k: Int, linkage: Linkage
  ) throws -> [Int] {
    let count = dimension > 0 ? rows.count / dimension : 0
    guard count > 0 else { throw SparsityError.noData("agglomerative clusters") }
    guard count <= largestCount else {
      throw SparsityError(
        code: .outOfRange,
        message: "agglomerative clusters need the distances of all \(count) samples to each other, "
          + "and take \(largestCount) at most",
        hint: "limit the data, or use kmeans")
    }
    guard (1...count).contains(k) else {
      throw SparsityError(
        code: .tooFewDistinctSamples,
        message: "\(count) samples cannot form \(k) clusters",
        hint: "use a smaller k, or more calibration samples")
    }
    guard rows.allSatisfy(\.isFinite) else { throw SparsityError.notANumber("the features") }
    var tree = MergeTree(rows, count: count, dimension: dimension, linkage: linkage)
    return canonical(tree.labels(k: k), k: k)
  }

  private static func canonical(_ roots: [Int], k: Int) -> [Int] {
    var sizes: [Int: (count: Int, first: Int)] = [:]
    for (row, root) in roots.enumerated() { sizes[root, default: (0, row)].count += 1 }
    let order = sizes.sorted {
      ($1.value.count, $0.value.first) < ($0.value.count, $1.value.first)
    }
    let number = Dictionary(
      uniqueKeysWithValues: order.enumerated().map { ($0.element.key, $0.offset) })
    return roots.map { number[$0] ?? 0 }
  }
}

/// Distances of clusters while they are merged.
private struct MergeTree {
  private let count: Int
  private let linkage: Linkage
  /// The distances of pairs i < j, rows of the upper triangle one after the other.
  private var distances: [Double]
  private var sizes: [Int]

  init(_ rows: [Double], count: Int, dimension: Int, linkage: Linkage) {
    self.count = count
    self.linkage = linkage
    sizes = [Int](repeating: 1, count: count)
    distances = []
    distances.reserveCapacity(count * (count - 1) / 2)
    for i in 0..<count {
      for j in (i + 1)..<max(count, i + 1) {
        var sum = 0.0
        for column in 0..<dimension {
          let difference = rows[i * dimension + column] - rows[j * dimension + column]
          sum += difference * difference
        }
        distances.append(sum.squareRoot())
      }
    }
  }

  private func place(_ i: Int, _ j: Int) -> Int {
    let (low, high) = (min(i, j), max(i, j))
    return low * (2 * count - low - 1) / 2 + high - low - 1
  }

  /// Returns for every row the lowest row of its cluster, when k clusters are left.
  mutating func labels(k: Int) -> [Int] {
    let merges = merges().sorted { ($0.distance, $0.a, $0.b) < ($1.distance, $1.a, $1.b) }
    var parents = Array(0..<count)
    func root(_ row: Int) -> Int {
      var row = row
      while parents[row] != row { row = parents[row] }
      return row
    }
    for merge in merges.prefix(count - k) {
      let (a, b) = (root(merge.a), root(merge.b))
      parents[max(a, b)] = min(a, b)
    }
    return (0..<count).map(root)
  }

  /// All merges with their distances, by rows that stand for the merged clusters.
  private mutating func merges() -> [(distance: Double, a: Int, b: Int)] {
    var merges: [(distance: Double, a: Int, b: Int)] = []
    var isActive = [Bool](repeating: true, count: count)
    var chain: [Int] = []
    while merges.count < count - 1 {
      if chain.isEmpty, let first = isActive.firstIndex(of: true) { chain.append(first) }
      while true {
        let last = chain[chain.count - 1]
        let previous = chain.count > 1 ? chain[chain.count - 2] : nil
        // The one before wins ties, or the chain would go round in circles.
        var best = previous
        var least = previous.map { distances[place(last, $0)] } ?? .infinity
        for other in 0..<count where isActive[other] && other != last {
          let distance = distances[place(last, other)]
          if distance < least { (best, least) = (other, distance) }
        }
        guard let best else { break }
        if best == previous {
          chain.removeLast(2)
          let (a, b) = (min(last, best), max(last, best))
          merges.append((least, a, b))
          merge(a, b, least, &isActive)
          break
        }
        chain.append(best)
      }
    }
    return merges
  }

  /// Lets `a` stand for both clusters.
  private mutating func merge(_ a: Int, _ b: Int, _ distance: Double, _ isActive: inout [Bool]) {
    isActive[b] = false
    let (na, nb) = (Double(sizes[a]), Double(sizes[b]))
    for other in 0..<count where isActive[other] && other != a {
      let (toA, toB) = (distances[place(other, a)], distances[place(other, b)])
      let updated: Double
      switch linkage {
      case .average: updated = (na * toA + nb * toB) / (na + nb)
      case .ward:
        let n = Double(sizes[other])
        let square =
          ((n + na) * toA * toA + (n + nb) * toB * toB - n * distance * distance) / (n + na + nb)
        updated = max(0, square).squareRoot()
      }
      distances[place(other, a)] = updated
    }
    sizes[a] += sizes[b]
  }
}
