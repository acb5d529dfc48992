/// A square matrix on its way to its singular values: B = U·bidiagonal·Vᵀ, of which V is kept.
struct BidiagonalReduction {
  let order: Int
  /// The diagonal, which becomes the singular values up to their signs.
  private(set) var diagonal: [Double]
  /// The superdiagonal; entry k couples k and k + 1.
  private var coupling: [Double]
  /// The columns of V as rows, [order, order].
  private(set) var basis: [Double]
  /// Values below this are zero.
  private let floor: Double
  private var rotations = RotationList()

  /// Reduces a matrix [order, order] by reflections from both sides.
  init(_ matrix: [Double], order: Int) {
    self.order = order
    var (diagonal, coupling) = ([Double](), [Double]())
    var reflections: [Reflection] = []
    var matrix = matrix
    var scratch = [Double](repeating: 0, count: order)
    matrix.withUnsafeMutableBufferPointer { matrix in
      scratch.withUnsafeMutableBufferPointer { scratch in
        guard let base = matrix.baseAddress, let scratch = scratch.baseAddress else { return }
        for step in 0..<order {
          var left = Reflection(
            clearing: (step..<order).map { matrix[$0 * order + step] })
          diagonal.append(left.head)
          guard step + 1 < order else { break }
          left.applyToRows(base, width: order, first: step, column: step + 1, scratch: scratch)
          var right = Reflection(
            clearing: Array(matrix[(step * order + step + 1)..<((step + 1) * order)]))
          coupling.append(right.head)
          right.applyToColumns(
            base, width: order, rows: (step + 1)..<order, column: step + 1)
          reflections.append(right)
        }
      }
    }
    self.diagonal = diagonal
    self.coupling = coupling
    let product = Self.product(of: reflections, offset: 1, order: order)
    basis = Self.transposed(product, order: order)
    let largest = (diagonal + coupling).reduce(0) { max($0, abs($1)) }
    floor = largest * Double.ulpOfOne
  }

  /// Returns H₀·H₁·…, [order, order], where reflection k works on the elements from k + offset on.
  static func product(of reflections: [Reflection], offset: Int, order: Int) -> [Double] {
    var product = (0..<(order * order)).map { $0 % (order + 1) == 0 ? 1.0 : 0.0 }
    var scratch = [Double](repeating: 0, count: order)
    product.withUnsafeMutableBufferPointer { product in
      scratch.withUnsafeMutableBufferPointer { scratch in
        guard let product = product.baseAddress, let scratch = scratch.baseAddress else { return }
        for index in reflections.indices.reversed() {
          var reflection = reflections[index]
          // What is before is still the identity.
          reflection.applyToRows(
            product, width: order, first: index + offset, column: index + offset,
            scratch: scratch)
        }
      }
    }
    return product
  }

  static func transposed(_ matrix: [Double], order: Int) -> [Double] {
    var result = [Double](repeating: 0, count: order * order)
    for row in 0..<order {
      for column in 0..<order { result[column * order + row] = matrix[row * order + column] }
    }
    return result
  }

  // MARK: Iteration

  /// Takes the superdiagonal away, turning the basis with it.
  mutating func diagonalise() {
    var last = order - 1
    // Two or three steps a value are usual; without an end, a mistake would be a loop for ever.
    var steps = 100 * order
    while last > 0 {
      steps -= 1
      precondition(steps > 0, "QR steps converge")
      for index in 0..<last where isNegligible(index) { coupling[index] = 0 }
      guard coupling[last - 1] != 0 else {
        last -= 1
        continue
      }
      var first = last
      while first > 0, coupling[first - 1] != 0 { first -= 1 }
      if let zero = (first...last).last(where: { abs(diagonal[$0]) <= floor }) {
        diagonal[zero] = 0
        if zero == last { clearColumn(first, last) } else { clearRow(zero, last) }
      } else {
        step(first, last)
      }
      if rotations.isFull { rotations.apply(to: &basis, order: order) }
    }
    rotations.apply(to: &basis, order: order)
  }

  private func isNegligible(_ index: Int) -> Bool {
    let size = abs(diagonal[index]) + abs(diagonal[index + 1])
    return abs(coupling[index]) <= Double.ulpOfOne * size
  }

  /// A zero at the end of the diagonal: turns the column above it into zeros, from below.
  private mutating func clearColumn(_ first: Int, _ last: Int) {
    var stray = coupling[last - 1]
    coupling[last - 1] = 0
    for row in (first..<last).reversed() {
      let turn = Rotation(clearing: stray, with: diagonal[row])
      diagonal[row] = turn.length
      rotations.append(row, last, turn)
      guard row > first else { break }
      stray = -turn.sine * coupling[row - 1]
      coupling[row - 1] *= turn.cosine
    }
  }

  /// A zero within the diagonal: turns its row into zeros, which leaves V as it is.
  private mutating func clearRow(_ zero: Int, _ last: Int) {
    var stray = coupling[zero]
    coupling[zero] = 0
    for column in (zero + 1)...last {
      let turn = Rotation(clearing: stray, with: diagonal[column])
      diagonal[column] = turn.length
      guard column < last else { break }
      stray = -turn.sine * coupling[column]
      coupling[column] *= turn.cosine
    }
  }

  /// One implicit QR step on a part of the matrix that does not fall apart.
  private mutating func step(_ first: Int, _ last: Int) {
    var y = diagonal[first] * diagonal[first] - shift(first, last)
    var z = diagonal[first] * coupling[first]
    for index in first..<last {
      let right = Rotation(clearing: z, with: y)
      if index > first { coupling[index - 1] = right.length }
      let (c, s) = (right.cosine, right.sine)
      let (a, b, d) = (diagonal[index], coupling[index], diagonal[index + 1])
      rotations.append(index, index + 1, right)
      let left = Rotation(clearing: s * d, with: c * a + s * b)
      diagonal[index] = left.length
      let (upper, lower) = (c * b - s * a, c * d)
      coupling[index] = left.cosine * upper + left.sine * lower
      diagonal[index + 1] = left.cosine * lower - left.sine * upper
      guard index + 1 < last else { break }
      y = coupling[index]
      z = left.sine * coupling[index + 1]
      coupling[index + 1] *= left.cosine
    }
  }

  /// The eigenvalue of the last two rows of BᵀB that is nearer to the last (Wilkinson's shift).
  private func shift(_ first: Int, _ last: Int) -> Double {
    let above = last - 1 > first ? coupling[last - 2] : 0
    let a = diagonal[last - 1] * diagonal[last - 1] + above * above
    let b = diagonal[last - 1] * coupling[last - 1]
    let c = diagonal[last] * diagonal[last] + coupling[last - 1] * coupling[last - 1]
    let half = (a - c) / 2
    let root = (half * half + b * b).squareRoot()
    guard root > 0 else { return c }
    return c - b * b / (half < 0 ? half - root : half + root)
  }
}

/// A turn in a plane.
struct Rotation {
  var cosine = 1.0
  var sine = 0.0
  /// What is left of the two numbers.
  var length: Double

  /// Makes the turn that moves a number into another: c·a + s·z is the length, c·z − s·a is 0.
  init(clearing z: Double, with a: Double) {
    length = a
    guard z != 0 else { return }
    let scale = max(abs(a), abs(z))
    let (x, y) = (a / scale, z / scale)
    let size = (x * x + y * y).squareRoot()
    (cosine, sine, length) = (x / size, y / size, scale * size)
  }
}

/// Turns of pairs of rows that are applied many at once, so that a part of the rows stays in cache.
struct RotationList {
  private var pairs: [(Int, Int)] = []
  private var turns: [(cosine: Double, sine: Double)] = []

  private static let capacity = 1 << 15
  private static let columnsAtOnce = 64

  var isFull: Bool { turns.count >= Self.capacity }

  mutating func append(_ x: Int, _ y: Int, _ turn: Rotation) {
    guard turn.sine != 0 || turn.cosine != 1 else { return }
    pairs.append((x, y))
    turns.append((turn.cosine, turn.sine))
  }

  /// Applies all turns to the rows of a matrix [order, order] and forgets them.
  mutating func apply(to matrix: inout [Double], order: Int) {
    matrix.withUnsafeMutableBufferPointer { matrix in
      guard let base = matrix.baseAddress else { return }
      for column in stride(from: 0, to: order, by: Self.columnsAtOnce) {
        let count = min(Self.columnsAtOnce, order - column)
        for (pair, turn) in zip(pairs, turns) {
          VectorMath.rotate(
            base + pair.0 * order + column, base + pair.1 * order + column, turn.cosine,
            turn.sine, count)
        }
      }
    }
    pairs.removeAll(keepingCapacity: true)
    turns.removeAll(keepingCapacity: true)
  }
}
