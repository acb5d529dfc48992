import WinaModel
import WinaPipeline
import WinaSparsity
import WinaTensor

/// What routing a request takes, against decoding one token densely on one thread.
///
/// A request has 32 routing tokens. Its features are made inside of the time: a mean embedding, hashed
/// n-grams, or the hidden state after one layer. The router chooses among 8 clusters. Divided by
/// `requests` the time is that of one request.
enum RoutingBenchmark: Benchmark {
  static let name = "routing"

  private static let classes = 8
  private static let tokens = 32
  private static let training = 512
  /// Cheap routers are too fast for a clock to time one request.
  private static let requests = 100

  static func cases() throws -> [BenchmarkCase] {
    BLAS.setThreads(1)
    let folder = try BenchmarkFolder()
    let model = try LanguageModel.load(
      directory: try BenchmarkModel.small.checkpoint(.float32, in: folder))
    let prompts = prompts(training, vocabulary: model.configuration.vocabulary)
    var cases: [BenchmarkCase] = []
    for features in Features.allCases {
      let rows = try features.rows(prompts, model)
      let models: [RouterModel] =
        features == .embedding
        ? [.majority, .nearestCentroid, .logistic, .moeGate, .mlp, .knn] : [.logistic]
      for kind in models {
        cases.append(try makeCase(kind, features, rows, prompts, model))
      }
    }
    return cases
  }

  private static func makeCase(
    _ kind: RouterModel, _ features: Features, _ rows: FeatureRows, _ prompts: [[Int32]],
    _ model: LanguageModel
  ) throws -> BenchmarkCase {
    let labels = prompts.indices.map { $0 % classes }
    let router = try Router.fit(
      rows, labels: labels, classes: classes,
      options: RouterOptions(model: kind, maximumIterations: 20, epochs: 2))
    let chosen = Array(prompts.prefix(requests))
    let expected = try router.predictions(rows).prefix(requests).map(\.cluster)
    guard try route(chosen, features, router, model) == expected else {
      throw BenchmarkError(description: "routing: a request alone goes elsewhere")
    }
    let decoder = IncrementalDecoder(model, threads: 1)
    return BenchmarkCase(
      parameters: [
        "model": .string(kind.rawValue), "features": .string(features.rawValue),
        "requests": .int(requests), "clusters": .int(classes), "dimension": .int(rows.width),
        "macs": .int(router.macs(storedFeatures: rows.stored(0))),
        "numbers": .int(router.parameterCount),
      ], amount: Double(requests), unit: "requests/s",
      run: { try seconds { _ = try route(chosen, features, router, model) } },
      baselineName: "\(requests) dense decode steps",
      runBaseline: {
        decoder.reset()
        _ = try decoder.append(prompts[0])
        return try seconds {
          for step in 0..<requests { _ = try decoder.append(prompts[1][step % tokens]) }
        }
      })
  }

  /// Routes requests one by one.
  private static func route(
    _ prompts: [[Int32]], _ features: Features, _ router: Router, _ model: LanguageModel
  ) throws -> [Int] {
    try prompts.map {
      try router.predict(features.rows([$0], model).vector(0)).cluster
    }
  }

  private static func prompts(_ count: Int, vocabulary: Int) -> [[Int32]] {
    var numbers = RandomNumbers(seed: 12)
    return (0..<count).map { _ in
      numbers.normals(tokens).map { Int32(abs($0) * 5000) % Int32(vocabulary) }
    }
  }

  private enum Features: String, CaseIterable {
    case embedding, ngrams, hidden

    func rows(_ prompts: [[Int32]], _ model: LanguageModel) throws -> FeatureRows {
      switch self {
      case .embedding:
        return try FeatureRows(
          prompts.flatMap { try model.embedding(of: $0).map(Double.init) }, count: prompts.count)
      case .ngrams: return try HashedNgrams.features(prompts, buckets: 4096)
      case .hidden:
        let workspace = ForwardWorkspace()
        let request = ForwardRequest(logitRows: .none, keepHidden: true, stopAfterLayer: 0)
        return try FeatureRows(
          prompts.flatMap { prompt in
            let hidden = try model.forward(prompt, request, workspace: workspace).hidden[1]
            return hidden.suffix(model.configuration.hidden).map(Double.init)
          }, count: prompts.count)
      }
    }
  }
}
