import Foundation
import Glibc
import Synchronization
import WinaPipeline
import WinaPlan
import WinaStore

/// What the tasks of a run share.
struct RunServices: Sendable {
  let store: ArtifactStore
  let records: RecordSource
  let options: RunOptions
  let clock: RunClock
  let cancellation: CancellationToken
  let events: EventChannel
  /// Decoded input artifacts, within bounds.
  let decoded: SharedValues
  /// What stages share among tasks, such as a model.
  let shared: SharedValues
}

/// What a running task sees of its surroundings.
final class TaskContext: StageContext {
  private static let progressInterval = 0.1
  private static let fileLimit = 8 << 30

  private struct State {
    var scratch: String?
    var damaged: [ContentDigest] = []
    var lastProgress = -Double.infinity
  }

  let threads: Int
  private let task: PlannedTask
  private let services: RunServices
  private let state = Mutex(State())

  init(_ task: PlannedTask, services: RunServices) {
    self.task = task
    self.services = services
    threads = min(max(1, task.resources.threads), services.options.jobs)
  }

  /// The inputs that turned out to be missing or damaged.
  var damagedInputs: [ContentDigest] { state.withLock { $0.damaged } }

  func load<Value: Artifact>(_ reference: Ref<Value>) throws -> Value {
    try services.decoded.value(reference.digest.hex) {
      let payload = try read(reference.digest, as: Value.format)
      let bytes = payload.tensors.reduce(0) { $0 + $1.bytes.count }
      return (try Value(decoding: payload), bytes + 4096)
    }
  }

  func records(_ reference: LeafRef<SampleRecords>) throws -> [SampleRecord] {
    try services.records.records(of: reference.leaf)
  }

  func shared<Value: Sendable>(_ key: String, _ make: () throws -> Value) throws -> Value {
    try services.shared.value(key) { (try make(), 0) }
  }

  var host: String { services.options.host }

  func seconds() -> Double { services.clock.seconds() }

  func progress(_ done: Int, of total: Int) {
    let now = services.clock.seconds()
    let isDue = state.withLock { state in
      guard done == total || now - state.lastProgress >= TaskContext.progressInterval else {
        return false
      }
      state.lastProgress = now
      return true
    }
    if isDue {
      services.events.post(.taskProgress(task: task.name, done: done, total: total))
    }
  }

  func checkCancellation() throws {
    if services.cancellation.state == .killed { throw RunKilled() }
  }

  func scratchDirectory() throws -> String {
    if let path = state.withLock({ $0.scratch }) { return path }
    let path = "\(services.options.scratch)/\(getpid())-\(task.planKey.digest.short)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    state.withLock { $0.scratch = path }
    return path
  }

  func export(_ digest: ContentDigest, format: String, to path: String) throws {
    let stored = try noting(digest) { () throws(StoreError) in
      try services.store.manifest(of: digest).format
    }
    let payload = try read(digest, as: stored)
    let isJSON = payload.tensors.isEmpty || path.hasSuffix(".json")
    let bytes =
      isJSON
      ? Array((payload.metadata.canonicalText + "\n").utf8)
      : SafetensorsFile.bytes(of: payload, format: stored)
    let file = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }

  func readFile(_ path: String) throws -> [UInt8]? {
    do throws(StoreError) {
      return try PosixFileSystem().read(path, limit: TaskContext.fileLimit)
    } catch {
      if error.code == .notFound { return nil }
      throw ExecutionError.unreadable(path, error.message)
    }
  }

  func runProcess(_ invocation: ProcessInvocation) throws -> ProcessOutcome {
    try ChildProcess.run(invocation, cancellation: services.cancellation)
  }

  /// Removes the scratch directory.
  func cleanUp() {
    guard let path = state.withLock({ $0.scratch }) else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      services.events.post(.warning("cannot remove '\(path)': \(error)"))
    }
  }

  private func read(_ digest: ContentDigest, as format: String) throws -> ArtifactPayload {
    try noting(digest) { () throws(StoreError) in
      try services.store.read(digest, as: format, threads: threads)
    }
  }

  /// Takes note of an input that turns out to be missing or damaged.
  private func noting<Value>(
    _ digest: ContentDigest, _ body: () throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    do throws(StoreError) {
      return try body()
    } catch {
      if error.isMiss { state.withLock { $0.damaged.append(digest) } }
      throw error
    }
  }
}
