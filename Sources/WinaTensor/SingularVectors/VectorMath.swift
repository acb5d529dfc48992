/// Loops over f64 vectors in a fixed order of operations.
enum VectorMath {
  typealias Pointer = UnsafeMutablePointer<Double>

  /// Returns Σ x·y, summed in eight interleaved parts.
  static func dot(_ x: Pointer, _ y: Pointer, _ count: Int) -> Double {
    var parts = SIMD8<Double>(repeating: 0)
    var index = 0
    while index + 8 <= count {
      let a = UnsafeRawPointer(x + index).loadUnaligned(as: SIMD8<Double>.self)
      let b = UnsafeRawPointer(y + index).loadUnaligned(as: SIMD8<Double>.self)
      parts += a * b
      index += 8
    }
    var sum = 0.0
    for part in 0..<8 { sum += parts[part] }
    while index < count {
      sum += x[index] * y[index]
      index += 1
    }
    return sum
  }

  /// y += factor · x.
  static func add(_ factor: Double, _ x: Pointer, to y: Pointer, _ count: Int) {
    for index in 0..<count { y[index] += factor * x[index] }
  }

  /// y += a · x₀ + b · x₁ for two rows that lie `stride` apart.
  static func add(
    _ a: Double, _ b: Double, _ x: Pointer, stride: Int, to y: Pointer, _ count: Int
  ) {
    let other = x + stride
    for index in 0..<count { y[index] += a * x[index] + b * other[index] }
  }

  /// (x, y) ← (c·x + s·y, c·y − s·x).
  static func rotate(_ x: Pointer, _ y: Pointer, _ cosine: Double, _ sine: Double, _ count: Int) {
    for index in 0..<count {
      let (a, b) = (x[index], y[index])
      x[index] = cosine * a + sine * b
      y[index] = cosine * b - sine * a
    }
  }

  /// Returns A · B for row-major matrices.
  static func product(
    _ a: [Double], rows: Int, inner: Int, _ b: [Double], columns: Int
  ) -> [Double] {
    var (result, b) = ([Double](repeating: 0, count: rows * columns), b)
    result.withUnsafeMutableBufferPointer { result in
      b.withUnsafeMutableBufferPointer { b in
        guard let result = result.baseAddress, let b = b.baseAddress else { return }
        for row in 0..<rows {
          for index in 0..<inner {
            add(
              a[row * inner + index], b + index * columns, to: result + row * columns, columns)
          }
        }
      }
    }
    return result
  }
}

/// An elementary reflection I − β·v·vᵀ.
struct Reflection {
  /// v from its first element that is not zero on.
  var vector: [Double]
  /// β; 0 for the identity.
  var factor: Double
  /// What the reflection turns its vector into, at the first element.
  var head: Double

  /// The square of what is nothing in a matrix of elements up to 1: dividing by less would overflow.
  private static let least = 0x1p-900

  /// Makes the reflection that clears all elements of a vector but the first.
  init(clearing vector: [Double]) {
    self.vector = vector
    var tail = 0.0
    for value in vector.dropFirst() { tail += value * value }
    head = vector.first ?? 0
    factor = 0
    guard tail > Self.least else { return }
    let length = (head * head + tail).squareRoot()
    // Away from the head, so that nothing cancels.
    self.vector[0] = head > 0 ? head + length : head - length
    factor = 2 / (self.vector[0] * self.vector[0] + tail)
    head = head > 0 ? -length : length
  }

  /// Applies the reflection from the left to rows `first…` of a matrix, on its columns from `column`.
  ///
  /// - Parameters:
  ///   - matrix: Row-major, `width` columns.
  ///   - scratch: As wide as the matrix.
  mutating func applyToRows(
    _ matrix: VectorMath.Pointer, width: Int, first: Int, column: Int,
    scratch: VectorMath.Pointer
  ) {
    guard factor != 0 else { return }
    let count = width - column
    scratch.update(repeating: 0, count: count)
    let start = matrix + first * width + column
    var row = 0
    while row + 2 <= vector.count {
      VectorMath.add(
        vector[row], vector[row + 1], start + row * width, stride: width, to: scratch, count)
      row += 2
    }
    if row < vector.count { VectorMath.add(vector[row], start + row * width, to: scratch, count) }
    for row in vector.indices {
      VectorMath.add(-factor * vector[row], scratch, to: start + row * width, count)
    }
  }

  /// Applies the reflection from the right to rows `rows` of a matrix, on its columns from `column`.
  mutating func applyToColumns(
    _ matrix: VectorMath.Pointer, width: Int, rows: Range<Int>, column: Int
  ) {
    guard factor != 0 else { return }
    let factor = factor
    vector.withUnsafeMutableBufferPointer { vector in
      guard let base = vector.baseAddress else { return }
      for row in rows {
        let line = matrix + row * width + column
        let overlap = VectorMath.dot(line, base, vector.count)
        VectorMath.add(-factor * overlap, base, to: line, vector.count)
      }
    }
  }
}
