import Testing
import WinaStatistics
import WinaTensor

/// Oracle O7: with orthogonal columns no mask of as many inputs has a smaller error than WINA's.
struct OptimalMaskTests {
  private static let inputs = 12
  private static let outputs = 16

  private static func normals(_ count: Int, _ stream: inout RandomStream) -> [Double] {
    (0..<count).map { _ in stream.normal() }
  }

  /// A · V for a random A and its right singular vectors.
  private static func orthogonalised(_ matrix: [Double]) throws -> [Double] {
    let vectors = try RightSingularVectors(matrix, rows: outputs, columns: inputs).vectors
    var result = [Double](repeating: 0, count: matrix.count)
    for row in 0..<outputs {
      for column in 0..<inputs {
        for index in 0..<inputs {
          result[row * inputs + column] +=
            matrix[row * inputs + index] * vectors[index * inputs + column]
        }
      }
    }
    return result
  }

  /// ‖W·(x − mask ⊙ x)‖².
  private static func error(_ matrix: [Double], _ x: [Double], _ mask: Int) -> Double {
    var sum = 0.0
    for row in 0..<outputs {
      var value = 0.0
      for index in 0..<inputs where mask >> index & 1 == 0 {
        value += matrix[row * inputs + index] * x[index]
      }
      sum += value * value
    }
    return sum
  }

  /// The mask that keeps the `count` largest |xᵢ|·‖W[:, i]‖.
  private static func wina(_ matrix: [Double], _ x: [Double], _ count: Int) -> Int {
    let scores = (0..<inputs).map { index in
      let squares = (0..<outputs).map { matrix[$0 * inputs + index] * matrix[$0 * inputs + index] }
      return abs(x[index]) * squares.reduce(0, +).squareRoot()
    }
    let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
    return order.prefix(count).reduce(0) { $0 | 1 << $1 }
  }

  /// The best of all masks that keep `count` inputs.
  private static func best(_ matrix: [Double], _ x: [Double], _ count: Int) -> Int {
    let masks = (0..<(1 << inputs)).filter { $0.nonzeroBitCount == count }
    return masks.min { error(matrix, x, $0) < error(matrix, x, $1) } ?? 0
  }

  @Test(arguments: [1, 3, 5, 6, 8, 11])
  func theMaskIsTheBestOfAllWithOrthogonalColumns(count: Int) throws {
    var stream = RandomStream(seed: UInt64(100 + count))
    for _ in 0..<4 {
      // Columns of very different norms.
      let drawn = Self.normals(Self.outputs * Self.inputs, &stream)
      let matrix = try Self.orthogonalised(
        drawn.indices.map { drawn[$0] * Double(1 + $0 % Self.inputs) })
      let x = Self.normals(Self.inputs, &stream)
      #expect(Self.wina(matrix, x, count) == Self.best(matrix, x, count))
    }
  }

  @Test func withoutOrthogonalColumnsItNeedNotBe() {
    var stream = RandomStream(seed: 7)
    var misses = 0
    for _ in 0..<10 {
      let matrix = Self.normals(Self.outputs * Self.inputs, &stream)
      let x = Self.normals(Self.inputs, &stream)
      let (found, best) = (Self.wina(matrix, x, 6), Self.best(matrix, x, 6))
      #expect(Self.error(matrix, x, best) <= Self.error(matrix, x, found))
      if Self.error(matrix, x, best) < 0.99 * Self.error(matrix, x, found) { misses += 1 }
    }
    #expect(misses > 0)
  }
}
