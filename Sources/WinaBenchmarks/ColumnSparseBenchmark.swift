import WinaPipeline
import WinaTensor

/// Scoring, masking and a product that skips inputs, against the fastest dense product.
///
/// The mask is made inside of the time. The baseline is, sample by sample, the faster of our dense
/// product in the same precision and, for f32 on one thread, OpenBLAS.
enum ColumnSparseBenchmark: Benchmark {
  static let name = "column-sparse"

  private static let shapes = [(768, 288), (5632, 2048), (11008, 4096)]
  private static let sparsities = [0, 0.25, 0.4, 0.5, 0.65, 0.8, 0.9]

  static func cases() throws -> [BenchmarkCase] {
    BLAS.setThreads(1)
    var cases: [BenchmarkCase] = []
    for (outputs, inputs) in shapes {
      for type in [WeightType.float32, .bfloat16, .float16] {
        let matrices = RotatingMatrices(outputs: outputs, inputs: inputs, type: type)
        for threads in [1, 2] {
          for sparsity in sparsities {
            cases.append(
              try makeCase(matrices, type, sparsity: sparsity, threads: threads))
          }
        }
      }
    }
    return cases
  }

  private static func makeCase(
    _ matrices: RotatingMatrices, _ type: WeightType, sparsity: Double, threads: Int
  ) throws -> BenchmarkCase {
    let (inputs, outputs) = (matrices.first.inputs, matrices.first.outputs)
    var numbers = RandomNumbers(seed: 5)
    let x = numbers.normals(inputs)
    let norms = numbers.normals(inputs).map { 1 + abs($0) / 4 }
    let scores = zip(x, norms).map { abs($0) * $1 }.sorted()
    let dropped = Int(Double(inputs) * sparsity)
    let threshold = dropped == 0 ? -1 : scores[dropped - 1]
    let work = SparseWork(
      x: x, norms: norms, threshold: threshold, outputs: outputs, threads: threads)
    work.sparse(matrices.first)
    let sparse = work.y
    work.masked(matrices.first)
    guard sparse == work.y, work.kept == inputs - dropped else {
      throw BenchmarkError(description: "column-sparse: a sparse product is wrong")
    }
    return BenchmarkCase(
      parameters: [
        "rows": .int(outputs), "columns": .int(inputs), "sparsity": .double(sparsity),
        "dtype": .string("\(type)"), "threads": .int(threads),
        "kernels": .string("\(Kernels.level)"),
      ], amount: Double(inputs * outputs * type.byteCount) / 1e9, unit: "GB/s of weights",
      run: { seconds { work.sparse(matrices.take()) } },
      baselineName: "fastest-dense",
      runBaseline: {
        let ours = seconds { work.dense(matrices.take()) }
        guard type == .float32, threads == 1 else { return ours }
        let offset = matrices.takeDense()
        let theirs = seconds { work.dense(matrices.dense, at: offset, inputs: inputs) }
        return min(ours, theirs)
      }, ratio: .speed)
  }
}

/// One row and what is done with it.
private final class SparseWork {
  private let x: [Float]
  private let norms: [Float]
  private let threshold: Float
  private let engine: ProductEngine
  private var inputs = CompactRow()
  private(set) var y: [Float]

  init(x: [Float], norms: [Float], threshold: Float, outputs: Int, threads: Int) {
    self.x = x
    self.norms = norms
    self.threshold = threshold
    engine = ProductEngine(threads: threads)
    y = [Float](repeating: 0, count: outputs)
  }

  var kept: Int { inputs.count }

  func sparse(_ matrix: WeightMatrix) {
    inputs.compact(x, width: x.count, norms: norms, above: threshold)
    engine.multiply(inputs, matrix, outputs: 0..<y.count, into: &y, at: 0)
  }

  func dense(_ matrix: WeightMatrix) { multiply(x, matrix) }

  func masked(_ matrix: WeightMatrix) {
    multiply(zip(x, norms).map { abs($0) * $1 > threshold ? $0 : 0 }, matrix)
  }

  private func multiply(_ x: [Float], _ matrix: WeightMatrix) {
    engine.multiply(
      x, MatrixLayout(rows: 1, columns: x.count), matrix, outputs: 0..<y.count, into: &y,
      MatrixLayout(rows: 1, columns: y.count))
  }

  /// The same by OpenBLAS, weights [outputs, inputs].
  func dense(_ weights: [Float], at offset: Int, inputs: Int) {
    BLAS.multiplyTransposed(
      x, MatrixLayout(rows: 1, columns: inputs), weights,
      MatrixLayout(rows: y.count, columns: inputs, offset: offset), into: &y,
      MatrixLayout(rows: 1, columns: y.count))
  }
}
