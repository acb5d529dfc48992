/// The right singular vectors of a real matrix, those of its null space among them.
///
/// For W = U·S·Vᵀ the product W·V has orthogonal columns: (W·V)ᵀ(W·V) = S². Tall matrices are first
/// reduced to a triangle, wide ones to a triangle and a basis of their rows and null space; the
/// triangle goes through Householder bidiagonalisation and implicit QR steps. All arithmetic is f64 in
/// a fixed order, without fused operations, so results are equal bit for bit on every machine.
///
/// Errors: the vectors are orthonormal, and values are exact, up to about 1e-14 times the largest value.
///
/// ### References
/// Golub & Van Loan, *Matrix Computations*, 4th ed., §5.4 and §8.6.
public struct RightSingularVectors: Sendable, Equatable {
  /// The number N of columns of the matrix, which is the length and the number of vectors.
  public let order: Int
  /// The singular values, falling, [N]: zeros beyond the number of rows.
  public let values: [Double]
  /// The vectors as columns in the same order, [N, N] row-major.
  ///
  /// The component of largest magnitude of each is positive, the first of equals.
  public let vectors: [Double]
  /// The number of values that are not zero within rounding: above max(M, N)·2⁻⁵² of the largest.
  public let rank: Int

  /// Decomposes a matrix.
  ///
  /// - Parameters:
  ///   - matrix: The elements, [M, N] row-major.
  ///   - rows: M, any number.
  ///   - columns: N, at least 1.
  /// - Precondition: The matrix has as many elements as rows and columns say.
  /// - Throws: ``TensorError`` when an element is no finite number.
  /// - Complexity: O(M·N² + N³) for tall matrices, O(N²·M + M³) for wide ones.
  public init(_ matrix: [Double], rows: Int, columns: Int) throws(TensorError) {
    precondition(rows >= 0 && columns > 0 && matrix.count == rows * columns, "a matrix")
    if let place = matrix.firstIndex(where: { !$0.isFinite }) {
      throw .mismatch(
        "the element in row \(place / columns), column \(place % columns) is \(matrix[place])")
    }
    order = columns
    let largest = matrix.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else {
      values = [Double](repeating: 0, count: columns)
      vectors = (0..<(columns * columns)).map { $0 % (columns + 1) == 0 ? 1 : 0 }
      rank = 0
      return
    }
    // A power of two, so that scaling is exact.
    let scale = Double(sign: .plus, exponent: min(-largest.exponent, 1000), significand: 1)
    let scaled = matrix.map { $0 * scale }
    let (found, transposed) = Self.decompose(scaled, rows: rows, columns: columns)
    let ranking = found.indices.sorted { (-found[$0], $0) < (-found[$1], $1) }
    let sorted = ranking.map { found[$0] }
    values =
      sorted.map { $0 / scale } + [Double](repeating: 0, count: columns - sorted.count)
    let least = Double(max(rows, columns)) * Double.ulpOfOne * sorted[0]
    rank = sorted.prefix { $0 > least }.count
    var vectors = [Double](repeating: 0, count: columns * columns)
    for (place, source) in (ranking + Array(found.count..<columns)).enumerated() {
      let row = transposed[(source * columns)..<((source + 1) * columns)]
      let sign = Self.sign(row)
      for (index, value) in row.enumerated() { vectors[index * columns + place] = sign * value }
    }
    self.vectors = vectors
  }

  /// Returns unordered values, and the vectors as rows, [N, N]: first those of the values.
  private static func decompose(
    _ matrix: [Double], rows: Int, columns: Int
  ) -> ([Double], [Double]) {
    guard rows < columns else {
      let triangle = TriangularReduction.triangle(matrix, rows: rows, columns: columns)
      return square(triangle, order: columns)
    }
    let (triangle, basis) = TriangularReduction.rowBasis(matrix, rows: rows, columns: columns)
    let (values, inner) = square(triangle, order: rows)
    let vectors = VectorMath.product(inner, rows: rows, inner: rows, basis, columns: columns)
    return (values, vectors + basis[(rows * columns)...])
  }

  private static func square(_ matrix: [Double], order: Int) -> ([Double], [Double]) {
    var reduction = BidiagonalReduction(matrix, order: order)
    reduction.diagonalise()
    return (reduction.diagonal.map(abs), reduction.basis)
  }

  private static func sign(_ vector: ArraySlice<Double>) -> Double {
    var largest = 0.0
    for value in vector where abs(value) > abs(largest) { largest = value }
    return largest < 0 ? -1 : 1
  }
}
