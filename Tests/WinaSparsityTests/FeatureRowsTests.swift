import Testing
import WinaSparsity
import WinaTestSupport

/// Rows of features, full and sparse, and hashed tokens.
struct FeatureRowsTests {
  @Test func sparseAndFullRowsAreTheSameVectors() throws {
    let sparse = try FeatureRows(
      width: 4, values: [2, 3, -1], columns: [1, 3, 0], starts: [0, 2, 2, 3])
    #expect(sparse.count == 3)
    #expect(sparse.vector(0) == [0, 2, 0, 3])
    #expect(sparse.vector(1) == [0, 0, 0, 0])
    #expect(sparse.rows([2, 0]).vector(0) == [-1, 0, 0, 0])
    let joined = try FeatureRows.joined([sparse, sparse.rows([0])])
    #expect(joined.count == 4)
    #expect(joined.vector(3) == [0, 2, 0, 3])
    let full = try FeatureRows([0, 2, 0, 3, 5, 6, 7, 8], count: 2)
    #expect(full.rows([1]).vector(0) == [5, 6, 7, 8])
    #expect(throws: SparsityError.self) { try FeatureRows.joined([sparse, full]) }
    #expect(throws: SparsityError.self) { try FeatureRows([1, 2, 3], count: 2) }
    #expect(throws: SparsityError.self) {
      try FeatureRows(width: 2, values: [1], columns: [2], starts: [0, 1])
    }
    #expect(throws: SparsityError.self) {
      try FeatureRows(width: 2, values: [1], columns: [1], starts: [0, 2])
    }
  }

  @Test func sparseRowsMakeTheRouterOfFullOnes() throws {
    var random = SeededGenerator(seed: 1)
    let tokens = (0..<40).map { (index: Int32) -> [Int32] in
      let first = index % 2 * 10
      return (0..<12).map { _ in Int32.random(in: first..<(first + 20), using: &random) }
    }
    let rows = try HashedNgrams.features(tokens, buckets: 128)
    let labels = (0..<40).map { $0 % 2 }
    let options = RouterOptions(l2: 0.01)
    let router = try Router.fit(rows, labels: labels, classes: 2, options: options)
    // The loss is that of the same vectors written out.
    let full = LogisticRegression(
      rows: try FeatureRows((0..<40).flatMap(rows.vector), count: 40), labels: labels, classes: 2,
      l2: 0.01)
    var point: [Double] = []
    for k in 0..<2 {
      point += router.weights[(k * 128)..<((k + 1) * 128)]
      point.append(router.bias[k])
    }
    let value = try #require(router.summary.loss)
    let (loss, gradient) = full.evaluate(point)
    #expect(abs(loss - value) < 1e-12)
    #expect(gradient.allSatisfy { abs($0) < 1e-6 })
    #expect(!router.summary.isStandardised)
    #expect(try router.predict([Double](repeating: 0, count: 128)).isUnknown)
    #expect(try !router.predict(rows.vector(0)).isUnknown)
  }

  @Test func hashedTokensDependOnTokensAlone() throws {
    let samples: [[Int32]] = [[5, 6, 7, 5], [7, 6, 5, 5], [], [5]]
    let rows = try HashedNgrams.features(samples, buckets: 1 << 12)
    #expect(rows.width == 4096)
    for row in [0, 1, 3] {
      #expect(abs(rows.vector(row).reduce(0) { $0 + $1 * $1 } - 1) < 1e-12)
    }
    #expect(rows.stored(2) == 0)
    // Three tokens and three pairs; the order of the tokens changes the pairs.
    #expect(rows.stored(0) == 6)
    #expect(rows.vector(0) != rows.vector(1))
    #expect(try HashedNgrams.features([samples[0]], buckets: 1 << 12) == rows.rows([0]))
    #expect(try HashedNgrams.features([[1, 2, 3]], buckets: 1).stored(0) <= 1)
    #expect(throws: SparsityError.self) { try HashedNgrams.features(samples, buckets: 0) }
  }
}
