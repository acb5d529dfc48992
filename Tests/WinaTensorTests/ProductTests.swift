import Testing
import WinaTensor
import WinaTestSupport

/// Products with packed weights: against plain f64, and against themselves with other neighbours.
struct ProductTests {
  /// Weights [outputs, inputs] as f32, and packed in a type that holds them exactly.
  private struct Weights {
    let values: [Float]
    let matrix: WeightMatrix

    init(inputs: Int, outputs: Int, type: WeightType, seed: UInt64) {
      var generator = SeededGenerator(seed: seed)
      let tensor: Tensor
      switch type {
      case .float32:
        values = generator.normals(inputs * outputs)
        tensor = Tensor(values, shape: [outputs, inputs])
      case .float16:
        let halves = Kernels.floatToHalf(generator.normals(inputs * outputs))
        values = Kernels.halfToFloat(halves)
        tensor = Self.tensor(halves, .float16, [outputs, inputs])
      case .bfloat16:
        let halves = generator.normals(inputs * outputs).map { UInt16($0.bitPattern >> 16) }
        values = Kernels.bfloatToFloat(halves)
        tensor = Self.tensor(halves, .bfloat16, [outputs, inputs])
      }
      var builder = WeightMatrixBuilder(inputs: inputs, outputs: outputs, type: type)
      builder.place(tensor, rows: 0..<outputs, at: 0)
      matrix = builder.finish()
    }

    private static func tensor(_ halves: [UInt16], _ type: ElementType, _ shape: [Int]) -> Tensor {
      let bytes = halves.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
      guard let tensor = try? Tensor(bytes: bytes, elementType: type, shape: shape) else {
        preconditionFailure("bytes of the shape")
      }
      return tensor
    }

    func exact(_ x: [Float], row: Int, output: Int) -> Double {
      (0..<matrix.inputs).reduce(0) {
        $0 + Double(x[row * matrix.inputs + $1]) * Double(values[output * matrix.inputs + $1])
      }
    }
  }

  static let types: [WeightType] = [.float32, .bfloat16, .float16]
  /// Outputs and inputs around the widths of vectors, tiles, strips and blocks.
  static let shapes = [
    (1, 1), (3, 5), (8, 7), (17, 9), (32, 64), (33, 31), (100, 257), (520, 300), (2100, 40),
    (4100, 24),
  ]

  private func multiply(
    _ x: [Float], rows: Int, _ w: WeightMatrix, engine: ProductEngine = ProductEngine()
  ) -> [Float] {
    var y = [Float](repeating: .nan, count: rows * w.outputs)
    engine.multiply(
      x, MatrixLayout(rows: rows, columns: w.inputs), w, outputs: 0..<w.outputs, into: &y,
      MatrixLayout(rows: rows, columns: w.outputs))
    return y
  }

  @Test(arguments: types, shapes)
  func productsMatchPlainArithmetic(type: WeightType, shape: (Int, Int)) {
    let weights = Weights(inputs: shape.1, outputs: shape.0, type: type, seed: 1)
    var generator = SeededGenerator(seed: 2)
    onEveryLevel { _ in
      for rows in [1, 2, 7, 12, 13, 25, 63, 64, 70] where rows * shape.0 < 40_000 {
        let x = generator.normals(rows * shape.1)
        let y = multiply(x, rows: rows, weights.matrix)
        for row in 0..<rows {
          for output in Swift.stride(from: 0, to: shape.0, by: 1 + shape.0 / 40) {
            let exact = weights.exact(x, row: row, output: output)
            let error = abs(Double(y[row * shape.0 + output]) - exact)
            if !(error <= 1e-5 * (1 + Double(shape.1).squareRoot())) {
              Issue.record("row \(row), output \(output): off by \(error)")
              return
            }
          }
        }
      }
    }
  }

  @Test(arguments: types)
  func aRowHasTheSameBitsWhateverIsBesideIt(type: WeightType) {
    let (inputs, outputs) = (301, 611)
    let weights = Weights(inputs: inputs, outputs: outputs, type: type, seed: 3)
    var generator = SeededGenerator(seed: 4)
    let x = generator.normals(300 * inputs)
    onEveryLevel { _ in
      let alone = (0..<300).flatMap { row in
        multiply(Array(x[(row * inputs)..<((row + 1) * inputs)]), rows: 1, weights.matrix)
      }
      for rows in [2, 5, 12, 13, 24, 63, 64, 100, 241, 300] {
        let first = 300 - rows
        let together = multiply(Array(x[(first * inputs)...]), rows: rows, weights.matrix)
        #expect(isSame(together, Array(alone[(first * outputs)...])), "\(rows) rows")
      }
    }
  }

  @Test func threadsAndPartsOfTheOutputsChangeNoBit() {
    let weights = Weights(inputs: 700, outputs: 1200, type: .float32, seed: 5)
    var generator = SeededGenerator(seed: 6)
    for rows in [1, 4, 100] {
      let x = generator.normals(rows * 700)
      let expected = multiply(x, rows: rows, weights.matrix)
      for threads in [2, 3] {
        let engine = ProductEngine(threads: threads)
        for _ in 0..<5 {
          #expect(isSame(multiply(x, rows: rows, weights.matrix, engine: engine), expected))
        }
      }
      var parts = [Float](repeating: 0, count: rows * 1200)
      for range in [0..<33, 33..<700, 700..<701, 701..<1200] {
        ProductEngine().multiply(
          x, MatrixLayout(rows: rows, columns: 700), weights.matrix, outputs: range, into: &parts,
          MatrixLayout(rows: rows, columns: range.count, offset: range.lowerBound, stride: 1200))
      }
      #expect(isSame(parts, expected))
    }
  }

  @Test(
    .enabled(if: Kernels.availableLevels.contains(.avx512), "needs a processor with AVX-512"))
  func vectorsOfSixteenGiveTheBitsOfVectorsOfEight() {
    for type in Self.types {
      let weights = Weights(inputs: 333, outputs: 555, type: type, seed: 7)
      var generator = SeededGenerator(seed: 8)
      let x = generator.normals(90 * 333)
      for rows in [1, 9, 30, 90] {
        let wide = Kernels.withLevel(.avx512) { multiply(x, rows: rows, weights.matrix) }
        let narrow = Kernels.withLevel(.avx2) { multiply(x, rows: rows, weights.matrix) }
        #expect(isSame(wide, narrow))
      }
    }
  }

  @Test(arguments: types, [0, 0.3, 0.5, 0.9, 1])
  func skippedInputsLeaveTheBitsOfTheMaskedProduct(type: WeightType, sparsity: Double) {
    let (inputs, outputs) = (403, 4200)
    let weights = Weights(inputs: inputs, outputs: outputs, type: type, seed: 9)
    var generator = SeededGenerator(seed: 10)
    let x = generator.normals(inputs)
    let norms = generator.normals(inputs).map { abs($0) + 0.1 }
    let mean = generator.normals(inputs).map { $0 / 4 }
    let scores = zip(zip(x, mean), norms).map { abs($0.0 - $0.1) * $1 }.sorted()
    let threshold = sparsity == 0 ? -1 : scores[min(inputs - 1, Int(Double(inputs) * sparsity))]
    onEveryLevel { _ in
      var masked = [Float](repeating: 0, count: inputs)
      let count = Kernels.maskRows(
        x, columns: inputs, rows: 0..<1, firstGatedRow: 0, rule: .threshold(threshold),
        norms: norms, mean: mean, into: &masked)
      let expected = multiply(masked, rows: 1, weights.matrix)
      var kept = CompactRow()
      kept.compact(x, width: inputs, norms: norms, mean: mean, above: threshold)
      #expect(UInt64(kept.count) == count)
      for engine in [ProductEngine(), ProductEngine(threads: 2)] {
        var y = [Float](repeating: .nan, count: outputs + 2)
        engine.multiply(kept, weights.matrix, outputs: 0..<outputs, into: &y, at: 2)
        #expect(isSame(Array(y[2...]), expected))
      }
      kept.compactNonzero(masked, width: inputs)
      var y = [Float](repeating: .nan, count: 40)
      ProductEngine().multiply(kept, weights.matrix, outputs: 100..<140, into: &y, at: 0)
      #expect(isSame(y, Array(expected[100..<140])))
      let places = masked.indices.filter { masked[$0] != 0 }
      let packed = weights.matrix.gathering(inputs: places, outputs: 0..<outputs)
      #expect(isSame(multiply(places.map { masked[$0] }, rows: 1, packed), expected))
    }
  }

  @Test func notANumberAndInfinityStayInTheirRows() {
    let weights = Weights(inputs: 70, outputs: 90, type: .float32, seed: 11)
    var generator = SeededGenerator(seed: 12)
    var x = generator.normals(80 * 70)
    x[3 * 70 + 5] = .nan
    x[7 * 70 + 9] = .infinity
    onEveryLevel { _ in
      let y = multiply(x, rows: 80, weights.matrix)
      for row in 0..<80 {
        let values = y[(row * 90)..<((row + 1) * 90)]
        switch row {
        case 3: #expect(values.allSatisfy { $0.isNaN })
        case 7: #expect(values.allSatisfy { $0.isInfinite })
        default: #expect(values.allSatisfy { $0.isFinite })
        }
      }
      var kept = CompactRow()
      kept.compactNonzero([0, .nan, 1, 0, .infinity, 0, 0, 0, 0, -0.0, 2], width: 11)
      #expect(kept.count == 4)
    }
  }

  @Test func weightsComeBackAsTheyWereStored() {
    for type in Self.types {
      let weights = Weights(inputs: 37, outputs: 71, type: type, seed: 13)
      #expect(weights.matrix.rows(3..<70) == Array(weights.values[(3 * 37)..<(70 * 37)]))
      onEveryLevel { _ in
        let norms = weights.matrix.inputNorms(outputs: 2..<71)
        for input in 0..<37 {
          let exact = (2..<71).reduce(0.0) {
            $0 + Double(weights.values[$1 * 37 + input]) * Double(weights.values[$1 * 37 + input])
          }
          #expect(abs(Double(norms[input]) - exact.squareRoot()) < 1e-5)
        }
      }
    }
  }

  @Test func rowsOfATableAreLookedUp() {
    let table = RowTable(Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2]))
    var y = [Float](repeating: 0, count: 5)
    table.gather([2, 0] as [Int32], into: &y)
    #expect(y == [5, 6, 1, 2, 0])
  }

  private func isSame(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || $0 == $1 }
  }
}
