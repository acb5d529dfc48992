import Testing
import WinaTensor
import WinaTestSupport

/// The exact search for nearest centroids against loops over all of them.
@Suite("Centroid search") struct CentroidSearchTests {
  private func squaredDistance(
    _ a: [Double], _ i: Int, _ b: [Double], _ j: Int, _ columns: Int
  ) -> Double {
    var sum = 0.0
    for column in 0..<columns {
      let difference = a[i * columns + column] - b[j * columns + column]
      sum += difference * difference
    }
    return sum
  }

  private func nearest(_ rows: [Double], _ centroids: [Double], _ columns: Int) -> [Int32] {
    (0..<(rows.count / columns)).map { row in
      let distances = (0..<(centroids.count / columns)).map {
        squaredDistance(rows, row, centroids, $0, columns)
      }
      return Int32(distances.indices.min { distances[$0] < distances[$1] } ?? 0)
    }
  }

  private func normals(_ count: Int, seed: UInt64, times scale: Double = 1) -> [Double] {
    var random = SeededGenerator(seed: seed)
    return random.normals(count).map { Double($0) * scale }
  }

  private func check(_ rows: [Double], _ centroids: [Double], columns: Int) {
    let expected = nearest(rows, centroids, columns)
    for level in Kernels.availableLevels {
      for threads in [1, 2, 5] {
        Kernels.withLevel(level) {
          let search = CentroidSearch(rows, columns: columns, threads: threads)
          var labels = [Int32](repeating: 7, count: search.count)
          search.assign(to: centroids, labels: &labels)
          #expect(labels == expected, "\(level), \(threads) threads")
        }
      }
    }
  }

  @Test(arguments: [
    (700, 1, 3), (700, 5, 16), (331, 33, 17), (2100, 64, 40), (9, 300, 1), (9000, 33, 7),
  ])
  func nearestCentroidsAreThoseOfAllDistances(rows: Int, columns: Int, k: Int) {
    check(
      normals(rows * columns, seed: 1), normals(k * columns, seed: 2, times: 0.3), columns: columns)
  }

  @Test func closeAndEqualDistancesAreDecidedExactly() {
    // Centroids that differ in the last bits of f64, and rows in the middle between two.
    var centroids = normals(4 * 6, seed: 3)
    centroids += centroids.map { $0 * (1 + 0x1p-51) } + centroids
    check(normals(600, seed: 4), centroids, columns: 6)
    check([-1, 0, 1, 0, 0, 0, 0, 5], [1, 0, -1, 0, 1, 0], columns: 2)
    let equal = [Double](repeating: 0.1, count: 60)
    check(equal, [0.3, 0.3, 0.1, 0.1, 0.1, 0.1], columns: 2)
  }

  @Test(arguments: [1e-300, 1e-160, 1e-30, 1e30, 1e150, 1e200])
  func valuesOfAnySizeArePlaced(scale: Double) {
    check(
      normals(800, seed: 5, times: scale), normals(20, seed: 6, times: scale), columns: 4)
  }

  @Test func columnsOfVeryDifferentSizesArePlaced() {
    var rows = normals(4000, seed: 7)
    for index in rows.indices where index % 4 == 0 { rows[index] = rows[index] * 1e-20 + 1e6 }
    for index in rows.indices where index % 4 == 1 { rows[index] *= 1e20 }
    check(rows, Array(rows[..<40]), columns: 4)
    // Centroids far away from all rows.
    check(normals(400, seed: 8), [1e40, 0, 0, 1e40, -1e300, 0], columns: 2)
  }

  @Test func chosenRowsArePlacedLikeAll() {
    let rows = normals(900, seed: 9)
    let centroids = normals(27, seed: 10)
    let search = CentroidSearch(rows, columns: 9, threads: 2)
    let all = nearest(rows, centroids, 9)
    let members: [Int32] = [99, 0, 0, 41, 7, 98]
    var labels = [Int32](repeating: 0, count: members.count)
    search.assign(to: centroids, labels: &labels, members: members)
    #expect(labels == members.map { all[Int($0)] })
    var none: [Int32] = []
    search.assign(to: centroids, labels: &none, members: [])
    #expect(none.isEmpty)
  }

  @Test(arguments: [1, 3, 4, 7, 130, 1700]) func distancesAndSumsHaveTheBitsOfALoop(columns: Int) {
    let rows = normals(157 * columns, seed: 11)
    let centroids = normals(5 * columns, seed: 12)
    let labels = (0..<157).map { Int32($0 * 7 % 5) }
    let own = (0..<157).map { squaredDistance(rows, $0, centroids, Int(labels[$0]), columns) }
    let third = (0..<157).map { squaredDistance(rows, $0, centroids, 3, columns) }
    var sums = [Double](repeating: 0, count: 5 * columns)
    for (row, label) in labels.enumerated() where label != 2 {
      for column in 0..<columns {
        sums[Int(label) * columns + column] += rows[row * columns + column]
      }
    }
    var variance = 0.0
    for column in 0..<columns {
      let values = (0..<157).map { rows[$0 * columns + column] }
      let mean = values.reduce(0, +) / 157
      variance += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 157
    }
    for level in Kernels.availableLevels {
      for threads in [1, 3] {
        Kernels.withLevel(level) {
          let search = CentroidSearch(rows, columns: columns, threads: threads)
          #expect(search.squaredDistances(to: centroids, labels: labels) == own)
          #expect(search.squaredDistances(to: centroids, at: 3 * columns) == third)
          var found = [Double](repeating: 0, count: 5 * columns)
          search.addRows(labels, wanted: [true, true, false, true, true], to: &found)
          #expect(found == sums)
          #expect(search.meanVariance == variance / Double(columns))
        }
      }
    }
  }

  @Test func noRowsHaveNoLabels() {
    let search = CentroidSearch([], columns: 3)
    var labels: [Int32] = []
    search.assign(to: [1, 2, 3], labels: &labels)
    #expect(labels.isEmpty && search.meanVariance == 0)
    #expect(search.squaredDistances(to: [1, 2, 3]).isEmpty)
  }
}
