import WinaPipeline
import WinaTensor

/// Products of rows and packed weights, against OpenBLAS on one thread.
enum GEMMBenchmark: Benchmark {
  static let name = "gemm"

  private static let shapes = [(2048, 2048), (5632, 2048)]
  private static let rows = [4, 8, 16, 32, 64, 192, 768]

  static func cases() throws -> [BenchmarkCase] {
    BLAS.setThreads(1)
    var cases: [BenchmarkCase] = []
    for (outputs, inputs) in shapes {
      for type in [WeightType.float32, .bfloat16] {
        let matrices = RotatingMatrices(outputs: outputs, inputs: inputs, type: type)
        for rows in rows { cases.append(try makeCase(rows: rows, matrices, type)) }
      }
    }
    return cases
  }

  private static func makeCase(
    rows: Int, _ matrices: RotatingMatrices, _ type: WeightType
  ) throws -> BenchmarkCase {
    let (inputs, outputs) = (matrices.first.inputs, matrices.first.outputs)
    var numbers = RandomNumbers(seed: 3)
    let x = numbers.normals(rows * inputs)
    let engine = ProductEngine()
    let (lx, ly) = (
      MatrixLayout(rows: rows, columns: inputs), MatrixLayout(rows: rows, columns: outputs)
    )
    var y = [Float](repeating: 0, count: rows * outputs)
    var reference = y
    func ours(_ matrix: WeightMatrix) {
      engine.multiply(x, lx, matrix, outputs: 0..<outputs, into: &y, ly)
    }
    func theirs(at offset: Int) {
      BLAS.multiplyTransposed(
        x, lx, matrices.dense, MatrixLayout(rows: outputs, columns: inputs, offset: offset),
        into: &reference, ly)
    }
    ours(matrices.first)
    theirs(at: 0)
    guard zip(y, reference).allSatisfy({ abs($0 - $1) < 1e-3 }) else {
      throw BenchmarkError(description: "gemm: the product of \(rows) rows is wrong")
    }
    let operations = 2 * Double(rows) * Double(inputs) * Double(outputs)
    return BenchmarkCase(
      parameters: [
        "rows": .int(rows), "outputs": .int(outputs), "inputs": .int(inputs),
        "dtype": .string("\(type)"), "threads": .int(1), "kernels": .string("\(Kernels.level)"),
      ], amount: operations / 1e9, unit: "GFLOP/s",
      run: { seconds { ours(matrices.take()) } },
      baselineName: "OpenBLAS \(BLAS.coreType) f32",
      runBaseline: { seconds { theirs(at: matrices.takeDense()) } }, ratio: .speed)
  }
}
