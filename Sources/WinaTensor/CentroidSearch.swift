import CWinaKernels

/// Rows that are compared with changing centroids, exactly and fast, on one thread or on several.
///
/// Squared distances are sums over the columns in order, in f64. The nearest centroid is first looked
/// for by products in f32 of rows about their mean; where the error of these, which is bounded, leaves
/// more than one candidate, distances in f64 decide. So results do not depend on the number of threads
/// or the kernel level. A search is for one thread at a time.
///
/// ### References
/// Higham, *Accuracy and Stability of Numerical Algorithms*, 2002, §3.1: the bound of a product.
public final class CentroidSearch {
  /// The number n of rows.
  public let count: Int
  /// The length D of a row.
  public let columns: Int
  /// The values of the rows, shape [n, D].
  public let values: [Double]
  /// The variance of a column about its mean, averaged over columns.
  public let meanVariance: Double

  private let team: ThreadTeam
  private let mean: [Double]
  /// What rows about their mean are multiplied with, a power of two, so that no value is above one;
  /// nil where no power does that.
  private let scale: Double?
  /// The rows about their mean in f32, and their norms.
  private let centred: AlignedBuffer
  private let norms: AlignedBuffer
  private var scratch: [AlignedBuffer] = []

  /// Takes rows.
  ///
  /// - Parameters:
  ///   - values: Finite values of shape [n, D].
  ///   - columns: D, at least 1.
  ///   - threads: How many threads share the work, the calling one included.
  /// - Precondition: The values divide into rows.
  public init(_ values: [Double], columns: Int, threads: Int = 1) {
    precondition(columns > 0 && values.count % columns == 0, "values divide into rows")
    let count = values.count / columns
    let team = ThreadTeam(count: count * columns < Self.sharedValues ? 1 : max(1, threads))
    var mean = [Double](repeating: 0, count: columns)
    var squares = mean
    values.withUnsafeBufferPointer { x in
      mean.withUnsafeMutableBufferPointer { mean in
        squares.withUnsafeMutableBufferPointer { squares in
          guard let x = x.baseAddress, let means = mean.baseAddress,
            let squares = squares.baseAddress
          else { return }
          team.run(over: 0..<columns, grain: 8) { _, part in
            wina_add_rows(
              x, count, columns, part.lowerBound, part.upperBound, nil, nil, means)
          }
          for column in 0..<columns { means[column] /= Double(count) }
          team.run(over: 0..<columns, grain: 8) { _, part in
            wina_add_squares(
              x, count, columns, part.lowerBound, part.upperBound, means, squares)
          }
        }
      }
    }
    self.values = values
    self.columns = columns
    self.count = count
    self.team = team
    self.mean = mean
    meanVariance =
      count == 0 ? 0 : squares.reduce(0) { $0 + $1 / Double(count) } / Double(columns)
    // No value is farther from its mean than the root of the sum of the squares of a column.
    let reach = (squares.max() ?? 0).squareRoot()
    scale = reach.isFinite ? (reach > 0 ? Self.powerOfTwo(below: 1 / reach) : 1) : nil
    centred = AlignedBuffer(byteCount: count * columns * 4)
    norms = AlignedBuffer(byteCount: count * 4)
    scratch = (0..<team.count).map { _ in AlignedBuffer(byteCount: 0) }
    centre()
  }

  /// Work over fewer values is not shared: handing over would cost more than it saves.
  private static let sharedValues = 1 << 18

  private static func powerOfTwo(below value: Double) -> Double? {
    guard value.isNormal else { return nil }
    let power = Double(sign: .plus, exponent: value.exponent, significand: 1)
    return power.isNormal ? power : nil
  }

  private func centre() {
    guard let scale, count > 0 else { return }
    let (rows, norms) = (centred.floats(), norms.floats())
    values.withUnsafeBufferPointer { x in
      mean.withUnsafeBufferPointer { mean in
        guard let x = x.baseAddress, let mean = mean.baseAddress else { return }
        team.run(over: 0..<count, grain: 64) { _, part in
          let start = part.lowerBound * columns
          wina_centre_rows(
            x + start, part.count, columns, mean, scale, rows + start, norms + part.lowerBound)
        }
      }
    }
  }

  // MARK: Nearest centroids

  /// Writes the nearest centroid of every row; equal distances go to the lower number.
  ///
  /// - Parameters:
  ///   - centroids: Shape [k, D], k at least 1.
  ///   - labels: Receives one number a row.
  ///   - members: The rows that are placed, or all.
  /// - Precondition: There is a place for every row that is placed.
  public func assign(
    to centroids: [Double], labels: inout [Int32], members: [Int32]? = nil
  ) {
    let placed = members?.count ?? count
    precondition(centroids.count >= columns && centroids.count % columns == 0)
    precondition(labels.count == placed, "one label a row")
    precondition(members?.allSatisfy { (0..<Int32(count)).contains($0) } ?? true, "rows exist")
    guard placed > 0 else { return }
    guard let packed = PackedCentroids(centroids, columns: columns, mean: mean, scale: scale) else {
      for place in 0..<placed { labels[place] = -1 }
      decide(centroids, &labels, members)
      return
    }
    for thread in scratch.indices
    where scratch[thread].byteCount < WINA_CENTROID_ROWS * packed.width * 4 {
      scratch[thread] = AlignedBuffer(
        byteCount: WINA_CENTROID_ROWS * packed.width * 4)
    }
    let (rows, norms, scratch) = (centred.floats(), norms.floats(), scratch)
    labels.withUnsafeMutableBufferPointer { labels in
      packed.lines.withUnsafeBufferPointer { lines in
        guard let labels = labels.baseAddress, let lines = lines.baseAddress else { return }
        team.run(over: 0..<placed, grain: WINA_CENTROID_ROWS) { thread, part in
          wina_nearest(
            rows, columns, members, part.lowerBound, part.upperBound, norms, lines,
            packed.halfSquares, packed.width, packed.margins, labels,
            scratch[thread].floats())
        }
      }
    }
    decide(centroids, &labels, members)
  }

  /// Places the rows that have no label yet by distances in f64.
  private func decide(_ centroids: [Double], _ labels: inout [Int32], _ members: [Int32]?) {
    let open = labels.indices.filter { labels[$0] < 0 }
    guard !open.isEmpty else { return }
    let k = centroids.count / columns
    values.withUnsafeBufferPointer { x in
      labels.withUnsafeMutableBufferPointer { labels in
        guard let x = x.baseAddress, let labels = labels.baseAddress else { return }
        // A few rows are not worth handing over.
        let grain = max(1, Self.sharedValues / centroids.count)
        team.run(over: open.indices, grain: grain) { _, part in
          var distances = [Double](repeating: 0, count: k)
          for place in open[part] {
            let row = members.map { Int($0[place]) } ?? place
            wina_squared_distances(centroids, k, columns, x + row * columns, nil, &distances)
            var nearest = 0
            for cluster in 1..<max(k, 1) where distances[cluster] < distances[nearest] {
              nearest = cluster
            }
            labels[place] = Int32(nearest)
          }
        }
      }
    }
  }

  // MARK: Distances and sums

  /// Returns the squared distance of every row to one point, which begins at an offset of an array.
  ///
  /// - Precondition: The point is in the array.
  public func squaredDistances(to points: [Double], at offset: Int = 0) -> [Double] {
    precondition(offset >= 0 && offset + columns <= points.count, "the point exists")
    return distances(points, offset, nil)
  }

  /// Returns the squared distance of every row to its own centroid.
  ///
  /// - Precondition: There is one label a row, of a centroid that exists.
  public func squaredDistances(to centroids: [Double], labels: [Int32]) -> [Double] {
    let k = centroids.count / columns
    precondition(labels.count == count && labels.allSatisfy { (0..<Int32(k)).contains($0) })
    return distances(centroids, 0, labels)
  }

  private func distances(_ points: [Double], _ offset: Int, _ labels: [Int32]?) -> [Double] {
    [Double](unsafeUninitializedCapacity: count) { found, initialized in
      values.withUnsafeBufferPointer { x in
        points.withUnsafeBufferPointer { points in
          labels.withPointer { labels in
            guard let x = x.baseAddress, let points = points.baseAddress,
              let found = found.baseAddress
            else { return }
            team.run(over: 0..<count, grain: 8) { _, part in
              wina_squared_distances(
                x + part.lowerBound * columns, part.count, columns, points + offset,
                labels.map { $0 + part.lowerBound }, found + part.lowerBound)
            }
          }
        }
      }
      initialized = count
    }
  }

  /// Adds every row to the sum of its cluster, rows in order.
  ///
  /// - Parameters:
  ///   - labels: The cluster of every row.
  ///   - wanted: Whether the sum of a cluster is asked for; the rows of others are left out.
  ///   - sums: Shape [k, D].
  /// - Precondition: There is one label a row, below `wanted.count`, and as many sums.
  public func addRows(_ labels: [Int32], wanted: [Bool], to sums: inout [Double]) {
    precondition(labels.count == count && sums.count == wanted.count * columns)
    precondition(labels.allSatisfy { (0..<Int32(wanted.count)).contains($0) }, "clusters exist")
    let bytes = wanted.map { $0 ? UInt8(1) : 0 }
    values.withUnsafeBufferPointer { x in
      sums.withUnsafeMutableBufferPointer { sums in
        guard let x = x.baseAddress, let sums = sums.baseAddress else { return }
        team.run(over: 0..<columns, grain: 8) { _, part in
          wina_add_rows(x, count, columns, part.lowerBound, part.upperBound, labels, bytes, sums)
        }
      }
    }
  }
}

/// Centroids as the kernel reads them.
private struct PackedCentroids {
  /// Blocks of centroids about the mean, column by column.
  var lines: [Float]
  /// Half the squared norms, infinite for padding.
  var halfSquares: [Float]
  /// The bound of twice the error of a score, as a polynomial in the norm of the row.
  let margins: [Float]
  /// The number of centroids, padded.
  let width: Int

  /// Packs centroids, or returns nil where f32 cannot hold them.
  init?(_ centroids: [Double], columns: Int, mean: [Double], scale: Double?) {
    guard let scale else { return nil }
    let block = WINA_CENTROID_BLOCK
    let k = centroids.count / columns
    width = (k + block - 1) / block * block
    lines = [Float](repeating: 0, count: width * columns)
    halfSquares = [Float](repeating: .infinity, count: width)
    var largest = 0.0
    for cluster in 0..<k {
      let start = cluster / block * block * columns + cluster % block
      var square = 0.0
      for column in 0..<columns {
        let value = (centroids[cluster * columns + column] - mean[column]) * scale
        lines[start + column * block] = Float(value)
        square += value * value
      }
      halfSquares[cluster] = Float(square / 2)
      largest = max(largest, square.squareRoot())
    }
    guard largest < 1e15 else { return nil }
    // A score is |c|²/2 − x·c. In f32 it errs by at most (D + 8)·2⁻²⁴ of |c|·(|x| + |c|), and the f64
    // distance that it stands for by (D + 8)·2⁻⁵³ of (|x| + |c|)²; each of two scores may err, and a
    // percent covers the rounding of norms and of this bound. Products below the smallest normal
    // number lose at most that.
    let terms = Double(columns) + 8
    let (single, double) = (terms * 0x1p-24, terms * 0x1p-53)
    let factor = 2.02
    margins = [
      factor * ((single + 2 * double) * largest * largest + terms * 0x1p-120),
      factor * single * largest, factor * 2 * double,
    ].map { Float($0).nextUp }
  }
}

extension [Int32]? {
  fileprivate func withPointer<Result>(
    _ body: (UnsafePointer<Int32>?) -> Result
  ) -> Result {
    guard let self else { return body(nil) }
    return self.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}
