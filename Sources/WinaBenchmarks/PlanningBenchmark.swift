import WinaDiagnostics
import WinaPipeline
import WinaPlan
import WinaSpec
import WinaStages

/// Planning an experiment of ten thousand tasks, against hashing their keys and no more.
enum PlanningBenchmark: Benchmark {
  static let name = "planning"

  private static let leastTasks = 10_000
  private static let shardsPerSplit = 40
  private static let samplesPerShard = 128

  static func cases() throws -> [BenchmarkCase] {
    let inventory = inventory()
    let spec = try parsed()
    let graph = try plan(spec, inventory)
    let count = graph.tasks.count
    guard count >= leastTasks else {
      throw BenchmarkError(description: "planning: there are only \(count) tasks")
    }
    guard Set(graph.tasks.map(\.planKey)).count == count else {
      throw BenchmarkError(description: "planning: two tasks have one key")
    }
    let again = try plan(try parsed(), inventory)
    guard again.tasks == graph.tasks, again.targets == graph.targets else {
      throw BenchmarkError(description: "planning: two plans of one spec differ")
    }
    let keys = graph.tasks.map { [UInt8](repeating: 0x6B, count: keySize(of: $0)) }
    return [
      BenchmarkCase(
        parameters: ["tasks": .int(count), "shards": .int(inventory.shards.count)],
        amount: Double(count), unit: "tasks/s",
        run: { try seconds { _ = try plan(spec, inventory) } },
        baselineName: "hashing as many bytes",
        runBaseline: { seconds { for key in keys { _ = SHA256.digest(of: key) } } })
    ]
  }

  /// About as many bytes as the task's plan key is the digest of.
  private static func keySize(of task: PlannedTask) -> Int {
    task.inputs.reduce(100 + task.params.canonicalText.utf8.count) {
      $0 + 32 + 32 * $1.sources.count
    }
  }

  private static func parsed() throws -> ExperimentSpec {
    let source = SourceFile(path: "planning.yaml", text: spec)
    let parsed = ExperimentSpec.parse(source: source) { path, _ in
      throw BenchmarkError(description: "planning: nothing extends '\(path)'")
    }
    guard let spec = parsed.spec else {
      throw BenchmarkError(description: DiagnosticRenderer().render(parsed.diagnostics))
    }
    return spec
  }

  private static func plan(_ spec: ExperimentSpec, _ inventory: Inventory) throws -> TaskGraph {
    let plan = Planner.plan(
      spec, registry: StageCatalog.registry, options: PlanOptions(numericsClass: "benchmark")
    ) { _ in inventory }
    guard let graph = plan.graph else {
      throw BenchmarkError(description: DiagnosticRenderer().render(plan.diagnostics))
    }
    return graph
  }

  /// Returns the data as an inventory would know it: four splits of equal shards.
  private static func inventory() -> Inventory {
    func digest(_ text: String) -> ContentDigest { SHA256.digest(of: text) }
    var shards: [Inventory.Shard] = []
    for split in Split.allCases {
      for index in 0..<shardsPerSplit {
        let name = "\(split.rawValue)/\(index)"
        let samples = (0..<samplesPerShard).map { number in
          Inventory.Sample(digest: digest("\(name)/\(number)"), label: number % 2 == 0 ? "a" : "b")
        }
        shards.append(
          Inventory.Shard(
            split: split, index: index, samples: samples,
            records: Leaf(format: SampleRecords.format, digest: digest(name), location: name)))
      }
    }
    return Inventory(
      model: Leaf(format: ModelFiles.format, digest: digest("model"), location: "model"),
      tokenizer: Leaf(
        format: TokenizerFiles.format, digest: digest("tokenizer"), location: "model"),
      shards: shards, labels: ["a", "b"])
  }

  /// A grid of 100 cells with four arms beside the dense one, and a comparison of them all.
  private static let spec = """
    experiment: planning
    model: ./model
    data: {documents: {a: a.jsonl, b: b.jsonl}, splits: {calibration: 0.25, routing: 0.25, validation: 0.25, test: 0.25}}
    vars: {s: 0.5, k: 8}
    stages:
      tokenize: {max_tokens: 256}
      capture: {scores: [wina, teal]}
      clusters: {kind: cluster, algorithm: kmeans, k: "${k}", seed: 1}
      pooled: {kind: histogram}
      grouped: {kind: histogram, groups: clusters}
      uniform: {kind: profile, histogram: pooled, score: wina, sparsity: "${s}"}
      teal: {kind: profile, histogram: pooled, score: teal, sparsity: "${s}"}
      specific: {kind: profile, histogram: grouped, score: wina, sparsity: "${s}"}
      router: {kind: classifier, labels: clusters, features: embedding}
      evaluate:
        arms:
          dense: {}
          uniform: {profile: uniform}
          teal: {profile: teal}
          assigned: {profile: specific, route: assign}
          routed: {profile: specific, route: router}
      compare: {primary: {metric: kl, contrast: routed - uniform, at: {s: 0.25, k: 8}}}
    sweep:
      grid:
        s: [\((1...25).map { "0.\($0 + 20)" }.joined(separator: ", "))]
        k: [2, 4, 8, 16]

    """
}
