import Foundation
import Testing
import WinaTensor
import WinaTestSupport

/// Runs a test once with every kernel level that the processor offers.
func onEveryLevel(_ body: (KernelLevel) -> Void) {
  for level in Kernels.availableLevels {
    Kernels.withLevel(level) {
      #expect(Kernels.level == level)
      body(level)
    }
  }
}

/// Every kernel against plain f64 arithmetic, at every level and at sizes with tails.
struct KernelTests {
  private let sizes = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 257]

  private func expectClose(
    _ found: [Float], _ expected: [Double], _ tolerance: Double = 2e-6,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (x, y) in zip(found, expected) where !(abs(Double(x) - y) <= tolerance * (1 + abs(y))) {
      Issue.record("\(x) instead of \(y)", sourceLocation: sourceLocation)
      return
    }
  }

  @Test func theExponentialKeepsItsErrorBound() {
    onEveryLevel { _ in
      var x: [Float] = []
      var value: Float = -87.2
      while value < 88.6 {
        x.append(value)
        value += 0.00713
      }
      x += [0, -0.0, 1e-30, -1e-8, 88.7, 0.34657359, -0.34657359]
      var worst = 0.0
      for (found, input) in zip(Kernels.exponential(x), x) {
        let exact = exp(Double(input))
        worst = max(worst, abs(Double(found) - exact) / exact)
      }
      #expect(worst < 2.4e-7, "\(worst)")
      let edges = Kernels.exponential([-.infinity, -150, .infinity, 100, .nan, -100, 0, 0, 0])
      #expect(edges[0] == 0 && edges[1] == 0 && edges[2] == .infinity && edges[3] == .infinity)
      #expect(edges[4].isNaN && edges[5] >= 0 && edges[5] < 1e-37 && edges[6] == 1)
    }
  }

  @Test func softmaxFamiliesMatch() {
    onEveryLevel { _ in
      var generator = SeededGenerator(seed: 1)
      for columns in sizes {
        let rows = 3
        let x = generator.normals(rows * columns, deviation: 4)
        var soft = x
        var log = x
        Kernels.softmax(
          &soft, MatrixLayout(rows: rows, columns: columns),
          spans: Array(repeating: 0..<columns, count: rows))
        Kernels.logSoftmaxRows(&log, rows: rows, columns: columns)
        var expected: [Double] = []
        for row in 0..<rows {
          let values = x[(row * columns)..<((row + 1) * columns)].map(Double.init)
          let total = values.reduce(0) { $0 + Foundation.exp($1) }
          expected += values.map { $0 - Foundation.log(total) }
        }
        expectClose(log, expected)
        expectClose(soft, expected.map { Foundation.exp($0) })
      }
      var extreme: [Float] = [1000, 0, -1000, -.infinity, 999]
      Kernels.logSoftmaxRows(&extreme, rows: 1, columns: 5)
      #expect(extreme[1] < -900 && extreme[3] == -.infinity && abs(extreme[0] + 0.3132617) < 1e-5)
    }
  }

  @Test func softmaxOfSpansZeroesTheRest() {
    onEveryLevel { _ in
      var generator = SeededGenerator(seed: 2)
      let layout = MatrixLayout(rows: 4, columns: 23, offset: 2, stride: 25)
      let before = generator.normals(102)
      var x = before
      let spans = [0..<23, 3..<20, 5..<5, 22..<23]
      Kernels.softmax(&x, layout, spans: spans, scale: 0.3)
      for (row, span) in spans.enumerated() {
        let start = 2 + row * 25
        let values = span.map { exp(0.3 * Double(before[start + $0])) }
        let total = values.reduce(0, +)
        expectClose(span.map { x[start + $0] }, values.map { $0 / total })
        #expect((0..<23).allSatisfy { span.contains($0) || x[start + $0] == 0 })
        #expect(row == 3 || x[(start + 23)..<(start + 25)] == before[(start + 23)..<(start + 25)])
      }
      #expect(x[..<2] == before[..<2])
    }
  }

  @Test func divergenceAndLikeliestMatch() {
    onEveryLevel { _ in
      var generator = SeededGenerator(seed: 3)
      for columns in sizes {
        var p = generator.normals(2 * columns, deviation: 3)
        var q = generator.normals(2 * columns, deviation: 3)
        #expect(
          Kernels.argmaxRows(p, rows: 2, columns: columns)
            == (0..<2).map { row in
              let values = p[(row * columns)..<((row + 1) * columns)]
              return Int32((values.firstIndex(of: values.max() ?? 0) ?? 0) - row * columns)
            })
        Kernels.logSoftmaxRows(&p, rows: 2, columns: columns)
        Kernels.logSoftmaxRows(&q, rows: 2, columns: columns)
        let found = Kernels.klRows(p, q, rows: 2, columns: columns)
        for row in 0..<2 {
          let exact = (0..<columns).reduce(0.0) { sum, column in
            let (a, b) = (Double(p[row * columns + column]), Double(q[row * columns + column]))
            return sum + exp(a) * (a - b)
          }
          #expect(abs(found[row] - exact) < 2e-6 * (1 + abs(exact)))
        }
        #expect(Kernels.klRow(p, denseRow: 1, p, otherRow: 1, columns: columns) == 0)
      }
      #expect(Kernels.klRows([0, -.infinity], [-1, -.infinity], rows: 1, columns: 2) == [1])
      let ties = [Float](repeating: 2, count: 20)
      #expect(Kernels.argmaxRows(ties, rows: 1, columns: 20) == [0])
      #expect(Kernels.argmaxRows([1, .nan, 3, 2], rows: 1, columns: 4) == [2])
      #expect(Kernels.argmaxRows([.nan, 3], rows: 1, columns: 2) == [0])
    }
  }

  @Test func normsRotationsAndActivationsMatch() {
    onEveryLevel { _ in
      var generator = SeededGenerator(seed: 4)
      for columns in sizes {
        let x = generator.normals(3 * columns, deviation: 2)
        let weight = generator.normals(columns)
        var y = [Float](repeating: 9, count: 2 * columns)
        Kernels.rmsNorm(x, weight: weight, epsilon: 1e-5, firstRow: 1, rows: 2, into: &y)
        var expected: [Double] = []
        for row in 1..<3 {
          let values = x[(row * columns)..<((row + 1) * columns)].map(Double.init)
          let mean = values.reduce(0) { $0 + $1 * $1 } / Double(columns)
          expected += zip(values, weight).map { $0 / (mean + 1e-5).squareRoot() * Double($1) }
        }
        expectClose(y, expected)
        var silu = [Float](repeating: 0, count: 3 * columns)
        Kernels.silu(x, MatrixLayout(rows: 3, columns: columns), into: &silu)
        expectClose(silu, x.map { Double($0) / (1 + exp(-Double($0))) })
        let wide = generator.normals(3 * 2 * columns, deviation: 3)
        let gate = MatrixLayout(rows: 3, columns: columns, stride: 2 * columns)
        let up = MatrixLayout(rows: 3, columns: columns, offset: columns, stride: 2 * columns)
        var both = silu
        ProductEngine().siluMultiply(wide, gate: gate, up: up, into: &both)
        Kernels.silu(wide, gate, into: &silu)
        var product = silu
        Kernels.multiply(silu, wide, up, into: &product)
        #expect(both == product)
        var sum = wide
        Kernels.addRow(weight, to: &sum, up)
        #expect(sum[columns] == wide[columns] + weight[0] && sum[0] == wide[0])
      }
    }
  }

  @Test(arguments: [(2, 2), (6, 6), (16, 16), (18, 10), (40, 30), (64, 64)])
  func rotationTurnsPairs(size: Int, rotated: Int) {
    onEveryLevel { _ in
      var generator = SeededGenerator(seed: 5)
      let layout = MatrixLayout(rows: 3, columns: 2 * size, offset: 1, stride: 2 * size + 3)
      let before = generator.normals(1 + 3 * (2 * size + 3))
      let half = rotated / 2
      let cosines = generator.normals(5 * half)
      let sines = generator.normals(5 * half)
      var x = before
      ProductEngine().rope(
        &x, layout, size: size, rotated: rotated, cosines: cosines, sines: sines, firstAngle: 2)
      var expected = before.map(Double.init)
      for row in 0..<3 {
        for head in 0..<2 {
          for pair in 0..<half {
            let first = 1 + row * layout.stride + head * size + pair
            let (a, b) = (Double(before[first]), Double(before[first + half]))
            let angle = (row + 2) * half + pair
            let (c, s) = (Double(cosines[angle]), Double(sines[angle]))
            expected[first] = a * c - b * s
            expected[first + half] = b * c + a * s
          }
        }
      }
      expectClose(x, expected)
    }
  }

  @Test func headsAreNormedOneByOne() {
    onEveryLevel { _ in
      var generator = SeededGenerator(seed: 8)
      let layout = MatrixLayout(rows: 2, columns: 36, offset: 3, stride: 40)
      let before = generator.normals(83)
      let weight = generator.normals(12)
      var x = before
      Kernels.rmsNormHeads(&x, layout, weight: weight, epsilon: 1e-5)
      var expected = before.map(Double.init)
      for row in 0..<2 {
        for head in 0..<3 {
          let first = 3 + row * 40 + head * 12
          let mean = (0..<12).reduce(0) { $0 + expected[first + $1] * expected[first + $1] } / 12
          for i in 0..<12 { expected[first + i] *= Double(weight[i]) / (mean + 1e-5).squareRoot() }
        }
      }
      expectClose(x, expected)
    }
  }

  @Test func productsOfOpenBLASMatch() {
    var generator = SeededGenerator(seed: 6)
    for (m, n, k) in [(1, 1, 1), (2, 3, 5), (7, 9, 17), (5, 33, 64)] {
      let a = generator.normals(m * (k + 2) + 1)
      let w = generator.normals(n * k + 4)
      var exact: [Double] = []
      for row in 0..<m {
        for column in 0..<n {
          exact.append(
            (0..<k).reduce(0) {
              $0 + Double(a[1 + row * (k + 2) + $1]) * Double(w[4 + column * k + $1])
            })
        }
      }
      var c = [Float](repeating: 1, count: m * n)
      BLAS.multiplyTransposed(
        a, MatrixLayout(rows: m, columns: k, offset: 1, stride: k + 2), w,
        MatrixLayout(rows: n, columns: k, offset: 4), into: &c, MatrixLayout(rows: m, columns: n))
      expectClose(c, exact)
    }
    #expect(!BLAS.configuration.isEmpty && !BLAS.coreType.isEmpty)
  }
}
