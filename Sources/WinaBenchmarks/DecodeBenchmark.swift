import WinaModel
import WinaPipeline
import WinaTensor

/// Tokens one after the other: dense against the fastest of the peers, sparse against our own dense.
enum DecodeBenchmark: Benchmark {
  static let name = "decode"

  private static let tokens = 64
  private static let prompt: [Int32] = [1, 17, 170, 1700, 17000, 71, 710, 7100]

  static func cases() throws -> [BenchmarkCase] {
    BLAS.setThreads(1)
    let folder = try BenchmarkFolder()
    var cases: [BenchmarkCase] = []
    for shape in BenchmarkModel.allCases {
      for type in [WeightType.float32, .bfloat16] {
        let model = try LanguageModel.load(directory: try shape.checkpoint(type, in: folder))
        for threads in [1, 2] {
          let job = Peers.Job(
            model: shape, type: type, threads: threads, mode: "decode", batch: 1, tokens: tokens)
          cases.append(try dense(model, job))
          guard shape == .medium else { continue }
          for sparsity in [0.5, 0.65] { cases.append(try sparse(model, job, sparsity: sparsity)) }
        }
      }
    }
    return cases
  }

  private static func parameters(_ job: Peers.Job, sparsity: Double) -> [String: JSONValue] {
    [
      "shape": .string(job.model.rawValue), "dtype": .string("\(job.type)"),
      "threads": .int(job.threads), "tokens": .int(job.tokens), "sparsity": .double(sparsity),
      "kernels": .string("\(Kernels.level)"),
    ]
  }

  private static func dense(_ model: LanguageModel, _ job: Peers.Job) throws -> BenchmarkCase {
    let decoder = IncrementalDecoder(model, threads: job.threads)
    let baseline = try PeerBaseline(job) { productsAlone(job) }
    return BenchmarkCase(
      parameters: parameters(job, sparsity: 0), amount: Double(job.tokens), unit: "tokens/s",
      run: { try run(decoder, job.tokens) }, baselineName: baseline.name,
      runBaseline: baseline.run, ratio: .speed)
  }

  private static func sparse(
    _ model: LanguageModel, _ job: Peers.Job, sparsity: Double
  ) throws -> BenchmarkCase {
    let gates = try model.prepare(thresholds(model, sparsity))
    let sparse = IncrementalDecoder(model, gates: gates, threads: job.threads)
    let dense = IncrementalDecoder(model, threads: job.threads)
    _ = try run(sparse, job.tokens)
    let realised = realisedSparsity(sparse)
    guard abs(realised - sparsity) < 0.02 else {
      throw BenchmarkError(description: "decode: the realised sparsity is \(realised)")
    }
    var parameters = parameters(job, sparsity: sparsity)
    parameters["realised"] = .double((realised * 1000).rounded() / 1000)
    return BenchmarkCase(
      parameters: parameters, amount: Double(job.tokens), unit: "tokens/s",
      run: { try run(sparse, job.tokens) }, baselineName: "our dense decode",
      runBaseline: { try run(dense, job.tokens) }, ratio: .speed)
  }

  /// Decodes after a prompt whose pass is not timed, each token the likeliest.
  private static func run(_ decoder: IncrementalDecoder, _ tokens: Int) throws -> Double {
    decoder.reset()
    var logits = try decoder.append(prompt)
    return try seconds {
      for _ in 0..<tokens {
        logits = try decoder.append(
          Kernels.argmaxRows(logits, rows: 1, columns: logits.count)[0])
      }
    }
  }

  /// Thresholds at a quantile of what a pass sees at each projection.
  ///
  /// What later layers see changes when earlier ones are gated, so they are fitted to gated passes.
  private static func thresholds(
    _ model: LanguageModel, _ sparsity: Double
  ) throws -> ActivationGates {
    var gates = ActivationGates(layers: model.configuration.layers)
    for _ in 0..<4 {
      let decoder = IncrementalDecoder(model, gates: try model.prepare(gates))
      var seen: [TapPoint: [Float]] = [:]
      decoder.onTap = { seen[$0, default: []] += $1.values.map(abs) }
      _ = try run(decoder, tokens)
      for layer in 0..<model.configuration.layers {
        for projection in Projection.allCases {
          let values = (seen[.stream(projection.stream, layer: layer)] ?? []).sorted()
          let threshold = values[Int(Double(values.count) * sparsity)]
          gates.projections[layer][projection] = ProjectionGate(rule: .threshold(threshold))
        }
      }
    }
    return gates
  }

  private static func realisedSparsity(_ decoder: IncrementalDecoder) -> Double {
    let configuration = decoder.model.configuration
    var (kept, all) = (0.0, 0.0)
    for (index, count) in decoder.kept.enumerated() {
      let projection = Projection.allCases[index % Projection.allCases.count]
      let outputs = Double(configuration.outputs(of: projection))
      kept += Double(count) * outputs
      all += Double(decoder.gatedTokens * configuration.inputs(of: projection)) * outputs
    }
    return 1 - kept / all
  }

  /// The products of a token by OpenBLAS on one thread, as often as there are tokens.
  private static func productsAlone(_ job: Peers.Job) -> [() -> Void] {
    var weights = RandomWeights(seed: 8)
    let products = job.model.matrices.map { shape in
      let inputs = weights.values(shape.inputs)
      let matrix = weights.values(shape.outputs * shape.inputs)
      var outputs = [Float](repeating: 0, count: shape.outputs)
      return {
        BLAS.multiplyTransposed(
          inputs, MatrixLayout(rows: 1, columns: shape.inputs), matrix,
          MatrixLayout(rows: shape.outputs, columns: shape.inputs), into: &outputs,
          MatrixLayout(rows: 1, columns: shape.outputs))
      }
    }
    return (0..<job.tokens).flatMap { _ in products }
  }
}
