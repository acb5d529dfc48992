import Foundation

/// The last line of `wina run --json`.
struct RunReport: Decodable {
  struct Task: Decodable, Hashable {
    var name: String
    var kind: String
    var planKey: String
    var actionKey: String?
    var status: String
    var reason: String
    var seconds: Double

    enum CodingKeys: String, CodingKey {
      case name, kind, status, reason, seconds
      case planKey = "plan_key"
      case actionKey = "action_key"
    }
  }

  struct Row: Decodable, Hashable {
    var cell: [String: Value]
    var arm: String
    var label: String?
    var metric: String
    var value: Double?
    var low: Double?
    var high: Double?
    var n: Int?
  }

  /// A value on an axis of the sweep.
  enum Value: Decodable, Hashable, ExpressibleByFloatLiteral {
    case number(Double)
    case text(String)

    init(floatLiteral value: Double) { self = .number(value) }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      do {
        self = .number(try container.decode(Double.self))
      } catch {
        self = .text(try container.decode(String.self))
      }
    }
  }

  var type: String
  var run: String
  var tasks: [Task]
  var results: [Row]

  /// Reads the last line of a program's output.
  init(_ outcome: WinaProcess.Outcome) throws {
    self = try JSONDecoder().decode(RunReport.self, from: Data(outcome.lastLine.utf8))
  }

  /// The names of the tasks that were executed.
  var ran: Set<String> { names("ran") }

  /// The names of the tasks that were neither executed nor found under another plan.
  var hits: Set<String> { names("hit") }

  func names(_ status: String) -> Set<String> {
    Set(tasks.filter { $0.status == status }.map(\.name))
  }

  var statuses: Set<String> { Set(tasks.map(\.status)) }

  /// The shards of a stage in a split, by number.
  func shards(_ stage: String, _ split: String) -> [String: String] {
    let prefix = "\(stage)#\(split)/"
    var found: [String: String] = [:]
    for task in tasks where task.name.hasPrefix(prefix) { found[task.name] = task.status }
    return found
  }
}
