import WinaPipeline

/// How far a run is, as its events tell: for runs that have no result yet.
public struct RunProgress: Sendable, Hashable {
  /// A task that has begun.
  public struct Task: Sendable, Hashable {
    /// The task's name.
    public var name: String
    /// The stage's kind.
    public var kind: String
    /// How it ended, or `nil` while it runs.
    public var status: TaskStatus?
    /// Why it ran, in a few words.
    public var reason: String
    /// Wall time, 0 while it runs.
    public var seconds: Double
  }

  /// When the run began, in seconds since 1970.
  public private(set) var started: Double?
  /// When the last event happened, in seconds since 1970.
  public private(set) var latest: Double?
  /// The number of tasks, or `nil` before the run says it.
  public private(set) var total: Int?
  /// The tasks that have begun, in the order in which they first did.
  public private(set) var tasks: [Task] = []
  private var cached = 0
  private var places: [String: Int] = [:]

  /// Follows events in their order; what is not known is passed over.
  ///
  /// - Parameter events: Events in the form of ``RunEvent/json``.
  public init(_ events: some Sequence<JSONValue>) {
    for event in events { follow(event) }
  }

  /// How many tasks ended in each way; those that planning found cached are hits.
  public var counts: [TaskStatus: Int] {
    var counts: [TaskStatus: Int] = cached > 0 ? [.hit: cached] : [:]
    for case let status? in tasks.map(\.status) { counts[status, default: 0] += 1 }
    return counts
  }

  private mutating func follow(_ event: JSONValue) {
    latest = event["time"]?.number ?? latest
    switch event["type"]?.text {
    case "run-started":
      started = event["time"]?.number
      total = event["tasks"]?.integer
      cached = max(0, (total ?? 0) - (event["to_run"]?.integer ?? 0))
    case "task-started": note(event, status: nil)
    case "task-finished", "task-failed":
      note(event, status: event["status"]?.text.flatMap(TaskStatus.init))
    default: return
    }
  }

  /// A task that is tried again, or made again because it was damaged, has one entry: its latest.
  private mutating func note(_ event: JSONValue, status: TaskStatus?) {
    guard let name = event["task"]?.text else { return }
    let task = Task(
      name: name, kind: event["kind"]?.text ?? "", status: status,
      reason: event["reason"]?.text ?? "", seconds: event["seconds"]?.number ?? 0)
    if let place = places[name] {
      tasks[place] = task
    } else {
      places[name] = tasks.count
      tasks.append(task)
    }
  }
}

extension JSONValue {
  fileprivate var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  fileprivate var integer: Int? {
    if case .int(let value) = self { value } else { nil }
  }

  fileprivate var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }
}
