/// A record of a task with what the harness keeps of it: the record itself, its target and requests.
public struct TaskDocument: Sendable, Hashable {
  /// The number of the record in its file, from 0.
  public var id: Int
  /// The record, its members in the order of the file.
  public var doc: OrderedJSON
  /// The target as text: the number of the right choice, or the text that is predicted.
  public var target: String
  /// What is scored.
  public var item: EvaluationItem
  /// The choices after nothing, for `acc_mutual_info`; else none.
  public var unconditional: [LikelihoodRequest] = []
  /// What may be generated after the prompt, of a logged `generate_until` request.
  public var generation: GenerationRequest?

  /// The requests as the harness counts them: one for each choice, or one.
  public var requests: [LikelihoodRequest] {
    switch item {
    case .choices(let item): item.requests + unconditional
    case .continuation(let item): [item.request]
    case .document, .rolling: []
    }
  }
}

extension BenchmarkTask {
  /// Reads a record with what the harness keeps of it.
  ///
  /// - Parameters:
  ///   - record: The bytes of one JSON object.
  ///   - index: The number of the record in its file, from 0.
  ///   - origin: The file and line, for errors.
  public func document(
    record: [UInt8], index: Int, origin: RecordOrigin
  ) throws(EvaluationError) -> TaskDocument {
    let record = try json(record, origin), text = Array(record.dumped().utf8)
    if template == .samples {
      let sample = try LoggedSample(record, task: name, origin: origin)
      return TaskDocument(
        id: sample.id, doc: sample.doc, target: sample.target, item: sample.item,
        unconditional: sample.unconditional, generation: sample.generation)
    }
    let item = try parse(record: text, origin: origin)
    var document = TaskDocument(
      id: index, doc: extended(record, with: item), target: item.target, item: item)
    if metrics.contains(.mutualInformation), case .choices(let question) = item {
      document.unconditional = question.requests.map {
        LikelihoodRequest(context: "", continuation: $0.continuation)
      }
    }
    return document
  }

  /// The harness's HellaSwag adds what it made of a record to it.
  private func extended(_ record: OrderedJSON, with item: EvaluationItem) -> OrderedJSON {
    guard template == .hellaswag, record["query"] == nil, case .choices(let question) = item,
      case .object(let members) = record
    else { return record }
    return .object(
      members + [
        .init("query", .string(question.prompt)),
        .init("choices", .array(question.choices.map { .string($0) })),
        .init("gold", .int(question.gold)),
      ])
  }
}

extension EvaluationItem {
  /// What the harness calls the target, as text.
  var target: String {
    switch self {
    case .choices(let item):
      // Where each choice ends a context of its own, the target is what they all go on with.
      Set(item.requests.map(\.context)).count == 1
        ? String(item.gold) : String(item.requests[item.gold].continuation.dropFirst())
    case .continuation(let item): item.request.continuation
    case .document(let item): item.text
    case .rolling(let item): item.text
    }
  }
}
