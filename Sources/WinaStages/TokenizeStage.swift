import WinaEvaluation
import WinaModel
import WinaPipeline

/// Turns the records of a shard into token sequences.
///
/// Documents are cut at `max_tokens`; multiple-choice items become one sequence per choice. The
/// shard carries the policy (dense prefix, routing tokens) that capture and every arm follow.
///
/// Version 1. Raise the version when the same record may give other tokens.
public enum TokenizeStage: Stage {
  public static let kind = "tokenize"
  public static let version = 1
  public static let summary = "Turns records into token sequences."
  public static let dataUse = DataUse.perSample

  /// What a spec may set.
  public struct Params: Codable, Sendable {
    var maxTokens: Int
    var densePrefix: Int
    var denseFraction: Double
    var prompt: EvaluationPolicy.PromptGating

    enum CodingKeys: String, CodingKey {
      case prompt
      case maxTokens = "max_tokens"
      case densePrefix = "dense_prefix"
      case denseFraction = "dense_fraction"
    }

    public init(from decoder: any Swift.Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      maxTokens = try container.decodeIfPresent(Int.self, forKey: .maxTokens) ?? 2048
      densePrefix = try container.decodeIfPresent(Int.self, forKey: .densePrefix) ?? 1
      denseFraction = try container.decodeIfPresent(Double.self, forKey: .denseFraction) ?? 0
      prompt =
        try container.decodeIfPresent(EvaluationPolicy.PromptGating.self, forKey: .prompt)
        ?? .gated
    }
  }

  /// What a task's tokens depend on.
  public struct TaskParams: Codable, Sendable {
    var maxTokens: Int
    var densePrefix: Int
    /// The fraction of leading tokens that stay dense, unless 0.
    var denseFraction: Double?
    /// How much of the prompt is gated, unless all.
    var prompt: EvaluationPolicy.PromptGating?
    var routeTokens: Int

    var policy: EvaluationPolicy {
      EvaluationPolicy(
        densePrefix: densePrefix, denseFraction: denseFraction ?? 0, prompt: prompt ?? .gated,
        routeTokens: routeTokens)
    }

    enum CodingKeys: String, CodingKey {
      case prompt
      case maxTokens = "max_tokens"
      case densePrefix = "dense_prefix"
      case denseFraction = "dense_fraction"
      case routeTokens = "route_tokens"
    }
  }

  /// The records and the tokenizer, with the model's configuration for its special tokens.
  public struct Inputs: StageInputs {
    var records: LeafRef<SampleRecords>
    var tokenizer: LeafRef<TokenizerFiles>

    public init(_ ports: inout PortReader) throws(ArtifactError) {
      records = try ports.read("records")
      tokenizer = try ports.read("tokenizer")
    }
  }

  public static let parameters = [
    Parameter(
      "max_tokens", .integer(2...1_000_000), default: .int(2048),
      "The number of tokens after which a sample is cut."),
    Parameter(
      "dense_prefix", .integer(0...1_000_000), default: .int(1),
      "Leading tokens of every sample that stay dense in every arm."),
    Parameter(
      "dense_fraction", .number(from: 0, below: 1), default: .double(0),
      "The fraction of a prompt's or document's leading tokens that stay dense, if those are more."),
    Parameter(
      "prompt", .choice(EvaluationPolicy.PromptGating.allCases.map(\.rawValue)),
      default: .string("gated"),
      "Whether the prompt is gated after its dense tokens, in its second half only, or not at all."),
  ]

  public static func validate(_ params: Params) -> [ParameterProblem] {
    var problems: [ParameterProblem] = []
    if params.maxTokens < 2 {
      problems.append(
        ParameterProblem(
          ["max_tokens"], "'max_tokens' is \(params.maxTokens), but a sample needs 2 tokens",
          help: "write a number of at least 2"))
    }
    if params.densePrefix < 0 {
      problems.append(
        ParameterProblem(
          ["dense_prefix"], "'dense_prefix' is \(params.densePrefix), below zero",
          help: "write the number of leading tokens that stay dense"))
    }
    if !(0..<1).contains(params.denseFraction) {
      problems.append(
        ParameterProblem(
          ["dense_fraction"],
          "'dense_fraction' is \(JSONValue.double(params.denseFraction).canonicalText), not in [0, 1)",
          help: "write a fraction such as 0.01"))
    }
    return problems
  }

  public static func templates(
    _ params: Params, _ wiring: Wiring
  ) throws(PlanProblem) -> [TaskTemplate<TaskParams>] {
    let task = TaskParams(
      maxTokens: params.maxTokens, densePrefix: params.densePrefix,
      denseFraction: params.denseFraction == 0 ? nil : params.denseFraction,
      prompt: params.prompt == .gated ? nil : params.prompt,
      routeTokens: wiring.data.routeTokens)
    return [
      TaskTemplate(
        params: task, inputs: ["records": .records, "tokenizer": .tokenizer],
        fanOut: .perShard(asTarget: .test))
    ]
  }

  public static func run(
    _ params: TaskParams, _ inputs: Inputs, _ context: any StageContext
  ) throws -> TokenizedShard {
    let tokenizer = try inputs.tokenizer.loaded(context)
    let configuration = try ModelConfiguration.load(path: inputs.tokenizer.leaf.location)
    let encoder = SampleEncoder(tokenizer: tokenizer, configuration: configuration)
    let records = try context.records(inputs.records)
    var samples: [TokenizedSample] = []
    var tasks: [String: BenchmarkTask] = [:]
    for (index, record) in records.enumerated() {
      try context.checkCancellation()
      samples.append(try encoder.encode(item(of: record, &tasks), maxTokens: params.maxTokens))
      context.progress(index + 1, of: records.count)
    }
    return TokenizedShard(
      policy: params.policy,
      samples: samples, digests: records.map(\.digest))
  }

  /// Reads a record.
  ///
  /// - Parameter tasks: The tasks that were met before, by how records are read.
  private static func item(
    of record: SampleRecord, _ tasks: inout [String: BenchmarkTask]
  ) throws -> EvaluationItem {
    let origin = record.place
    guard let name = record.task else {
      let documents = BenchmarkTask.documents(label: record.label)
      return record.isPlainText
        ? try documents.document(text: record.bytes, origin: origin)
        : try documents.parse(record: record.bytes, origin: origin)
    }
    let task: BenchmarkTask
    switch name {
    case SampleRecord.suite: task = .suite(label: record.label)
    case SampleRecord.samples: task = .samples(label: record.label)
    default:
      task = try tasks[name] ?? BenchmarkTask(reading: name)
      tasks[name] = task
    }
    return try task.parse(record: record.bytes, origin: origin)
  }
}

extension SampleRecord {
  /// Where the record came from, for messages.
  fileprivate var place: RecordOrigin {
    let parts = origin.split(separator: ":")
    let line = parts.count > 1 ? parts.last.flatMap { Int($0) } : nil
    return RecordOrigin(
      file: line == nil ? origin : parts.dropLast().joined(separator: ":"), line: line ?? 1)
  }
}
