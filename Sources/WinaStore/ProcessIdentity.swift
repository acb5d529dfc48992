import Glibc

/// Who a process is, precisely enough to tell from elsewhere whether it still lives.
struct ProcessIdentity: Hashable, Sendable {
  /// What can be said of a process from here.
  enum Liveness: Hashable, Sendable { case alive, dead, unknown }

  /// The name of the host.
  var host: String
  /// The identity of the installation (`/etc/machine-id`), or empty.
  var machine: String
  /// The identity of the running kernel, new after every boot, or empty.
  var boot: String
  /// The process namespace, since containers on one kernel have process numbers of their own.
  var namespace: String
  /// The process number.
  var pid: Int
  /// The start time of the process in clock ticks since boot, since process numbers come again.
  var start: Int

  /// This process.
  static let current: ProcessIdentity = {
    var name = [CChar](repeating: 0, count: 256)
    let hasName = gethostname(&name, name.count - 1) == 0
    return ProcessIdentity(
      host: hasName ? text(name) : "unknown",
      machine: firstLine(of: "/etc/machine-id"),
      boot: firstLine(of: "/proc/sys/kernel/random/boot_id"),
      namespace: linkTarget("/proc/self/ns/pid"),
      pid: Int(getpid()),
      start: startTime(of: "self")?.start ?? 0)
  }()

  /// Returns whether `other` still runs, as far as this process can know.
  func liveness(of other: ProcessIdentity) -> Liveness {
    if other == self { return .alive }
    let isSameKernel = !boot.isEmpty && boot == other.boot
    if isSameKernel, !namespace.isEmpty, namespace == other.namespace {
      guard other.pid > 0, other.pid <= Int(Int32.max) else { return .dead }
      if kill(pid_t(other.pid), 0) != 0, errno == ESRCH { return .dead }
      guard let found = ProcessIdentity.startTime(of: String(other.pid)) else {
        return .unknown
      }
      return found.start == other.start && !found.isZombie ? .alive : .dead
    }
    let isSameHost = !machine.isEmpty && machine == other.machine && host == other.host
    let isRebooted = !boot.isEmpty && !other.boot.isEmpty && boot != other.boot
    return isSameHost && isRebooted ? .dead : .unknown
  }

  /// Reads the start time and state from `/proc/<pid>/stat`; `nil` when it cannot be read.
  private static func startTime(of pid: String)
    -> (start: Int, isZombie: Bool)?
  {
    let line = pseudoFile("/proc/\(pid)/stat")
    guard let closing = line.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = line[(closing + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count > 19, let start = Int(String(decoding: fields[19], as: UTF8.self)) else {
      return nil
    }
    let state = fields[0].first
    return (start, state == UInt8(ascii: "Z") || state == UInt8(ascii: "X"))
  }

  private static func firstLine(of path: String) -> String {
    let bytes = pseudoFile(path)
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  /// Reads a file of the kernel, which says that its size is zero; an unreadable one is empty.
  private static func pseudoFile(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    return [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
    }
  }

  private static func linkTarget(_ path: String) -> String {
    var target = [CChar](repeating: 0, count: 128)
    return readlink(path, &target, target.count - 1) > 0 ? text(target) : ""
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

extension ProcessIdentity {
  /// A name for files of this process that says whose they are.
  var fileName: String {
    func safe(_ text: String) -> String {
      String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    }
    return [
      String(pid), String(start), safe(namespace.isEmpty ? "none" : namespace),
      safe(boot.isEmpty ? "none" : boot), safe(machine.isEmpty ? "none" : machine), safe(host),
    ].joined(separator: ".")
  }

  /// Returns whether a name was made by a process that this one knows to be dead.
  func knowsDead(ownerOf fileName: Substring) -> Bool {
    let mine = self.fileName.split(separator: ".", omittingEmptySubsequences: false)
    let parts = fileName.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 6, let pid = Int(parts[0]), let start = Int(parts[1]) else {
      return false
    }
    func restored(_ index: Int, _ original: String) -> String {
      parts[index] == mine[index] ? original : parts[index] == "none" ? "" : String(parts[index])
    }
    let owner = ProcessIdentity(
      host: restored(5, host), machine: restored(4, machine), boot: restored(3, boot),
      namespace: restored(2, namespace), pid: pid, start: start)
    return liveness(of: owner) == .dead
  }
}
