/// A benchmark or a document set: where its files lie and how a record becomes an item.
///
/// The templates are those of EleutherAI's lm-evaluation-harness 0.4.13, 0-shot, so that
/// log-likelihoods can be compared item by item. A record with `query`, `choices` and `gold` is
/// accepted by every multiple-choice task in place of the task's own fields.
public struct BenchmarkTask: Sendable, Hashable {
  /// How the log-likelihoods of a task become numbers.
  public enum Kind: Sendable, Hashable {
    case multipleChoice
    case continuation
    case documents
    case rolling
  }

  /// The name used in specs, labels and on the command line.
  public let name: String
  /// How the task is scored.
  public let kind: Kind
  /// The files the task may be read from, relative to the data path, best first.
  ///
  /// Take the first that exists. Names that end in `.zst` are zstd-compressed.
  public let files: [String]
  /// The plain texts that serve where none of ``files`` exists; see ``records(ofText:)``.
  public let textFiles: [String]
  /// What the harness reports of the task.
  public let metrics: [HarnessMetric]
  /// The version of the harness's task.
  public let version: Double
  /// The name that tables show.
  public let alias: String

  let template: TaskTemplate

  /// Every benchmark of the catalog, by name.
  public static let catalog: [BenchmarkTask] = [
    BenchmarkTask("arc_challenge", .arc),
    BenchmarkTask("arc_easy", .arc),
    BenchmarkTask("boolq", .boolq, metrics: [.accuracy], version: 2),
    BenchmarkTask("hellaswag", .hellaswag, stems: ["validation", "olmo_rc5shot_1000", "test"]),
    BenchmarkTask(
      "lambada_openai", .lambada, stems: ["test", "validation"], metrics: [.perplexity, .accuracy]),
    BenchmarkTask(
      "mmlu", .mmlu(withoutDescription: false), stems: ["test", "validation"], metrics: [.accuracy]),
    BenchmarkTask("openbookqa", .openbookqa),
    BenchmarkTask("piqa", .piqa),
    BenchmarkTask(
      "wikitext", .wikitext, stems: ["test", "validation"],
      folders: ["wikitext", "wikitext2", "wikitext-2-raw-v1"],
      texts: ["wikitext2/test.txt", "wikitext/test.txt", "wikitext.txt"],
      metrics: [.wordPerplexity, .bytePerplexity, .bitsPerByte], version: 2),
    BenchmarkTask(
      "winogrande", .winogrande, folders: ["winogrande_xl", "winogrande"], metrics: [.accuracy]),
  ]

  /// Returns the catalog's task of the given name; `winogrande_xl` is accepted for `winogrande`.
  ///
  /// - Throws: ``EvaluationError`` with the known names.
  public static func named(_ name: String) throws(EvaluationError) -> BenchmarkTask {
    let wanted = name == "winogrande_xl" ? "winogrande" : name
    guard let task = catalog.first(where: { $0.name == wanted }) else {
      throw .unknownTask(name, known: catalog.map(\.name))
    }
    return task
  }

  /// A document set: records with a `text` field, or one plain text (``document(text:origin:)``).
  ///
  /// - Parameter label: The set's name; it becomes every document's label.
  public static func documents(label: String) -> BenchmarkTask {
    BenchmarkTask(name: label, kind: .documents, template: .document, metrics: [])
  }

  /// Texts of which every token is predicted, window by window: records with a `text` field.
  ///
  /// - Parameter label: The set's name.
  public static func rolling(label: String) -> BenchmarkTask {
    BenchmarkTask(
      name: label, kind: .rolling, template: .rolling,
      metrics: [.wordPerplexity, .bytePerplexity, .bitsPerByte])
  }

  /// The records of one label of a suite: each has `query`, `choices` and `gold`, or `text`.
  ///
  /// A multiple-choice record may have a `level`, which becomes the item's subject.
  ///
  /// - Parameter label: The name of the file; it becomes every item's label.
  public static func suite(label: String) -> BenchmarkTask {
    BenchmarkTask(
      name: label, kind: .multipleChoice, template: .suite,
      metrics: [.accuracy, .normalizedAccuracy])
  }

  /// A task that is described by templates.
  public static func custom(_ definition: TaskDefinition) -> BenchmarkTask {
    let kind: Kind =
      switch definition.output {
      case .multipleChoice: .multipleChoice
      case .loglikelihood: .continuation
      case .rolling: .rolling
      }
    return BenchmarkTask(
      name: definition.name, kind: kind, files: definition.files, template: .custom(definition),
      metrics: definition.metrics, version: definition.version)
  }

  /// The lines of a samples file that the harness or this project wrote; see ``LoggedSample``.
  ///
  /// - Parameter label: The task's name.
  public static func samples(label: String) -> BenchmarkTask {
    BenchmarkTask(name: label, kind: .multipleChoice, template: .samples, metrics: [])
  }

  /// The task with prompts that do not name the subject, where the harness's do (MMLU).
  ///
  /// The subject's name in the prompt would tell a classifier the label.
  public var withoutDescription: BenchmarkTask {
    guard template == .mmlu(withoutDescription: false) else { return self }
    return BenchmarkTask(
      name: name, kind: kind, files: files, template: .mmlu(withoutDescription: true),
      metrics: metrics, version: version)
  }

  /// The task under another name, as a part of it.
  func subtask(_ name: String, alias: String) -> BenchmarkTask {
    BenchmarkTask(
      name: name, kind: kind, files: files, template: template, metrics: metrics, version: version,
      alias: alias)
  }

  /// The samples task with the metrics that its lines name.
  public func reporting(_ metrics: [HarnessMetric]) -> BenchmarkTask {
    BenchmarkTask(
      name: name, kind: kind, files: files, textFiles: textFiles, template: template,
      metrics: metrics, version: version, alias: alias)
  }

  /// The metrics that the lines of a samples file name, in order.
  public static func loggedMetrics(_ records: [TaskEvaluation.Record]) -> [HarnessMetric] {
    var metrics: [HarnessMetric] = []
    for record in records.prefix(1) {
      let names = (try? OrderedJSON(parsing: record.bytes))?["metrics"]?.array ?? []
      metrics += names.compactMap(\.string).compactMap(HarnessMetric.init)
    }
    return metrics
  }

  /// The error to report when none of ``files`` exists.
  public var missingFileError: EvaluationError { .missingFile(task: name, candidates: files) }

  /// The error to report when none of ``files`` and ``textFiles`` exists.
  public var missingFileOrTextError: EvaluationError {
    .missingFile(task: name, candidates: files + textFiles)
  }

  /// Turns one line of a `.jsonl` file into an item.
  ///
  /// - Parameters:
  ///   - record: The bytes of one JSON object.
  ///   - origin: The file and line, for errors.
  /// - Throws: ``EvaluationError`` that names task, file, line and key.
  public func parse(
    record: [UInt8], origin: RecordOrigin
  ) throws(EvaluationError) -> EvaluationItem {
    switch template {
    case .custom(let definition):
      return try definition.item(
        DocumentFields(task: name, origin: origin, doc: json(record, origin)))
    case .samples:
      return try LoggedSample(json(record, origin), task: name, origin: origin).item
    default:
      let (name, template) = (name, template)
      return try RecordFields.read(record, task: name, origin: origin) {
        (fields) throws(EvaluationError) in
        try template.item(label: name, fields)
      }
    }
  }

  /// Reads a record without interpreting it.
  func json(_ record: [UInt8], _ origin: RecordOrigin) throws(EvaluationError) -> OrderedJSON {
    let value: OrderedJSON
    do {
      value = try OrderedJSON(parsing: record)
    } catch {
      throw .malformed(name, origin, (error as? OrderedJSONError)?.problem ?? "\(error)")
    }
    guard case .object = value else { throw .malformed(name, origin, "it is not a JSON object") }
    return value
  }

  /// Turns the bytes of a whole `.txt` file into one document.
  ///
  /// - Throws: ``EvaluationError`` if the bytes are not UTF-8.
  public func document(
    text bytes: [UInt8], origin: RecordOrigin
  ) throws(EvaluationError) -> EvaluationItem {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .malformed(name, origin, "the text is not UTF-8")
    }
    return .document(DocumentItem(label: name, text: text))
  }

  /// Turns a whole text into records: the pages of WikiText, one record for any other text.
  ///
  /// - Throws: ``EvaluationError`` if the bytes are not UTF-8.
  public func records(
    ofText bytes: [UInt8], origin: RecordOrigin
  ) throws(EvaluationError) -> [TaskEvaluation.Record] {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .malformed(name, origin, "the text is not UTF-8")
    }
    let isWikiText = template == .wikitext
    let key = isWikiText ? "page" : "text"
    return (isWikiText ? WikiText.pages(text) : [text]).map {
      let record = OrderedJSON.object([.init(key, .string($0))])
      return TaskEvaluation.Record(bytes: Array(record.dumped().utf8), origin: origin)
    }
  }

  private init(
    name: String, kind: Kind, files: [String] = [], textFiles: [String] = [],
    template: TaskTemplate, metrics: [HarnessMetric], version: Double = 1, alias: String? = nil
  ) {
    self.name = name
    self.alias = alias ?? name
    self.kind = kind
    self.files = files
    self.textFiles = textFiles
    self.template = template
    self.metrics = metrics
    self.version = version
  }

  private init(
    _ name: String, _ template: TaskTemplate,
    stems: [String] = ["validation", "test", "test_foundry", "validation_foundry"],
    folders: [String]? = nil, texts: [String] = [],
    metrics: [HarnessMetric] = [.accuracy, .normalizedAccuracy], version: Double = 1
  ) {
    let paths = (folders ?? [name]).flatMap { folder in stems.map { "\(folder)/\($0)" } }
    let kind: Kind =
      switch template {
      case .lambada: .continuation
      case .wikitext: .rolling
      default: .multipleChoice
      }
    self.init(
      name: name, kind: kind,
      files: (paths + [name]).flatMap { ["\($0).jsonl", "\($0).jsonl.zst"] },
      textFiles: texts.flatMap { [$0, $0 + ".zst"] }, template: template, metrics: metrics,
      version: version)
  }
}
