import WinaStatistics
import WinaTensor

/// Lloyd's algorithm from k-means++ starts, in f64 and in a fixed order.
///
/// Nearest centroids are found exactly by a `CentroidSearch`, so that clusters depend neither on
/// the number of threads nor on the processor.
///
/// ### References
/// Arthur & Vassilvitskii, *k-means++: The Advantages of Careful Seeding*, 2007.
public struct KMeans: Sendable, Equatable {
  /// The centroids by falling cluster size, ties by coordinates, shape [k, dimension].
  public let centroids: [Double]
  /// The nearest centroid of every row; equal distances go to the lower number.
  public let labels: [Int]
  /// The within-cluster sum of squared distances.
  public let inertia: Double

  /// Clusters rows of shape [count, dimension].
  ///
  /// A cluster that loses all its rows restarts at the row farthest from its centroid.
  ///
  /// - Parameters:
  ///   - rows: The rows.
  ///   - dimension: The length of a row.
  ///   - options: How to run.
  ///   - threads: How many threads share the work; the result does not depend on it.
  /// - Throws: ``SparsityError``: `outOfRange` for options out of range, `tooFewDistinctSamples`
  ///   when there are fewer distinct rows than clusters.
  /// - Complexity: O(initialisations · iterations · count · k · dimension).
  public static func fit(
    _ rows: [Double], dimension: Int, options: KMeansOptions, threads: Int = 1
  ) throws -> KMeans {
    guard dimension > 0, rows.count % dimension == 0 else {
      throw SparsityError.shape("feature rows", have: rows.count, expected: 0)
    }
    try check(rows, dimension, options)
    let data = CentroidSearch(
      options.isSpherical ? unit(rows, dimension: dimension) : rows, columns: dimension,
      threads: threads)
    let tolerance = options.tolerance * data.meanVariance
    var best: Lloyd?
    for start in 0..<max(options.initialisations, 1) {
      var random = RandomStream(seed: options.seed, stream: UInt64(start))
      var run = Lloyd(data, k: options.k, using: &random)
      if data.count > options.batchAbove {
        run.iterateBatches(data, options, using: &random)
      } else {
        run.iterate(data, options, tolerance: tolerance)
      }
      if best.map({ run.inertia < $0.inertia }) ?? true { best = run }
    }
    guard let best else { throw SparsityError.noData("k-means") }
    return canonical(best, data)
  }

  /// Clusters rows from given centroids, with iterations over all rows.
  ///
  /// - Parameters:
  ///   - rows: The rows, shape [count, dimension].
  ///   - centroids: Where the centroids start, shape [k, dimension].
  ///   - dimension: The length of a row.
  ///   - options: The limit of iterations and the tolerance; `k` and the seed are not looked at.
  ///   - threads: How many threads share the work; the result does not depend on it.
  /// - Throws: ``SparsityError`` as ``fit(_:dimension:options:threads:)``.
  public static func refine(
    _ rows: [Double], from centroids: [Double], dimension: Int, options: KMeansOptions,
    threads: Int = 1
  ) throws -> KMeans {
    guard dimension > 0, rows.count % dimension == 0, centroids.count % dimension == 0 else {
      throw SparsityError.shape("feature rows", have: rows.count, expected: 0)
    }
    guard centroids.allSatisfy(\.isFinite) else { throw SparsityError.notANumber("the centroids") }
    var options = options
    options.k = centroids.count / dimension
    try check(rows, dimension, options)
    let data = CentroidSearch(rows, columns: dimension, threads: threads)
    var run = Lloyd(centroids: centroids, k: options.k, rows: data.count)
    run.iterate(data, options, tolerance: options.tolerance * data.meanVariance)
    return canonical(run, data)
  }

  /// Returns rows scaled to unit length; rows of zeros stay as they are.
  public static func unit(_ rows: [Double], dimension: Int) -> [Double] {
    var rows = rows
    for start in stride(from: 0, to: rows.count, by: max(dimension, 1)) {
      let range = start..<min(start + dimension, rows.count)
      let length = range.reduce(0) { $0 + rows[$1] * rows[$1] }.squareRoot()
      if length > 0 { for index in range { rows[index] /= length } }
    }
    return rows
  }

  /// Returns the number of the nearest centroid; equal distances go to the lower number.
  public static func nearest(_ row: some RandomAccessCollection<Double>, centroids: [Double]) -> Int
  {
    var best = (index: 0, distance: Double.infinity)
    for cluster in 0..<(row.isEmpty ? 0 : centroids.count / row.count) {
      var distance = 0.0
      var place = cluster * row.count
      for value in row {
        let difference = value - centroids[place]
        distance += difference * difference
        place += 1
      }
      if distance < best.distance { best = (cluster, distance) }
    }
    return best.index
  }

  private static func check(_ rows: [Double], _ columns: Int, _ options: KMeansOptions) throws {
    guard options.k >= 1 else {
      throw SparsityError.range("the number of clusters", "\(options.k)", expected: "1…")
    }
    guard options.maximumIterations >= 1, options.initialisations >= 1, options.tolerance >= 0
    else {
      throw SparsityError.range("a k-means option", "not positive", expected: "1…")
    }
    for value in rows where !value.isFinite { throw SparsityError.notANumber("the features") }
    var seen: Set<ArraySlice<Double>> = []
    for start in stride(from: 0, to: rows.count, by: columns) where seen.count < options.k {
      seen.insert(rows[start..<(start + columns)])
    }
    guard seen.count >= options.k else {
      throw SparsityError(
        code: .tooFewDistinctSamples,
        message: "\(rows.count / columns) samples with \(seen.count) distinct feature vectors "
          + "cannot form \(options.k) clusters",
        hint: "use a smaller k, or more and more varied calibration samples")
    }
  }

  private static func canonical(_ run: Lloyd, _ data: CentroidSearch) -> KMeans {
    let sizes = run.labels.reduce(into: [Int](repeating: 0, count: run.k)) { $0[Int($1)] += 1 }
    func centroid(_ cluster: Int) -> ArraySlice<Double> {
      run.centroids[(cluster * data.columns)..<((cluster + 1) * data.columns)]
    }
    let order = (0..<run.k).sorted { a, b in
      if sizes[a] != sizes[b] { return sizes[a] > sizes[b] }
      return centroid(a).lexicographicallyPrecedes(centroid(b))
    }
    let centroids = order.flatMap { centroid($0) }
    var labels = run.labels
    data.assign(to: centroids, labels: &labels)
    return KMeans(centroids: centroids, labels: labels.map(Int.init), inertia: run.inertia)
  }
}
