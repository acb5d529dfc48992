import WinaStatistics
import WinaTensor

/// One run of Lloyd's algorithm.
struct Lloyd {
  let k: Int
  var centroids: [Double]
  var labels: [Int32]
  /// The within-cluster sum of squared distances, once iterations have ended.
  private(set) var inertia = Double.infinity

  /// Draws k-means++ centroids: each next one with probability proportional to squared distance.
  init(_ data: CentroidSearch, k: Int, using random: inout RandomStream) {
    let columns = data.columns
    func row(_ index: Int) -> ArraySlice<Double> {
      data.values[(index * columns)..<((index + 1) * columns)]
    }
    var centroids = Array(row(random.index(below: data.count)))
    var nearest = [Double](repeating: .infinity, count: data.count)
    for cluster in 1..<max(k, 1) {
      let distances = data.squaredDistances(to: centroids, at: (cluster - 1) * columns)
      for index in nearest.indices { nearest[index] = min(nearest[index], distances[index]) }
      centroids += row(Self.draw(nearest, using: &random))
    }
    self.init(centroids: centroids, k: k, rows: data.count)
  }

  /// Starts at given centroids.
  init(centroids: [Double], k: Int, rows: Int) {
    self.k = k
    self.centroids = centroids
    labels = [Int32](repeating: 0, count: rows)
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

  mutating func iterate(_ data: CentroidSearch, _ options: KMeansOptions, tolerance: Double) {
    var moved: [Int32]?
    for _ in 0..<options.maximumIterations {
      data.assign(to: centroids, labels: &labels)
      repairEmpty(data)
      let isSame = labels == moved
      let movement = update(data, since: moved, isSpherical: options.isSpherical)
      moved = labels
      if movement <= tolerance || isSame { break }
    }
    finish(data)
  }

  /// The rows of a batch.
  private static let batch = 4096

  /// Moves centroids towards batches of rows, each by one over the number of rows it has seen, and
  /// ends with whole iterations.
  ///
  /// ### References
  /// Sculley, *Web-scale k-means clustering*, 2010.
  mutating func iterateBatches(
    _ data: CentroidSearch, _ options: KMeansOptions, using random: inout RandomStream
  ) {
    let columns = data.columns
    var seen = [Double](repeating: 0, count: k)
    var nearest = [Int32](repeating: 0, count: Self.batch)
    for _ in 0..<min(options.maximumIterations, 100) {
      let rows = (0..<Self.batch).map { _ in Int32(random.index(below: data.count)) }
      data.assign(to: centroids, labels: &nearest, members: rows)
      for (row, label) in zip(rows, nearest) {
        let (row, cluster) = (Int(row), Int(label))
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
      data.assign(to: centroids, labels: &labels)
      repairEmpty(data)
      _ = update(data, since: nil, isSpherical: options.isSpherical)
    }
    finish(data)
  }

  /// Places every row a last time.
  private mutating func finish(_ data: CentroidSearch) {
    data.assign(to: centroids, labels: &labels)
    inertia = data.squaredDistances(to: centroids, labels: labels).reduce(0, +)
  }

  /// Gives every cluster without rows the row that is farthest from its centroid.
  private mutating func repairEmpty(_ data: CentroidSearch) {
    var sizes = labels.reduce(into: [Int](repeating: 0, count: k)) { $0[Int($1)] += 1 }
    guard sizes.contains(0) else { return }
    var distances = data.squaredDistances(to: centroids, labels: labels)
    for cluster in 0..<k where sizes[cluster] == 0 {
      var farthest: Int?
      for row in 0..<data.count where sizes[Int(labels[row])] > 1 {
        if farthest.map({ distances[row] > distances[$0] }) ?? true { farthest = row }
      }
      guard let farthest else { return }
      sizes[Int(labels[farthest])] -= 1
      sizes[cluster] = 1
      labels[farthest] = Int32(cluster)
      distances[farthest] = 0
    }
  }

  /// Moves the centroids to the means of their rows; returns the sum of squared movements.
  ///
  /// - Parameter previous: The clusters that the centroids are means of, or nil; the mean of a cluster
  ///   that has the same rows stays.
  private mutating func update(
    _ data: CentroidSearch, since previous: [Int32]?, isSpherical: Bool
  ) -> Double {
    let columns = data.columns
    var sizes = [Int](repeating: 0, count: k)
    var isChanged = [Bool](repeating: previous == nil, count: k)
    for (row, label) in labels.enumerated() {
      sizes[Int(label)] += 1
      if let previous, previous[row] != label {
        isChanged[Int(label)] = true
        isChanged[Int(previous[row])] = true
      }
    }
    var means = [Double](repeating: 0, count: centroids.count)
    data.addRows(labels, wanted: isChanged, to: &means)
    for cluster in 0..<k {
      let range = (cluster * columns)..<((cluster + 1) * columns)
      guard isChanged[cluster], sizes[cluster] > 0 else {
        means.replaceSubrange(range, with: centroids[range])
        continue
      }
      for index in range { means[index] /= Double(sizes[cluster]) }
      if isSpherical {
        means.replaceSubrange(range, with: KMeans.unit(Array(means[range]), dimension: columns))
      }
    }
    let movement = zip(means, centroids).reduce(0.0) { sum, pair in
      sum + (pair.0 - pair.1) * (pair.0 - pair.1)
    }
    centroids = means
    return movement
  }
}
