/// Reduces matrices that are not square to triangles with the same singular values.
enum TriangularReduction {
  /// The rows that are folded into a triangle together: few enough to stay in a core's cache.
  private static let rowsOfFold = 64

  /// Returns R of W = Q·R, [N, N], for a matrix [M, N]; Q is not formed.
  ///
  /// Rows are folded into the triangle some at a time, which gives the triangle of all of them.
  static func triangle(_ matrix: [Double], rows: Int, columns: Int) -> [Double] {
    var triangle = [Double](repeating: 0, count: columns * columns)
    var scratch = [Double](repeating: 0, count: columns)
    var block = [Double](repeating: 0, count: rowsOfFold * columns)
    var first = 0
    while first < rows {
      let count = min(rowsOfFold, rows - first)
      block.replaceSubrange(
        0..<(count * columns), with: matrix[(first * columns)..<((first + count) * columns)])
      triangle.withUnsafeMutableBufferPointer { triangle in
        block.withUnsafeMutableBufferPointer { block in
          scratch.withUnsafeMutableBufferPointer { scratch in
            guard let triangle = triangle.baseAddress, let block = block.baseAddress,
              let scratch = scratch.baseAddress
            else { return }
            fold(block, rows: count, into: triangle, order: columns, scratch)
          }
        }
      }
      first += count
    }
    return triangle
  }

  private static func fold(
    _ block: VectorMath.Pointer, rows: Int, into triangle: VectorMath.Pointer, order: Int,
    _ scratch: VectorMath.Pointer
  ) {
    var vector = [Double](repeating: 0, count: rows + 1)
    for column in 0..<order {
      let line = triangle + column * order
      vector[0] = line[column]
      for row in 0..<rows { vector[row + 1] = block[row * order + column] }
      let reflection = Reflection(clearing: vector)
      guard reflection.factor != 0 else { continue }
      let first = column + 1
      let count = order - first
      line[column] = reflection.head
      for index in 0..<count { scratch[index] = reflection.vector[0] * line[first + index] }
      var row = 0
      while row + 2 <= rows {
        VectorMath.add(
          reflection.vector[row + 1], reflection.vector[row + 2], block + row * order + first,
          stride: order, to: scratch, count)
        row += 2
      }
      if row < rows {
        VectorMath.add(
          reflection.vector[row + 1], block + row * order + first, to: scratch, count)
      }
      VectorMath.add(-reflection.factor * reflection.vector[0], scratch, to: line + first, count)
      for row in 0..<rows {
        VectorMath.add(
          -reflection.factor * reflection.vector[row + 1], scratch,
          to: block + row * order + first, count)
      }
    }
  }

  /// Returns L and Qᵀ of W = [L 0]·Qᵀ for a matrix [M, N] with M < N: L is [M, M], Qᵀ is [N, N].
  ///
  /// The rows of Qᵀ from M on are an orthonormal basis of the null space if W has full rank, and part
  /// of one otherwise.
  static func rowBasis(
    _ matrix: [Double], rows: Int, columns: Int
  ) -> (triangle: [Double], basis: [Double]) {
    var matrix = matrix
    var reflections: [Reflection] = []
    matrix.withUnsafeMutableBufferPointer { matrix in
      guard let base = matrix.baseAddress else { return }
      for row in 0..<rows {
        let start = row * columns + row
        var reflection = Reflection(clearing: Array(matrix[start..<((row + 1) * columns)]))
        reflection.applyToColumns(
          base, width: columns, rows: (row + 1)..<rows, column: row)
        matrix[start] = reflection.head
        reflections.append(reflection)
      }
    }
    var triangle = [Double](repeating: 0, count: rows * rows)
    for row in 0..<rows {
      for column in 0...row { triangle[row * rows + column] = matrix[row * columns + column] }
    }
    let basis = BidiagonalReduction.product(of: reflections, offset: 0, order: columns)
    return (triangle, BidiagonalReduction.transposed(basis, order: columns))
  }
}
