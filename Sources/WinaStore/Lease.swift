import Synchronization
import WinaPipeline

/// The right to run one action, shown to other processes by a file with a heartbeat.
///
/// It ends with ``release()``, with the value, or with the process.
public final class Lease: Sendable {
  /// The action.
  public let key: ActionKey
  private let token: String
  private let table: LeaseTable
  private let isReleased = Atomic<Bool>(false)

  init(key: ActionKey, token: String, table: LeaseTable) {
    self.key = key
    self.token = token
    self.table = table
  }

  deinit { release() }

  /// Gives the action back; calling it again does nothing.
  public func release() {
    if isReleased.exchange(true, ordering: .acquiringAndReleasing) { return }
    table.release(key, token: token)
  }
}

/// Who runs an action at the moment.
public struct LeaseOwner: Hashable, Sendable {
  /// The name of the host, or empty when the lease cannot be read.
  public var host: String
  /// The process number on that host.
  public var pid: Int
  /// The name of the task in the owner's run.
  public var taskName: String

  /// Names an owner.
  public init(host: String, pid: Int, taskName: String) {
    self.host = host
    self.pid = pid
    self.taskName = taskName
  }
}

/// What asking for a lease gave.
public enum LeaseOutcome: Sendable {
  /// The caller may run the action, after looking it up once more.
  case acquired(Lease)
  /// Another process, or another thread of this one, is running it.
  case held(by: LeaseOwner)
}

/// The content of a lease file.
struct LeaseRecord: Hashable, Sendable {
  /// Where the heartbeat's eight digits begin in the file.
  static let beatOffset = Array("{\"beat\":\"".utf8).count
  var beat: Int
  var token: String
  var owner: ProcessIdentity
  var taskName: String

  var text: [UInt8] {
    Array(
      JSONValue.object([
        "beat": .string(LeaseRecord.digits(beat)), "boot": .string(owner.boot),
        "host": .string(owner.host), "machine": .string(owner.machine),
        "namespace": .string(owner.namespace), "pid": .int(owner.pid), "start": .int(owner.start),
        "task": .string(taskName), "token": .string(token),
      ]).canonicalText.utf8)
  }

  init(token: String, owner: ProcessIdentity, taskName: String) {
    beat = 0
    self.token = token
    self.owner = owner
    self.taskName = taskName
  }

  /// Reads a lease file; one that is torn is `nil`.
  init?(_ text: [UInt8]) {
    guard let record = JSONReader.parse(text), case .string(let beat) = record["beat"] ?? .null,
      let beat = Int(beat), case .string(let boot) = record["boot"] ?? .null,
      case .string(let host) = record["host"] ?? .null,
      case .string(let machine) = record["machine"] ?? .null,
      case .string(let namespace) = record["namespace"] ?? .null,
      case .int(let pid) = record["pid"] ?? .null, case .int(let start) = record["start"] ?? .null,
      case .string(let task) = record["task"] ?? .null,
      case .string(let token) = record["token"] ?? .null
    else { return nil }
    self.beat = beat
    self.token = token
    taskName = task
    owner = ProcessIdentity(
      host: host, machine: machine, boot: boot, namespace: namespace, pid: pid, start: start)
  }

  static func digits(_ beat: Int) -> String {
    let text = String(beat % 100_000_000)
    return String(repeating: "0", count: 8 - text.count) + text
  }
}
