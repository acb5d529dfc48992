/// The files that lm-evaluation-harness writes: `results_STAMP.json` and `samples_TASK_STAMP.jsonl`.
///
/// What the project adds stands in members called `wina_amp`, which readers of these files pass over.
public struct HarnessOutput: Sendable {
  /// What the files say of the run beside its numbers.
  public struct Run: Sendable {
    /// The model's name or path; its sanitized form names the folder.
    public var model: String
    /// The number of the model's parameters.
    public var parameters: Int
    /// The type in which it computes.
    public var dtype: String
    /// The most tokens it reads.
    public var maxLength: Int
    /// The texts and ids of the tokens that begin, end and pad, where there are any.
    public var specialTokens: [(role: String, text: String, id: Int32)]
    /// The number of records that were taken of each task at most.
    public var limit: Int?
    /// When the run began, in seconds since 1970.
    public var date: Double
    /// How long it took, in seconds.
    public var seconds: Double
    /// The program and its version.
    public var program: String
    /// What the program adds: the profile, its sparsity and its cost.
    public var extras: OrderedJSON

    /// Makes a description.
    public init(
      model: String, parameters: Int, dtype: String, maxLength: Int,
      specialTokens: [(role: String, text: String, id: Int32)] = [], limit: Int? = nil,
      date: Double, seconds: Double, program: String, extras: OrderedJSON = .object([])
    ) {
      self.model = model
      self.parameters = parameters
      self.dtype = dtype
      self.maxLength = maxLength
      self.specialTokens = specialTokens
      self.limit = limit
      self.date = date
      self.seconds = seconds
      self.program = program
      self.extras = extras
    }
  }

  let reports: [TaskReport]
  let groups: [TaskGroup]
  let run: Run
  private let digest: @Sendable (String) -> String

  /// Makes the texts of reports.
  ///
  /// - Parameters:
  ///   - reports: One report a task.
  ///   - groups: The groups that they make.
  ///   - run: What else the files say.
  ///   - digest: The SHA-256 of a text's UTF-8, in hexadecimal digits.
  public init(
    _ reports: [TaskReport], groups: [TaskGroup], run: Run,
    digest: @escaping @Sendable (String) -> String
  ) {
    self.reports = reports
    self.groups = groups
    self.run = run
    self.digest = digest
  }

  /// The name of the folder that the harness puts the files of a model in.
  public static func folder(of model: String) -> String {
    var name = ""
    var inRun = false
    for scalar in model.unicodeScalars {
      let isBad = "\"<>:/|\\?*[]".unicodeScalars.contains(scalar)
      if isBad && !inRun { name += "__" }
      if !isBad { name.unicodeScalars.append(scalar) }
      inRun = isBad
    }
    return name
  }

  /// The lines of a task's samples file, without line feeds: all items for one filter, then for the
  /// next.
  public func samples(of report: TaskReport) -> [String] {
    lines(of: report).map { $0.dumped() }
  }

  private func lines(of report: TaskReport) -> [OrderedJSON] {
    guard report.items.contains(where: { $0.answer != nil }) else {
      return zip(report.items, report.scores).map { item, score in
        line(of: item, score, report.cost, filter: nil, metrics: metrics(of: item, report.task))
      }
    }
    return AnswerFilter.allCases.flatMap { filter in
      zip(report.items, report.scores).map { item, score in
        let isMatch = AnswerFilter.matches(
          filter.extract(item.answer ?? ""), target: item.document.target)
        let metric = OrderedJSON.Member(
          HarnessMetric.exactMatch.rawValue, .double(isMatch ? 1 : 0))
        return line(of: item, score, report.cost, filter: filter, metrics: [metric])
      }
    }
  }

  private func metrics(of item: TaskReport.Item, _ task: BenchmarkTask) -> [OrderedJSON.Member] {
    task.metrics.compactMap { metric in
      item.value(metric).map {
        .init(metric.rawValue, HarnessOutput.json($0, of: metric, item))
      }
    }
  }

  private func line(
    of item: TaskReport.Item, _ score: SampleScore, _ cost: CostModel, filter: AnswerFilter?,
    metrics: [OrderedJSON.Member]
  ) -> OrderedJSON {
    let document = item.document
    let responses = item.responses
    let filtered = filter.map { filter in
      item.answer.map { [.string(filter.extract($0))] } ?? responses
    }
    return .object(
      [
        .init("doc_id", .int(document.id)), .init("doc", document.doc),
        .init("target", .string(document.target)), .init("arguments", item.arguments),
        .init("resps", .array(responses.map { .array([$0]) })),
        .init("filtered_resps", .array(filtered ?? responses)),
        .init("filter", .string(filter?.rawValue ?? "none")),
        .init("metrics", .array(metrics.map { .string($0.name) })),
        .init("doc_hash", .string(digest(document.doc.dumped(indent: 2)))),
        .init("prompt_hash", .string(digest(item.prompt))),
        .init("target_hash", .string(digest(document.target))),
      ] + metrics + [.init("wina_amp", extras(of: score, cost))])
  }

  private static func json(
    _ value: HarnessValue, of metric: HarnessMetric, _ item: TaskReport.Item
  ) -> OrderedJSON {
    switch value {
    case .number(let number):
      // The harness counts a greedy continuation as an integer and a right choice as a float.
      if metric == .accuracy && item.isContinuation || metric == .exactMatch {
        .int(Int(number))
      } else {
        .double(number)
      }
    case .weighted(let sum, let count): [.double(sum), .int(count)]
    case .prediction(let gold, let probabilities):
      [.int(gold), .array(probabilities.map { .double($0) })]
    }
  }

  private func extras(of score: SampleScore, _ cost: CostModel) -> OrderedJSON {
    let sums = score.total
    let sparsity = cost.sparsity(
      used: score.usedWeights, gatedRows: score.gatedRows, over: score.gatedRows)
    return [
      "nll": .double(sums.nll), "tokens": .int(sums.tokens), "kl": .double(sums.kl),
      "agreements": .int(sums.agreements), "rows": .int(score.rows),
      "gated_rows": .int(score.gatedRows), "sparsity_gated": .double(sparsity),
      "sparsity": .object(cost.sparsityByProjection(score)), "macs": .double(score.macs.total),
    ]
  }
}

extension CostModel {
  /// What a sample's masks zeroed at each projection, over gated tokens and all layers; nothing for a
  /// dense sample.
  fileprivate func sparsityByProjection(_ score: SampleScore) -> [OrderedJSON.Member] {
    let names = ModelShape.projectionNames
    guard score.gatedRows > 0, score.usedWeights.count == names.count * shape.layers else {
      return []
    }
    return names.enumerated().map { index, name in
      let used = stride(from: index, to: score.usedWeights.count, by: names.count)
        .reduce(0.0) { $0 + Double(score.usedWeights[$1]) }
      let all = Double(score.gatedRows * shape.layers * shape.inputs[index] * shape.outputs[index])
      return .init(name, .double(1 - used / all))
    }
  }
}

extension TaskReport.Item {
  var isContinuation: Bool {
    if case .continuation = document.item { true } else { false }
  }

  /// The text of the first request, of which `prompt_hash` is.
  fileprivate var prompt: String {
    switch document.item {
    case .rolling(let item): item.text
    case .document(let item): item.text
    default: document.requests.first?.context ?? ""
    }
  }

  fileprivate var arguments: OrderedJSON {
    let requests = document.requests
    if answer != nil, let generation = document.generation {
      return ["gen_args_0": ["arg_0": .string(generation.context), "arg_1": generation.settings]]
    }
    guard !requests.isEmpty else { return ["gen_args_0": ["arg_0": .string(prompt)]] }
    return .object(
      requests.enumerated().map { index, request in
        .init(
          "gen_args_\(index)",
          ["arg_0": .string(request.context), "arg_1": .string(request.continuation)])
      })
  }

  /// The answer to each request, all numbers as texts.
  fileprivate var responses: [OrderedJSON] {
    func text(_ value: Double) -> OrderedJSON { .string(PythonText.representation(of: value)) }
    if let answer { return [.string(answer)] }
    switch document.item {
    case .rolling, .document: return logLikelihoods.map(text)
    case .choices, .continuation:
      return zip(logLikelihoods + unconditional, isGreedy + isGreedyUnconditional).map {
        .array([text($0), .string($1 ? "True" : "False")])
      }
    }
  }
}

extension HarnessOutput {
  /// The digest of the digests of a task's lines.
  func hash(of report: TaskReport) -> String {
    let hashes = lines(of: report).map { line in
      ["doc_hash", "prompt_hash", "target_hash"].map { line[$0]?.string ?? "" }.joined()
    }
    return digest(hashes.joined())
  }
}
