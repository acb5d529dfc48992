import Foundation
import Synchronization
import WinaPipeline
import WinaTestSupport

/// A stage's surroundings with artifacts and records in memory.
final class MemoryContext: StageContext {
  private struct State {
    var payloads: [ContentDigest: ArtifactPayload] = [:]
    var records: [ContentDigest: [SampleRecord]] = [:]
    var shared: [String: any Sendable] = [:]
    var cancelsAfter: Int?
    var checks = 0
    var ticks = 0
  }

  private let state = Mutex(State())
  private let scratch: TemporaryDirectory

  let threads = 1
  let host = "memory"

  /// Every question finds the clock a millisecond on.
  func seconds() -> Double {
    state.withLock { state in
      state.ticks += 1
      return Double(state.ticks) / 1000
    }
  }

  init() throws { scratch = try TemporaryDirectory() }

  /// Makes the task be cancelled at a later check.
  func cancel(afterChecks count: Int) {
    state.withLock { $0.cancelsAfter = count }
  }

  /// Stores an artifact's content, as if a task had made it.
  func store(_ payload: ArtifactPayload) -> ContentDigest {
    let digest = payload.testDigest
    state.withLock { $0.payloads[digest] = payload }
    return digest
  }

  func payload(_ digest: ContentDigest) throws -> ArtifactPayload {
    guard let payload = state.withLock({ $0.payloads[digest] }) else {
      throw ArtifactError("nothing is stored as \(digest.short)")
    }
    return payload
  }

  /// Stores the records of a shard.
  func store(_ records: [SampleRecord]) -> Leaf {
    let digest = SHA256.digest(of: records.map(\.digest.hex).joined())
    state.withLock { $0.records[digest] = records }
    return Leaf(format: SampleRecords.format, digest: digest, location: "toy")
  }

  func load<Value: Artifact>(_ reference: Ref<Value>) throws -> Value {
    try Value(decoding: payload(reference.digest))
  }

  func records(_ reference: LeafRef<SampleRecords>) throws -> [SampleRecord] {
    state.withLock { $0.records[reference.leaf.digest] } ?? []
  }

  func shared<Value: Sendable>(_ key: String, _ make: () throws -> Value) throws -> Value {
    if let known = state.withLock({ $0.shared[key] }) as? Value { return known }
    let value = try make()
    state.withLock { $0.shared[key] = value }
    return value
  }

  func progress(_ done: Int, of total: Int) {}

  func checkCancellation() throws {
    let isCancelled = state.withLock { state in
      state.checks += 1
      return state.cancelsAfter.map { state.checks > $0 } ?? false
    }
    if isCancelled { throw CancellationError() }
  }

  func scratchDirectory() throws -> String { scratch.path }

  func export(_ digest: ContentDigest, format: String, to path: String) throws {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(payload(digest).metadata.canonicalText.utf8).write(to: url)
  }

  func readFile(_ path: String) throws -> [UInt8]? {
    FileManager.default.contents(atPath: path).map { Array($0) }
  }

  func runProcess(_ invocation: ProcessInvocation) throws -> ProcessOutcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", invocation.command]
    process.currentDirectoryURL = URL(fileURLWithPath: invocation.directory)
    process.environment = invocation.environment
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let log = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return ProcessOutcome(
      status: process.terminationStatus, log: String(decoding: log, as: UTF8.self))
  }
}

extension ArtifactPayload {
  /// A digest of everything that the payload holds.
  var testDigest: ContentDigest {
    var hash = SHA256()
    hash.update(Array(metadata.canonicalText.utf8))
    for tensor in tensors {
      hash.update(Array("\(tensor.name) \(tensor.elementType) \(tensor.shape)".utf8))
      hash.update(tensor.bytes)
    }
    return hash.finalize()
  }
}
