import Foundation
import Testing
import WinaTensor
import WinaTestSupport

/// Right singular vectors, against LAPACK and against what defines them.
struct SingularVectorTests {
  /// What NumPy computed; see `Tests/Fixtures/singular_vectors/generate.py`.
  private struct Reference: Decodable {
    var rows: Int
    var columns: Int
    var distinct: Int
    var rank: Int
    var values: [Double]
    var vectors: [[Double]]

    var matrix: [Double] {
      var elements: [Double] = []
      for row in 0..<rows {
        let i = row % distinct
        for j in 0..<columns {
          let sum = 37 * i + 101 * j + 17 * i * j + 5 * i * i * j
          elements.append(Double(sum % 113) / 128 - 0.5)
        }
      }
      return elements
    }
  }

  @Test func valuesAndVectorsAreThoseOfLAPACK() throws {
    let path = SharedData.packageRoot + "/Tests/Fixtures/singular_vectors/values.json"
    let references = try JSONDecoder().decode(
      [Reference].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(references.count == 7)
    for reference in references {
      let found = try RightSingularVectors(
        reference.matrix, rows: reference.rows, columns: reference.columns)
      #expect(found.rank == reference.rank)
      let largest = reference.values[0]
      for (index, value) in reference.values.enumerated() {
        #expect(abs(found.values[index] - value) <= 1e-13 * largest)
      }
      #expect(found.values.dropFirst(reference.values.count).allSatisfy { $0 == 0 })
      for (index, vector) in reference.vectors.enumerated() {
        for (row, value) in vector.enumerated() {
          #expect(abs(found.vectors[row * found.order + index] - value) <= 1e-11)
        }
      }
    }
  }

  /// Random matrices, tall, square and wide, and of low rank.
  @Test(arguments: [
    (300, 64, 64), (64, 64, 64), (24, 64, 24), (130, 64, 9), (40, 64, 7), (1, 64, 1),
    (200, 192, 192),
  ])
  func productsHaveOrthogonalColumnsAndVectorsAreOrthonormal(
    rows: Int, columns: Int, rank: Int
  ) throws {
    let matrix = Self.matrix(rows, columns, rank: rank)
    let found = try RightSingularVectors(matrix, rows: rows, columns: columns)
    #expect(found.rank == rank)
    #expect(
      found.values.count == columns && zip(found.values, found.values.dropFirst()).allSatisfy(>=))
    let q = found.vectors
    #expect(Self.distanceFromIdentity(q, columns) < 1e-12)
    // (W·V)ᵀ(W·V) = S².
    let product = Self.product(matrix, rows, columns, q, columns)
    let gram = Self.product(
      Self.transposed(product, rows, columns), columns, rows, product, columns)
    let largest = found.values[0]
    for row in 0..<columns {
      for column in 0..<columns {
        let expected = row == column ? found.values[row] * found.values[row] : 0
        #expect(abs(gram[row * columns + column] - expected) < 1e-12 * largest * largest)
      }
      let column = (0..<columns).map { q[$0 * columns + row] }
      #expect((column.max() ?? 0) >= -(column.min() ?? 0))
    }
    // A function of the matrix alone, whatever its scale.
    #expect(try RightSingularVectors(matrix, rows: rows, columns: columns) == found)
    let scaled = try RightSingularVectors(
      matrix.map { $0 * 0x1p-300 }, rows: rows, columns: columns)
    #expect(scaled.vectors == q && scaled.rank == rank)
  }

  /// Values that span 24 orders of magnitude: exact relative to the largest.
  @Test func gradedMatricesKeepTheirSmallValues() throws {
    let order = 25
    let left = try RightSingularVectors(
      Self.matrix(order, order, rank: order), rows: order, columns: order
    ).vectors
    let right = try RightSingularVectors(
      Self.matrix(40, order, rank: order), rows: 40, columns: order
    ).vectors
    let values = (0..<order).map { pow(10, -Double($0)) }
    let scaled = (0..<(order * order)).map { left[$0] * values[$0 % order] }
    let matrix = Self.product(scaled, order, order, Self.transposed(right, order, order), order)
    let found = try RightSingularVectors(matrix, rows: order, columns: order)
    for (value, expected) in zip(found.values, values) { #expect(abs(value - expected) < 1e-14) }
    #expect(Self.distanceFromIdentity(found.vectors, order) < 1e-13)
    #expect((15...18).contains(found.rank))
  }

  @Test func matricesOfZerosAndSpecialShapesAreDefined() throws {
    let zero = try RightSingularVectors([0, 0, 0, 0, 0, 0], rows: 2, columns: 3)
    #expect(
      zero.vectors == [1, 0, 0, 0, 1, 0, 0, 0, 1] && zero.values == [0, 0, 0] && zero.rank == 0)
    let none = try RightSingularVectors([], rows: 0, columns: 2)
    #expect(none.vectors == [1, 0, 0, 1])
    let identity = try RightSingularVectors([1, 0, 0, 1], rows: 2, columns: 2)
    #expect(identity.vectors == [1, 0, 0, 1] && identity.values == [1, 1])
    // Zeros on the diagonal of what is already bidiagonal: at the end, within, at the start.
    for zero in 0..<4 {
      var matrix = [Double](repeating: 0, count: 16)
      for index in 0..<4 { matrix[index * 5] = index == zero ? 0 : Double(index + 1) }
      for index in 0..<3 { matrix[index * 5 + 1] = 1 }
      let found = try RightSingularVectors(matrix, rows: 4, columns: 4)
      #expect(found.rank == 3 && abs(found.values[3]) < 1e-15)
      #expect(Self.distanceFromIdentity(found.vectors, 4) < 1e-14)
    }
  }

  @Test(arguments: [Double.nan, .infinity])
  func elementsThatAreNoNumbersAreNamed(value: Double) {
    let error = #expect(throws: TensorError.self) {
      try RightSingularVectors([1, 2, 3, 4, value, 6], rows: 2, columns: 3)
    }
    #expect(error?.message == "the element in row 1, column 1 is \(value)")
  }

  // MARK: Plain algebra

  private static func matrix(_ rows: Int, _ columns: Int, rank: Int) -> [Double] {
    var generator = SeededGenerator(seed: UInt64(rows * 1000 + columns))
    func draw(_ count: Int) -> [Double] {
      (0..<count).map { _ in Double.random(in: -1...1, using: &generator) }
    }
    guard rank < min(rows, columns) else { return draw(rows * columns) }
    return product(draw(rows * rank), rows, rank, draw(rank * columns), columns)
  }

  private static func product(
    _ a: [Double], _ rows: Int, _ inner: Int, _ b: [Double], _ columns: Int
  ) -> [Double] {
    var result = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for index in 0..<inner {
        let factor = a[row * inner + index]
        for column in 0..<columns {
          result[row * columns + column] += factor * b[index * columns + column]
        }
      }
    }
    return result
  }

  private static func transposed(_ a: [Double], _ rows: Int, _ columns: Int) -> [Double] {
    (0..<(rows * columns)).map { a[$0 % rows * columns + $0 / rows] }
  }

  private static func distanceFromIdentity(_ q: [Double], _ order: Int) -> Double {
    let gram = product(transposed(q, order, order), order, order, q, order)
    return gram.indices.reduce(0) { max($0, abs(gram[$1] - ($1 % (order + 1) == 0 ? 1 : 0))) }
  }
}
