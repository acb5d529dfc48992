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
  }

  /// The name used in specs, labels and on the command line.
  public let name: String
  /// How the task is scored.
  public let kind: Kind
  /// The files the task may be read from, relative to the data path, best first.
  ///
  /// Take the first that exists. Names that end in `.zst` are zstd-compressed.
  public let files: [String]

  let template: TaskTemplate

  /// Every benchmark of the catalog, by name.
  public static let catalog: [BenchmarkTask] = [
    BenchmarkTask("arc_challenge", .arc),
    BenchmarkTask("arc_easy", .arc),
    BenchmarkTask("boolq", .boolq),
    BenchmarkTask("hellaswag", .hellaswag, stems: ["validation", "olmo_rc5shot_1000", "test"]),
    BenchmarkTask("lambada_openai", .lambada, stems: ["test", "validation"]),
    BenchmarkTask("mmlu", .mmlu, stems: ["test", "validation"]),
    BenchmarkTask("openbookqa", .openbookqa),
    BenchmarkTask("piqa", .piqa),
    BenchmarkTask("winogrande", .winogrande, folders: ["winogrande_xl", "winogrande"]),
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
    BenchmarkTask(name: label, kind: .documents, files: [], template: .document)
  }

  /// The records of one label of a suite: each has `query`, `choices` and `gold`, or `text`.
  ///
  /// A multiple-choice record may have a `level`, which becomes the item's subject.
  ///
  /// - Parameter label: The name of the file; it becomes every item's label.
  public static func suite(label: String) -> BenchmarkTask {
    BenchmarkTask(name: label, kind: .multipleChoice, files: [], template: .suite)
  }

  /// The error to report when none of ``files`` exists.
  public var missingFileError: EvaluationError { .missingFile(task: name, candidates: files) }

  /// Turns one line of a `.jsonl` file into an item.
  ///
  /// - Parameters:
  ///   - record: The bytes of one JSON object.
  ///   - origin: The file and line, for errors.
  /// - Throws: ``EvaluationError`` that names task, file, line and key.
  public func parse(
    record: [UInt8], origin: RecordOrigin
  ) throws(EvaluationError) -> EvaluationItem {
    let (name, template) = (name, template)
    return try RecordFields.read(record, task: name, origin: origin) {
      (fields) throws(EvaluationError) in
      try template.item(label: name, fields)
    }
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

  private init(name: String, kind: Kind, files: [String], template: TaskTemplate) {
    self.name = name
    self.kind = kind
    self.files = files
    self.template = template
  }

  private init(
    _ name: String, _ template: TaskTemplate,
    stems: [String] = ["validation", "test", "test_foundry", "validation_foundry"],
    folders: [String]? = nil
  ) {
    let paths = (folders ?? [name]).flatMap { folder in stems.map { "\(folder)/\($0)" } }
    self.init(
      name: name, kind: template == .lambada ? .continuation : .multipleChoice,
      files: (paths + [name]).flatMap { ["\($0).jsonl", "\($0).jsonl.zst"] }, template: template)
  }
}
