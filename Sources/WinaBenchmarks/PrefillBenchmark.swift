import WinaModel
import WinaPipeline
import WinaTensor

/// Forward passes over whole sequences with the logits of their last tokens, against the fastest of
/// the peers, or the matrix products alone.
enum PrefillBenchmark: Benchmark {
  static let name = "prefill"

  private static let tokens = 256

  static func cases() throws -> [BenchmarkCase] {
    BLAS.setThreads(1)
    let folder = try BenchmarkFolder()
    var cases: [BenchmarkCase] = []
    for (shape, type, batch) in [
      (BenchmarkModel.small, WeightType.float32, 1), (.small, .float32, 8),
      (.medium, .float32, 1), (.medium, .bfloat16, 1),
    ] {
      let path = try shape.checkpoint(type, in: folder)
      let model = try LanguageModel.load(directory: path)
      for threads in [1, 2] {
        let job = Peers.Job(
          model: shape, type: type, threads: threads, mode: "prefill", batch: batch,
          tokens: tokens)
        cases.append(try makeCase(model, job))
      }
    }
    return cases
  }

  private static func makeCase(_ model: LanguageModel, _ job: Peers.Job) throws -> BenchmarkCase {
    let workspace = ForwardWorkspace(threads: job.threads)
    var numbers = RandomNumbers(seed: 7)
    let vocabulary = Int32(model.configuration.vocabulary)
    let parts = (0..<job.batch).map { _ in
      SequencePart(
        tokens: (0..<job.tokens).map { _ in Int32.random(in: 0..<vocabulary, using: &numbers) },
        request: ForwardRequest(logitRows: .last))
    }
    let first = try model.forward(parts, workspace: workspace)[0].logits
    let alone = try model.forward([parts[0]], workspace: ForwardWorkspace())[0].logits
    guard first == alone, first.count == Int(vocabulary), first.allSatisfy(\.isFinite) else {
      throw BenchmarkError(description: "prefill: the logits are wrong")
    }
    let baseline = try PeerBaseline(job) { productsAlone(job) }
    return BenchmarkCase(
      parameters: [
        "shape": .string(job.model.rawValue), "dtype": .string("\(job.type)"),
        "batch": .int(job.batch), "tokens": .int(job.tokens), "threads": .int(job.threads),
        "logits": .string("last"), "kernels": .string("\(Kernels.level)"),
      ], amount: Double(job.batch * job.tokens), unit: "tokens/s",
      run: { try seconds { _ = try model.forward(parts, workspace: workspace) } },
      baselineName: baseline.name, runBaseline: baseline.run, ratio: .speed)
  }

  /// The products of the pass by OpenBLAS, with matrices of random numbers, on one thread.
  private static func productsAlone(_ job: Peers.Job) -> [() -> Void] {
    var weights = RandomWeights(seed: 8)
    let rows = job.batch * job.tokens
    return job.model.matrices.enumerated().map { index, shape in
      let isHead = index == job.model.matrices.count - 1
      let count = isHead ? job.batch : rows
      let inputs = weights.values(count * shape.inputs)
      let matrix = weights.values(shape.outputs * shape.inputs)
      var outputs = [Float](repeating: 0, count: count * shape.outputs)
      return {
        BLAS.multiplyTransposed(
          inputs, MatrixLayout(rows: count, columns: shape.inputs), matrix,
          MatrixLayout(rows: shape.outputs, columns: shape.inputs), into: &outputs,
          MatrixLayout(rows: count, columns: shape.outputs))
      }
    }
  }
}

/// The fastest of the peers, sample by sample, or where there are none the matrix products alone.
struct PeerBaseline {
  let name: String
  let run: () throws -> Double

  init(_ job: Peers.Job, products: () -> [() -> Void]) throws {
    if let peers = Peers.shared {
      let drivers = LazyDrivers { try peers.start(job) }
      name = job.batch == 1 ? "faster of PyTorch, llama.cpp" : "PyTorch"
      run = { try drivers.started().map { try $0.sample() }.min() ?? .infinity }
    } else {
      let products = products()
      name = "OpenBLAS products alone, 1 thread"
      run = { seconds { for product in products { product() } } }
    }
  }
}

/// Peers that start when they are first asked: two models in memory at a time are enough.
private final class LazyDrivers {
  private let start: () throws -> [PeerDriver]
  private var drivers: [PeerDriver]?

  init(_ start: @escaping () throws -> [PeerDriver]) { self.start = start }

  func started() throws -> [PeerDriver] {
    if let drivers { return drivers }
    let drivers = try start()
    self.drivers = drivers
    return drivers
  }
}
