/// A task as it is asked for by name: one of the catalog, or a part of MMLU.
///
/// `mmlu` is 57 tasks, one for each subject (`mmlu_anatomy`), in four groups (`mmlu_stem`,
/// `mmlu_other`, `mmlu_social_sciences`, `mmlu_humanities`); each of these names is accepted.
public struct TaskSelection: Sendable, Hashable {
  /// The task that reads the file.
  public var task: BenchmarkTask
  /// The subjects that are wanted, or `nil` for all of a task that is not divided.
  public var subjects: [String]?

  /// Selects a whole task.
  public init(_ task: BenchmarkTask) {
    self.task = task
    subjects = task.name == "mmlu" ? Self.allSubjects : nil
  }

  /// Finds what a name means.
  ///
  /// - Throws: ``EvaluationError`` with the known names.
  public init(named name: String) throws(EvaluationError) {
    guard name.hasPrefix("mmlu_") else {
      self.init(try BenchmarkTask.named(name))
      return
    }
    let part = String(name.dropFirst(5))
    self.init(try BenchmarkTask.named("mmlu"))
    if let category = MMLU.Category(rawValue: part) {
      subjects = MMLU.subjects[category]
    } else if MMLU.category(of: part) != nil {
      subjects = [part]
    } else {
      throw .unknownTask(
        name,
        known: ["mmlu"]
          + (MMLU.Category.allCases.map(\.rawValue) + Self.allSubjects).map {
            "mmlu_\($0)"
          })
    }
  }

  private static let allSubjects = MMLU.Category.allCases.flatMap { MMLU.subjects[$0] ?? [] }

  /// Divides the records of the file among the tasks, in the order of the subjects.
  ///
  /// - Throws: ``EvaluationError`` if a record has no subject.
  public func divided(
    _ records: [TaskEvaluation.Record]
  ) throws(EvaluationError) -> [(task: BenchmarkTask, records: [TaskEvaluation.Record])] {
    guard let subjects else { return [(task, records)] }
    var bySubject: [String: [TaskEvaluation.Record]] = [:]
    for record in records {
      let value = try task.json(record.bytes, record.origin)
      guard let subject = value["subject"]?.string else {
        throw .missingField(task.name, record.origin, key: "subject")
      }
      bySubject[subject, default: []].append(record)
    }
    return subjects.compactMap { subject in
      bySubject[subject].map { (task.subtask("mmlu_\(subject)", alias: subject), $0) }
    }
  }
}

/// Tasks whose results are also reported together.
public struct TaskGroup: Sendable, Hashable {
  /// The group's name, such as `mmlu_stem`.
  public var name: String
  /// The name that tables show, such as `stem`.
  public var alias: String
  /// The names of the tasks and groups in it.
  public var members: [String]
  /// The number of items of all tasks.
  public var size: Int
  /// The metrics, weighted by the tasks' sizes.
  public var results: [HarnessResult]

  /// Returns the groups that reports of subjects of MMLU make, `mmlu` itself first.
  ///
  /// `mmlu` is there when more than one of its groups is.
  public static func groups(of reports: [TaskReport]) -> [TaskGroup] {
    var parts: [TaskGroup] = []
    var all: [TaskReport] = []
    for category in MMLU.Category.allCases {
      let names = (MMLU.subjects[category] ?? []).map { "mmlu_\($0)" }
      let own = reports.filter { names.contains($0.task.name) }
      guard own.count > 1 else { continue }
      parts.append(
        TaskGroup("mmlu_\(category.rawValue)", category.rawValue, own.map(\.task.name), own))
      all += own
    }
    guard parts.count > 1 else { return parts }
    return [TaskGroup("mmlu", "mmlu", parts.map(\.name), all)] + parts
  }

  private init(_ name: String, _ alias: String, _ members: [String], _ reports: [TaskReport]) {
    self.name = name
    self.alias = alias
    self.members = members
    size = reports.reduce(0) { $0 + $1.items.count }
    results = HarnessAggregation.pooled(reports.map { ($0.results, $0.items.count) })
  }
}
