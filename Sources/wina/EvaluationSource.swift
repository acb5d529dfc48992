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

  let task: BenchmarkTask
  private let file: String
  private let split: Split?

  /// The file of a benchmark task below a folder.
  init(task name: String, below folder: String) throws {
    task = try BenchmarkTask.named(name)
    let found = task.files.lazy.map { folder + "/" + $0 }
      .first { FileManager.default.fileExists(atPath: $0) }
    guard let found else { throw task.missingFileError }
    file = found
    split = nil
  }

  private init(label: String, file: String, split: Split) {
    task = .suite(label: label)
    self.file = file
    self.split = split
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

  /// Reads the records.
  func records() throws -> [TaskEvaluation.Record] {
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
    let value: JSONValue
    do {
      value = try JSONValue(parsing: line.bytes)
    } catch {
      throw ModelInputError(message: "\(origin) is not JSON", hint: "every line is one object")
    }
    guard let member = value["split"], member != .null else { return split == .test }
    guard case .string(let name) = member, let own = Split(rawValue: name) else {
      throw ModelInputError(
        message: "\(origin) has the split \(member.canonicalText)",
        hint: "there are: " + Split.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return own == split
  }
}
