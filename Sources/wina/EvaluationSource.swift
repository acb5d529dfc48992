import ArgumentParser
import Foundation
import WinaEvaluation
import WinaPipeline

/// A file of records that `wina evaluate` scores, and the task that reads them.
struct EvaluationSource {
  /// The splits of suites, as command line values.
  enum Split: String, CaseIterable, ExpressibleByArgument {
    case calibration
    case routing
    case validation
    case test
  }

  let selection: TaskSelection
  private let file: String
  private let split: Split?

  /// The file of a benchmark task, or of a part of MMLU, below a folder.
  init(task name: String, below folder: String, definitions: [TaskDefinition] = []) throws {
    if let definition = definitions.first(where: { $0.name == name }) {
      try self.init(TaskSelection(.custom(definition)), below: folder)
    } else {
      try self.init(TaskSelection(named: name), below: folder)
    }
  }

  private init(_ selection: TaskSelection, below folder: String) throws {
    let task = selection.task
    let found = (task.files + task.textFiles).lazy.map { folder + "/" + $0 }
      .first { FileManager.default.fileExists(atPath: $0) }
    guard let found else { throw task.missingFileOrTextError }
    file = found
    self.selection = selection
    split = nil
  }

  private init(label: String, file: String, split: Split) {
    selection = TaskSelection(.suite(label: label))
    self.file = file
    self.split = split
  }

  private init(_ task: BenchmarkTask, file: String) {
    selection = TaskSelection(task)
    self.file = file
    split = nil
  }

  /// A samples file, named after its task.
  static func samples(_ path: String) -> EvaluationSource {
    EvaluationSource(.samples(label: ModelLookup.loggedTask(path)), file: path)
  }

  /// A text of which every token is predicted.
  static func text(_ path: String) -> EvaluationSource {
    let name = URL(fileURLWithPath: path).lastPathComponent
    return EvaluationSource(.rolling(label: String(name.prefix { $0 != "." })), file: path)
  }

  /// One source for each label of a suite.
  static func all(of suite: String, split: Split) throws -> [EvaluationSource] {
    guard let folder = ModelLookup.process.suite(suite) else {
      throw ModelInputError(
        message: "there is no suite '\(suite)'",
        hint: "give a bundled suite, such as octet, or the path of a folder of .jsonl files")
    }
    return try ModelLookup.suiteFiles(folder).map {
      EvaluationSource(label: $0.label, file: $0.path, split: split)
    }
  }

  /// Reads the records and divides them among the tasks that they belong to.
  func tasks(
    withoutDescription: Bool = false
  ) throws -> [(task: BenchmarkTask, records: [TaskEvaluation.Record])] {
    let records = try records()
    var selection = selection
    if withoutDescription { selection.task = selection.task.withoutDescription }
    if selection.task.metrics.isEmpty {
      selection.task = selection.task.reporting(BenchmarkTask.loggedMetrics(records))
    }
    return try selection.divided(records)
  }

  private func records() throws -> [TaskEvaluation.Record] {
    if file.hasSuffix(".txt") || file.hasSuffix(".txt.zst") {
      return try selection.task.records(
        ofText: ModelInput.bytes(file), origin: RecordOrigin(file: file, line: 1))
    }
    var records: [TaskEvaluation.Record] = []
    for line in try ModelInput.lines(file) {
      let origin = RecordOrigin(file: file, line: line.number)
      if try isWanted(line, origin) {
        records.append(TaskEvaluation.Record(bytes: line.bytes, origin: origin))
      }
    }
    guard !records.isEmpty else {
      throw ModelInputError(
        message: "'\(file)' has no records"
          + (split.map { " of the split '\($0.rawValue)'" } ?? ""),
        hint: "name another file or split")
    }
    return records
  }

  /// Whether a record belongs to the split; one that names none is a test record.
  private func isWanted(_ line: ModelInput.Line, _ origin: RecordOrigin) throws -> Bool {
    guard let split else { return true }
    let value = try line.json(at: "\(origin)", hint: "every line is one object")
    guard let member = value["split"], member != .null else { return split == .test }
    guard case .string(let name) = member, let own = Split(rawValue: name) else {
      throw ModelInputError(
        message: "\(origin) has the split \(member.canonicalText)",
        hint: "there are: " + Split.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return own == split
  }
}

extension ModelLookup {
  /// The task that a samples file is named after: `samples_TASK_STAMP.jsonl`, or the whole name.
  static func loggedTask(_ path: String) -> String {
    let name = URL(fileURLWithPath: path).lastPathComponent
    let stem = String(name.prefix { $0 != "." })
    guard stem.hasPrefix("samples_") else { return stem }
    let task = stem.dropFirst("samples_".count)
    guard let last = task.lastIndex(of: "_"), last != task.startIndex,
      task[task.index(after: last)...].first?.isNumber == true, task[last...].contains("T")
    else { return String(task) }
    return String(task[..<last])
  }
}
