/// One line of a `samples_TASK_STAMP.jsonl` file: requests that were made, and what came back.
///
/// Files of lm-evaluation-harness 0.4.13 and of this project are read. Prompts that are brittle to
/// rebuild, such as few-shot ones, come this way.
///
/// - `loglikelihood` requests are scored again. The right choice is the `target` where that is a
///   number or the text of a choice; where contexts differ and continuations do not, it is found by
///   the record's `answer`, `label` or `gold`, or, of two choices, by the logged `acc`.
/// - `generate_until` requests have their target scored as a continuation of the prompt; answers are
///   generated only if an evaluation is asked for them. Logged answers are another model's, and are
///   not read.
/// - `loglikelihood_rolling` requests are scored again; words and bytes are those logged.
public struct LoggedSample: Sendable, Hashable {
  /// The number of the record in its task.
  public let id: Int
  /// The record.
  public let doc: OrderedJSON
  /// The target as text.
  public let target: String
  /// The filter that the line is of.
  public let filter: String
  /// The metrics that the line names and this project knows.
  public let metrics: [HarnessMetric]
  /// The item that the requests make.
  public let item: EvaluationItem
  /// The requests after nothing that follow the choices for `acc_mutual_info`.
  public let unconditional: [LikelihoodRequest]
  /// What was to be generated, of a `generate_until` request.
  public let generation: GenerationRequest?

  /// Reads a line.
  ///
  /// - Throws: ``EvaluationError`` that names what the line lacks.
  public init(
    _ line: OrderedJSON, task: String, origin: RecordOrigin
  ) throws(EvaluationError) {
    let fields = DocumentFields(task: task, origin: origin, doc: line)
    let known = BenchmarkTask.logged(task)
    let arguments = try Self.arguments(fields)
    guard let doc = line["doc"] else { throw .missingField(task, origin, key: "doc") }
    guard let target = line["target"]?.pythonText else {
      throw .missingField(task, origin, key: "target")
    }
    id = line["doc_id"]?.integer ?? origin.line - 1
    self.doc = doc
    self.target = target
    filter = line["filter"]?.string ?? "none"
    metrics = (line["metrics"]?.array ?? []).compactMap(\.string).compactMap(HarnessMetric.init)
    var unconditional: [LikelihoodRequest] = []
    var generation: GenerationRequest?
    switch arguments[0].count {
    case 1:
      item = try Self.rolling(arguments[0][0], line, task, fields)
    case _ where arguments[0][1].string == nil:
      let context = arguments[0][0].pythonText
      generation = GenerationRequest(
        context: context, settings: arguments[0][1], filter: AnswerFilter(rawValue: filter))
      item = .continuation(
        ContinuationItem(
          label: task, request: LikelihoodRequest(context: context, continuation: " " + target)))
    case _ where arguments.count == 1:
      item = .continuation(
        ContinuationItem(
          label: task,
          request: LikelihoodRequest(
            context: arguments[0][0].pythonText, continuation: arguments[0][1].pythonText)))
    default:
      var requests = arguments.map {
        LikelihoodRequest(context: $0[0].pythonText, continuation: $0.last?.pythonText ?? "")
      }
      let half = requests.count / 2
      if metrics.contains(.mutualInformation), requests.count == 2 * half,
        requests[half...].allSatisfy({ $0.context.isEmpty })
      {
        unconditional = Array(requests[half...])
        requests = Array(requests[..<half])
      }
      item = .choices(try Self.question(requests, line, known, fields))
    }
    self.unconditional = unconditional
    self.generation = generation
  }

  private static func arguments(
    _ fields: DocumentFields
  ) throws(EvaluationError) -> [[OrderedJSON]] {
    guard case .object(let members)? = fields.doc["arguments"], !members.isEmpty else {
      throw fields.wrong("arguments", "must be an object of requests (gen_args_0, …)")
    }
    var requests: [[OrderedJSON]] = []
    for member in members {
      guard case .object(let parts) = member.value, !parts.isEmpty else {
        throw fields.wrong("arguments.\(member.name)", "must be an object of texts (arg_0, …)")
      }
      requests.append(parts.map(\.value))
    }
    guard requests.allSatisfy({ $0.count == requests[0].count }) else {
      throw fields.wrong("arguments", "has requests of several kinds")
    }
    return requests
  }

  private static func rolling(
    _ text: OrderedJSON, _ line: OrderedJSON, _ task: String, _ fields: DocumentFields
  ) throws(EvaluationError) -> EvaluationItem {
    guard let text = text.string else { throw fields.wrong("arguments", "has no text") }
    var item = RollingItem(label: task, text: text, original: text)
    if let words = line["word_perplexity"]?.array?.last?.integer { item.words = words }
    let bytes = line["byte_perplexity"] ?? line["bits_per_byte"]
    if let bytes = bytes?.array?.last?.integer { item.bytes = bytes }
    return .rolling(item)
  }

  private static func question(
    _ requests: [LikelihoodRequest], _ line: OrderedJSON, _ known: BenchmarkTask?,
    _ fields: DocumentFields
  ) throws(EvaluationError) -> MultipleChoiceItem {
    let isShared = Set(requests.map(\.context)).count == 1
    let hasDelimiter = requests.allSatisfy { $0.continuation.hasPrefix(" ") }
    let choices =
      isShared
      ? requests.map { hasDelimiter ? String($0.continuation.dropFirst()) : $0.continuation }
      : requests.map(\.context)
    let own = ownItem(line, known, fields)
    let gold: Int
    if let own, own.requests.count == requests.count {
      gold = own.gold
    } else {
      gold = try Self.gold(of: line, choices: choices, isShared: isShared, fields)
    }
    let label = fields.task
    guard choices.indices.contains(gold) else {
      throw fields.wrong("target", "is \(gold), which is not one of the \(choices.count) choices")
    }
    return MultipleChoiceItem(
      label: label, subject: own?.subject,
      prompt: isShared ? requests[0].context : commonPrefix(requests.map(\.context)),
      requests: requests, choices: choices, gold: gold)
  }

  /// What the catalog's task makes of the record, if it knows the record's fields.
  private static func ownItem(
    _ line: OrderedJSON, _ known: BenchmarkTask?, _ fields: DocumentFields
  ) -> MultipleChoiceItem? {
    guard let known, let doc = line["doc"],
      case .choices(let item)? = try? known.parse(
        record: Array(doc.dumped().utf8), origin: fields.origin)
    else { return nil }
    return item
  }

  private static func gold(
    of line: OrderedJSON, choices: [String], isShared: Bool, _ fields: DocumentFields
  ) throws(EvaluationError) -> Int {
    if isShared, let target = line["target"]?.pythonText {
      if let index = Int(PythonText.strip(target)) { return index }
      if let index = choices.firstIndex(of: target) { return index }
    }
    for key in ["gold", "label"] {
      if let index = line["doc"]?[key]?.integer { return index }
    }
    let likelihoods = (line["filtered_resps"]?.array ?? []).compactMap {
      $0.array?.first?.string.flatMap(Double.init)
    }
    if let accuracy = line["acc"]?.integer, likelihoods.count >= choices.count {
      let best = likelihoods.prefix(choices.count).firstMaximum
      if accuracy == 1 { return best }
      if choices.count == 2 { return 1 - best }
    }
    throw fields.wrong("target", "does not tell which choice is right")
  }

  private static func commonPrefix(_ texts: [String]) -> String {
    texts.dropFirst().reduce(texts[0]) { $0.commonPrefix(with: $1) }
  }
}

extension String {
  fileprivate func commonPrefix(with other: String) -> String {
    let count = zip(unicodeScalars, other.unicodeScalars).prefix { $0 == $1 }.count
    return String(unicodeScalars.prefix(count))
  }
}

extension Collection<Double> {
  /// The position of the first of the largest values; 0 for none.
  var firstMaximum: Int {
    var best = 0
    var largest = -Double.infinity
    for (index, value) in enumerated() where value > largest {
      best = index
      largest = value
    }
    return best
  }
}

extension BenchmarkTask {
  /// The catalog's task whose requests a samples file of a name holds; `nil` for other names.
  static func logged(_ name: String) -> BenchmarkTask? {
    if name.hasPrefix("mmlu_") { return try? named("mmlu") }
    return try? named(name)
  }
}
