/// The directions of largest variance of a set of rows.
package struct PrincipalComponents {
  /// The mean row.
  package let mean: [Double]
  /// Orthonormal directions by falling variance, shape [components, columns].
  ///
  /// The entry of largest magnitude of each is positive, so signs are canonical.
  package let components: [Double]
  /// The sample variance along each direction.
  package let variances: [Double]

  /// Fits up to `limit` components; directions without variance are left out.
  ///
  /// Works on the smaller of the Gram and the covariance matrix, in f64 and in a fixed order.
  ///
  /// - Parameters:
  ///   - rows: The data, shape [count, columns].
  ///   - count: The number of rows, at least 1.
  ///   - limit: The largest number of components.
  package init(rows: [Double], count: Int, limit: Int) {
    let columns = rows.count / count
    var centre = [Double](repeating: 0, count: columns)
    for row in 0..<count {
      for column in 0..<columns { centre[column] += rows[row * columns + column] }
    }
    for column in 0..<columns { centre[column] /= Double(count) }
    var centred = rows
    for row in 0..<count {
      for column in 0..<columns { centred[row * columns + column] -= centre[column] }
    }
    mean = centre
    let usesGram = count <= columns
    let order = usesGram ? count : columns
    let matrix =
      usesGram
      ? Self.rowProducts(centred, count: count, columns: columns)
      : Self.columnProducts(centred, count: count, columns: columns)
    let eigen = SymmetricEigen(matrix: matrix, order: order)
    let floor = max(eigen.values.first ?? 0, 0) * 1e-12
    var directions: [Double] = []
    var spreads: [Double] = []
    for index in 0..<min(limit, order) where eigen.values[index] > floor {
      let vector = Array(eigen.vectors[(index * order)..<((index + 1) * order)])
      let direction =
        usesGram ? Self.combination(of: centred, weights: vector, columns: columns) : vector
      directions += Self.canonical(direction)
      spreads.append(eigen.values[index] / Double(max(count - 1, 1)))
    }
    components = directions
    variances = spreads
  }

  private static func rowProducts(_ rows: [Double], count: Int, columns: Int) -> [Double] {
    var matrix = [Double](repeating: 0, count: count * count)
    for i in 0..<count {
      for j in 0...i {
        var sum = SIMD4<Double>()
        var column = 0
        while column + 4 <= columns {
          let a = i * columns + column
          let b = j * columns + column
          let left = SIMD4<Double>(rows[a], rows[a + 1], rows[a + 2], rows[a + 3])
          let right = SIMD4<Double>(rows[b], rows[b + 1], rows[b + 2], rows[b + 3])
          sum += left * right
          column += 4
        }
        var total = sum.sum()
        while column < columns {
          total += rows[i * columns + column] * rows[j * columns + column]
          column += 1
        }
        matrix[i * count + j] = total
        matrix[j * count + i] = total
      }
    }
    return matrix
  }

  private static func columnProducts(_ rows: [Double], count: Int, columns: Int) -> [Double] {
    var matrix = [Double](repeating: 0, count: columns * columns)
    for row in 0..<count {
      for i in 0..<columns {
        let value = rows[row * columns + i]
        for j in 0..<columns { matrix[i * columns + j] += value * rows[row * columns + j] }
      }
    }
    return matrix
  }

  private static func combination(of rows: [Double], weights: [Double], columns: Int) -> [Double] {
    var sum = [Double](repeating: 0, count: columns)
    for (row, weight) in weights.enumerated() {
      for column in 0..<columns { sum[column] += weight * rows[row * columns + column] }
    }
    return sum
  }

  private static func canonical(_ direction: [Double]) -> [Double] {
    var squares = 0.0
    var largest = 0.0
    for value in direction {
      squares += value * value
      if abs(value) > abs(largest) { largest = value }
    }
    let factor = (largest < 0 ? -1 : 1) / squares.squareRoot()
    return direction.map { $0 * factor }
  }
}
