import WinaStatistics

/// Lloyd's algorithm from k-means++ starts, in f64 and in a fixed order.
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
  /// - Throws: ``SparsityError``: `outOfRange` for options out of range, `tooFewDistinctSamples`
  ///   when there are fewer distinct rows than clusters.
  /// - Complexity: O(initialisations · iterations · count · k · dimension).
  public static func fit(_ rows: [Double], dimension: Int, options: KMeansOptions) throws -> KMeans
  {
    guard dimension > 0, rows.count % dimension == 0 else {
      throw SparsityError.shape("feature rows", have: rows.count, expected: 0)
    }
    let data = RowMatrix(
      values: options.isSpherical ? unit(rows, dimension: dimension) : rows, columns: dimension)
    try check(data, options)
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
  /// - Throws: ``SparsityError`` as ``fit(_:dimension:options:)``.
  public static func refine(
    _ rows: [Double], from centroids: [Double], dimension: Int, options: KMeansOptions
  ) throws -> KMeans {
    var options = options
    options.k = dimension > 0 ? centroids.count / dimension : 0
    let data = RowMatrix(values: rows, columns: max(dimension, 1))
    try check(data, options)
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
    if row.isEmpty { return 0 }
    return RowMatrix.nearest(Array(row), 0, in: centroids, columns: row.count).index
  }

  private static func check(_ data: RowMatrix, _ options: KMeansOptions) throws {
    guard options.k >= 1 else {
      throw SparsityError.range("the number of clusters", "\(options.k)", expected: "1…")
    }
    guard options.maximumIterations >= 1, options.initialisations >= 1, options.tolerance >= 0
    else {
      throw SparsityError.range("a k-means option", "not positive", expected: "1…")
    }
    guard data.values.allSatisfy(\.isFinite) else { throw SparsityError.notANumber("the features") }
    let distinct = data.distinctRows(upTo: options.k)
    guard distinct >= options.k else {
      throw SparsityError(
        code: .tooFewDistinctSamples,
        message: "\(data.count) samples with \(distinct) distinct feature vectors cannot form "
          + "\(options.k) clusters",
        hint: "use a smaller k, or more and more varied calibration samples")
    }
  }

  private static func canonical(_ run: Lloyd, _ data: RowMatrix) -> KMeans {
    let sizes = run.labels.reduce(into: [Int](repeating: 0, count: run.k)) { $0[$1] += 1 }
    func centroid(_ cluster: Int) -> ArraySlice<Double> {
      run.centroids[(cluster * data.columns)..<((cluster + 1) * data.columns)]
    }
    let order = (0..<run.k).sorted { a, b in
      if sizes[a] != sizes[b] { return sizes[a] > sizes[b] }
      return centroid(a).lexicographicallyPrecedes(centroid(b))
    }
    let centroids = order.flatMap { centroid($0) }
    let labels = (0..<data.count).map { row in
      RowMatrix.nearest(
        data.values, row * data.columns, in: centroids, columns: data.columns
      ).index
    }
    return KMeans(centroids: centroids, labels: labels, inertia: run.inertia)
  }
}

/// Rows of equal length.
private struct RowMatrix {
  let values: [Double]
  let columns: Int

  var count: Int { values.count / columns }

  /// The variance of a column, averaged over columns.
  var meanVariance: Double {
    var total = 0.0
    for column in 0..<columns {
      var sum = 0.0
      var squares = 0.0
      for row in 0..<count { sum += values[row * columns + column] }
      let mean = sum / Double(count)
      for row in 0..<count {
        let distance = values[row * columns + column] - mean
        squares += distance * distance
      }
      total += squares / Double(count)
    }
    return total / Double(columns)
  }

  /// Returns the number of distinct rows, counting no further than `limit`.
  func distinctRows(upTo limit: Int) -> Int {
    var seen: Set<ArraySlice<Double>> = []
    for row in 0..<count where seen.count < limit {
      seen.insert(values[(row * columns)..<((row + 1) * columns)])
    }
    return seen.count
  }

  static func nearest(_ rows: [Double], _ start: Int, in centroids: [Double], columns: Int)
    -> (index: Int, distance: Double)
  {
    var best = (index: 0, distance: Double.infinity)
    for cluster in 0..<(centroids.count / columns) {
      let distance = squaredDistance(rows, start, centroids, cluster * columns, columns)
      if distance < best.distance { best = (cluster, distance) }
    }
    return best
  }

  static func squaredDistance(_ a: [Double], _ i: Int, _ b: [Double], _ j: Int, _ columns: Int)
    -> Double
  {
    var sum = 0.0
    for column in 0..<columns {
      let distance = a[i + column] - b[j + column]
      sum += distance * distance
    }
    return sum
  }
}

/// One run of Lloyd's algorithm.
private struct Lloyd {
  let k: Int
  var centroids: [Double]
  var labels: [Int]
  var distances: [Double]
  var inertia: Double { distances.reduce(0, +) }

  /// Draws k-means++ centroids: each next one with probability proportional to squared distance.
  init(_ data: RowMatrix, k: Int, using random: inout RandomStream) {
    self.k = k
    let columns = data.columns
    func row(_ index: Int) -> ArraySlice<Double> {
      data.values[(index * columns)..<((index + 1) * columns)]
    }
    centroids = Array(row(random.index(below: data.count)))
    var nearest = [Double](repeating: .infinity, count: data.count)
    for cluster in 1..<max(k, 1) {
      for index in 0..<data.count {
        let distance = RowMatrix.squaredDistance(
          data.values, index * columns, centroids, (cluster - 1) * columns, columns)
        nearest[index] = min(nearest[index], distance)
      }
      centroids += row(Self.draw(nearest, using: &random))
    }
    labels = [Int](repeating: 0, count: data.count)
    distances = [Double](repeating: 0, count: data.count)
  }

  /// Starts at given centroids.
  init(centroids: [Double], k: Int, rows: Int) {
    self.k = k
    self.centroids = centroids
    labels = [Int](repeating: 0, count: rows)
    distances = [Double](repeating: 0, count: rows)
  }

  private static func draw(_ weights: [Double], using random: inout RandomStream) -> Int {
    let target = random.uniform() * weights.reduce(0, +)
    var cumulative = 0.0
    var last = 0
    for (index, weight) in weights.enumerated() where weight > 0 {
      cumulative += weight
      last = index
      if cumulative > target { break }
    }
    return last
  }

  mutating func iterate(_ data: RowMatrix, _ options: KMeansOptions, tolerance: Double) {
    for _ in 0..<options.maximumIterations {
      let previous = labels
      assign(data)
      repairEmpty(data)
      if update(data, isSpherical: options.isSpherical) <= tolerance || labels == previous { break }
    }
    assign(data)
  }

  /// The rows of a batch.
  private static let batch = 4096

  /// Moves centroids towards batches of rows, each by one over the number of rows it has seen, and
  /// ends with whole iterations.
  ///
  /// ### References
  /// Sculley, *Web-scale k-means clustering*, 2010.
  mutating func iterateBatches(
    _ data: RowMatrix, _ options: KMeansOptions, using random: inout RandomStream
  ) {
    let columns = data.columns
    var seen = [Double](repeating: 0, count: k)
    for _ in 0..<min(options.maximumIterations, 100) {
      let rows = (0..<Self.batch).map { _ in random.index(below: data.count) }
      let nearest = rows.map {
        RowMatrix.nearest(data.values, $0 * columns, in: centroids, columns: columns).index
      }
      for (row, cluster) in zip(rows, nearest) {
        seen[cluster] += 1
        let rate = 1 / seen[cluster]
        for column in 0..<columns {
          let place = cluster * columns + column
          centroids[place] += rate * (data.values[row * columns + column] - centroids[place])
        }
      }
      if options.isSpherical { centroids = KMeans.unit(centroids, dimension: columns) }
    }
    // Two iterations over all rows leave no cluster empty and make centroids means.
    for _ in 0..<2 {
      assign(data)
      repairEmpty(data)
      _ = update(data, isSpherical: options.isSpherical)
    }
    assign(data)
  }

  private mutating func assign(_ data: RowMatrix) {
    for row in 0..<data.count {
      let (index, distance) = RowMatrix.nearest(
        data.values, row * data.columns, in: centroids, columns: data.columns)
      labels[row] = index
      distances[row] = distance
    }
  }

  private mutating func repairEmpty(_ data: RowMatrix) {
    var sizes = labels.reduce(into: [Int](repeating: 0, count: k)) { $0[$1] += 1 }
    for cluster in 0..<k where sizes[cluster] == 0 {
      var farthest: Int?
      for row in 0..<data.count where sizes[labels[row]] > 1 {
        if farthest.map({ distances[row] > distances[$0] }) ?? true { farthest = row }
      }
      guard let farthest else { return }
      sizes[labels[farthest]] -= 1
      sizes[cluster] = 1
      labels[farthest] = cluster
      distances[farthest] = 0
    }
  }

  /// Moves the centroids to the means of their rows; returns the sum of squared movements.
  private mutating func update(_ data: RowMatrix, isSpherical: Bool) -> Double {
    let columns = data.columns
    var sums = [Double](repeating: 0, count: centroids.count)
    var sizes = [Int](repeating: 0, count: k)
    for row in 0..<data.count {
      let base = labels[row] * columns
      sizes[labels[row]] += 1
      for column in 0..<columns { sums[base + column] += data.values[row * columns + column] }
    }
    for cluster in 0..<k {
      for index in (cluster * columns)..<((cluster + 1) * columns) {
        sums[index] = sizes[cluster] > 0 ? sums[index] / Double(sizes[cluster]) : centroids[index]
      }
    }
    if isSpherical { sums = KMeans.unit(sums, dimension: columns) }
    let moved = RowMatrix.squaredDistance(sums, 0, centroids, 0, centroids.count)
    centroids = sums
    return moved
  }
}
