/// The eigenvalues and eigenvectors of a real symmetric matrix.
///
/// Householder reduction to tridiagonal form, then implicit QR steps with Wilkinson's shift. All
/// arithmetic is f64 in a fixed order, so results are equal bit for bit on every run.
///
/// ### References
/// Golub & Van Loan, *Matrix Computations*, 4th ed., §8.3.
package struct SymmetricEigen {
  /// The eigenvalues, falling.
  package private(set) var values: [Double]
  /// The eigenvectors as rows in the same order, shape [order, order].
  package private(set) var vectors: [Double]

  /// Decomposes a symmetric matrix of shape [order, order].
  ///
  /// - Complexity: O(order³).
  package init(matrix: [Double], order: Int) {
    var reduction = Tridiagonal(matrix: matrix, order: order)
    reduction.diagonalise()
    let ranking = (0..<order).sorted {
      (-reduction.diagonal[$0], $0) < (-reduction.diagonal[$1], $1)
    }
    values = ranking.map { reduction.diagonal[$0] }
    vectors = []
    vectors.reserveCapacity(order * order)
    for row in ranking { vectors += reduction.basis[(row * order)..<((row + 1) * order)] }
  }
}

/// A symmetric matrix on its way from tridiagonal to diagonal form.
private struct Tridiagonal {
  let order: Int
  var diagonal: [Double]
  /// The subdiagonal; entry k couples k and k + 1.
  var coupling: [Double]
  /// The basis as rows, shape [order, order].
  var basis: [Double]
  /// Couplings below this do not change an eigenvalue beyond rounding of the largest one.
  private var floor = 0.0

  init(matrix: [Double], order: Int) {
    self.order = order
    var a = matrix
    var basis = [Double](repeating: 0, count: order * order)
    for index in 0..<order { basis[index * order + index] = 1 }
    for step in 0..<max(order - 2, 0) {
      guard let (vector, factor) = Self.reflector(a, order: order, step: step) else { continue }
      Self.reflectBothSides(&a, order: order, step: step, vector: vector, factor: factor)
      Self.reflectRows(&basis, order: order, step: step, vector: vector, factor: factor)
    }
    diagonal = (0..<order).map { a[$0 * order + $0] }
    coupling = (0..<max(order - 1, 0)).map { a[($0 + 1) * order + $0] }
    self.basis = basis
  }

  /// Returns v and β such that I − β·v·vᵀ clears column `step` below its subdiagonal.
  private static func reflector(_ a: [Double], order: Int, step: Int) -> ([Double], Double)? {
    var vector = [Double](repeating: 0, count: order)
    var tail = 0.0
    for row in (step + 1)..<order {
      vector[row] = a[row * order + step]
      if row > step + 1 { tail += vector[row] * vector[row] }
    }
    guard tail > 0 else { return nil }
    let head = vector[step + 1]
    let length = (head * head + tail).squareRoot()
    vector[step + 1] = head > 0 ? head + length : head - length
    return (vector, 2 / (tail + vector[step + 1] * vector[step + 1]))
  }

  /// Applies A ← H·A·H on the rows and columns from `step` on.
  private static func reflectBothSides(
    _ a: inout [Double], order: Int, step: Int, vector: [Double], factor: Double
  ) {
    var product = [Double](repeating: 0, count: order)
    for row in (step + 1)..<order {
      let weight = factor * vector[row]
      for column in step..<order { product[column] += weight * a[row * order + column] }
    }
    var overlap = 0.0
    for row in (step + 1)..<order { overlap += product[row] * vector[row] }
    overlap *= factor / 2
    for row in (step + 1)..<order { product[row] -= overlap * vector[row] }
    for row in step..<order {
      let own = vector[row]
      let other = product[row]
      for column in step..<order {
        a[row * order + column] -= own * product[column] + other * vector[column]
      }
    }
  }

  private static func reflectRows(
    _ basis: inout [Double], order: Int, step: Int, vector: [Double], factor: Double
  ) {
    var product = [Double](repeating: 0, count: order)
    for row in (step + 1)..<order {
      let weight = factor * vector[row]
      for column in 0..<order { product[column] += weight * basis[row * order + column] }
    }
    for row in (step + 1)..<order {
      let weight = vector[row]
      for column in 0..<order { basis[row * order + column] -= weight * product[column] }
    }
  }

  /// Drives the couplings to zero, block by block from the end.
  mutating func diagonalise() {
    floor = (diagonal + coupling).reduce(0) { max($0, abs($1)) } * Double.ulpOfOne
    var end = order - 1
    var steps = 0
    while end > 0, steps < 60 * order {
      if isNegligible(end - 1) {
        coupling[end - 1] = 0
        end -= 1
        continue
      }
      var start = end - 1
      while start > 0, !isNegligible(start - 1) { start -= 1 }
      if start > 0 { coupling[start - 1] = 0 }
      chase(start, end)
      steps += 1
    }
  }

  private func isNegligible(_ index: Int) -> Bool {
    abs(coupling[index]) <= floor
  }

  /// One implicit QR step on the unreduced block `start...end`.
  private mutating func chase(_ start: Int, _ end: Int) {
    let half = (diagonal[end - 1] - diagonal[end]) / 2
    let last = coupling[end - 1]
    let root = (half * half + last * last).squareRoot()
    let shift = diagonal[end] - last * last / (half + (half < 0 ? -root : root))
    var x = diagonal[start] - shift
    var z = coupling[start]
    for k in start..<end {
      let length = (x * x + z * z).squareRoot()
      let c = length == 0 ? 1 : x / length
      let s = length == 0 ? 0 : z / length
      if k > start { coupling[k - 1] = length }
      let (first, second, between) = (diagonal[k], diagonal[k + 1], coupling[k])
      diagonal[k] = c * c * first + 2 * c * s * between + s * s * second
      diagonal[k + 1] = s * s * first - 2 * c * s * between + c * c * second
      coupling[k] = c * s * (second - first) + (c * c - s * s) * between
      if k + 1 < end {
        x = coupling[k]
        z = s * coupling[k + 1]
        coupling[k + 1] *= c
      }
      rotate(k, c, s)
    }
  }

  private mutating func rotate(_ row: Int, _ c: Double, _ s: Double) {
    let first = row * order
    let second = first + order
    for column in 0..<order {
      let a = basis[first + column]
      let b = basis[second + column]
      basis[first + column] = c * a + s * b
      basis[second + column] = c * b - s * a
    }
  }
}
