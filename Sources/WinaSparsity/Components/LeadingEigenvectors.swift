import WinaStatistics
import WinaTensor

/// The largest eigenvalues of a symmetric matrix that is only known by its products, and their
/// eigenvectors.
///
/// A Krylov space grows by blocks, which are made orthogonal to all before them, until the pairs
/// that it gives (Rayleigh–Ritz) are exact to rounding. Blocks let it find eigenvalues that are
/// equal; directions that the space has exhausted are replaced by random ones. All arithmetic is
/// f64 in a fixed order from a fixed start.
///
/// ### References
/// Golub & Van Loan, *Matrix Computations*, 4th ed., §10.3; Saad, *Numerical Methods for Large
/// Eigenvalue Problems*, 2nd ed., §6.4.
package struct LeadingEigenvectors {
  /// The eigenvalues, falling.
  package let values: [Double]
  /// Their eigenvectors, orthonormal, shape [values, order].
  package let vectors: [Double]
  /// How many products with a vector were taken.
  package let products: Int

  /// Finds eigenpairs.
  ///
  /// - Parameters:
  ///   - order: The order of the matrix.
  ///   - limit: How many pairs are wanted, at least 1 and at most `order`.
  ///   - tolerance: The largest residual, as a part of the largest eigenvalue.
  ///   - image: Multiplies the matrix with vectors of shape [vectors, order].
  /// - Complexity: some 3 to 10 products for a pair, and O(order·m²) with m products.
  package init(
    order: Int, limit: Int, tolerance: Double = 1e-12, image: ([Double]) -> [Double]
  ) {
    var space = KrylovSpace(order: order)
    var pairs: SymmetricEigen
    var next = min(order, 2 * limit + 4 * KrylovSpace.blockSize)
    repeat {
      while space.count < next, space.grow(image) {}
      pairs = SymmetricEigen(matrix: space.projection(), order: space.count)
      next = min(order, space.count + max(space.count / 6, KrylovSpace.blockSize))
    } while space.count < order
      && !space.isExact(pairs, limit, within: tolerance * abs(pairs.values[0]))
    let wanted = min(limit, space.count)
    values = Array(pairs.values[..<wanted])
    vectors = space.combinations(Array(pairs.vectors[..<(wanted * space.count)]))
    products = space.count
  }
}

/// An orthonormal basis of the images of a random block under the powers of a matrix.
private struct KrylovSpace {
  static let blockSize = 8

  let order: Int
  private let basis: DenseRows
  private var random = RandomStream(seed: 0x4b72_796c_6f76)
  /// The block that the next step multiplies.
  private var block: [Double] = []
  /// What the basis vectors have in common with their images: a column for each, down to itself.
  private var columns: [[Double]] = []
  /// What is left of the images of the last block outside of the space, shape [block, last block].
  private var remainder: [Double] = []
  /// The largest norm of an image so far.
  private var scale = 0.0

  /// The number of basis vectors whose images are known.
  var count: Int { columns.count }

  init(order: Int) {
    self.order = order
    basis = DenseRows([], columns: order)
    block = [Double](repeating: 0, count: min(Self.blockSize, order) * order)
    _ = orthonormalise()
  }

  /// Adds a block to the basis; returns whether there is more to add.
  mutating func grow(_ image: ([Double]) -> [Double]) -> Bool {
    let width = block.count / order
    basis.append(block)
    block = image(block)
    for vector in 0..<width { scale = max(scale, norm(vector)) }
    let shares = project()
    let first = basis.count - width
    for vector in 0..<width {
      let start = vector * basis.count
      columns.append(Array(shares[start...(start + first + vector)]))
    }
    remainder = orthonormalise()
    return !block.isEmpty
  }

  /// The matrix within the basis, shape [count, count].
  func projection() -> [Double] {
    var matrix = [Double](repeating: 0, count: count * count)
    for (column, shares) in columns.enumerated() {
      for (row, share) in shares.enumerated() {
        matrix[row * count + column] = share
        matrix[column * count + row] = share
      }
    }
    return matrix
  }

  func combinations(_ weights: [Double]) -> [Double] { basis.combinations(weights) }

  /// Whether the residuals of the first `limit` pairs are within a bound.
  func isExact(_ pairs: SymmetricEigen, _ limit: Int, within bound: Double) -> Bool {
    let width = remainder.count / max(block.count / order, 1)
    return (0..<limit).allSatisfy { pair in
      let last = pairs.vectors[((pair + 1) * count - width)..<((pair + 1) * count)]
      var squares = 0.0
      for start in stride(from: 0, to: remainder.count, by: max(width, 1)) {
        let rest = zip(remainder[start..<(start + width)], last).reduce(0) { $0 + $1.0 * $1.1 }
        squares += rest * rest
      }
      return squares.squareRoot() <= bound
    }
  }

  /// Takes what the block has in common with the basis out of it; returns how much it was, shape
  /// [block, basis].
  private mutating func project() -> [Double] {
    guard basis.count > 0, !block.isEmpty else { return [] }
    let shares = basis.products(with: block)
    let shared = basis.combinations(shares)
    for index in block.indices { block[index] -= shared[index] }
    return shares
  }

  /// Makes the block orthonormal and orthogonal to the basis, from which it was projected once.
  ///
  /// Returns its old vectors by its new ones, shape [new, old]: there are fewer new ones where the
  /// space has no room for all. A vector that is nothing but rounding is replaced by a random one,
  /// which has no share in the old.
  private mutating func orthonormalise() -> [Double] {
    let old = block.count / order
    let new = min(old, order - basis.count)
    var shares = [Double](repeating: 0, count: new * old)
    for vector in 0..<old {
      for earlier in 0..<min(vector, new) {
        shares[earlier * old + vector] = remove(earlier, from: vector)
      }
      guard vector < new else { continue }
      let length = norm(vector)
      if length > 1e-14 * scale, length > 0 {
        shares[vector * old + vector] = length
        divide(vector, by: length)
      } else {
        for index in (vector * order)..<((vector + 1) * order) {
          block[index] = 2 * random.uniform() - 1
        }
        divide(vector, by: norm(vector))
      }
    }
    block.removeLast((old - new) * order)
    // What cancellation left of other directions goes now; twice is enough.
    for _ in 0..<2 {
      _ = project()
      for vector in 0..<new {
        for earlier in 0..<vector { _ = remove(earlier, from: vector) }
        divide(vector, by: norm(vector))
      }
    }
    return shares
  }

  private mutating func remove(_ earlier: Int, from vector: Int) -> Double {
    let (a, b) = (earlier * order, vector * order)
    var product = 0.0
    for index in 0..<order { product += block[a + index] * block[b + index] }
    for index in 0..<order { block[b + index] -= product * block[a + index] }
    return product
  }

  private mutating func divide(_ vector: Int, by length: Double) {
    for index in (vector * order)..<((vector + 1) * order) { block[index] /= length }
  }

  private func norm(_ vector: Int) -> Double {
    block[(vector * order)..<((vector + 1) * order)].reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
