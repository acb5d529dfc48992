import Glibc
import Synchronization
import WinaStore

/// The real file system, in which the k-th change fails or ends the process, so to speak.
final class FaultyFileSystem: FileSystem {
  /// What happens at the k-th change.
  enum Fault: Sendable, CaseIterable {
    /// The disk is full at that moment; everything else works.
    case full
    /// The change fails with an I/O error; everything else works.
    case error
    /// The process dies before the change; what it was writing is torn.
    case killedBefore
    /// The process dies right after the change.
    case killedAfter
  }

  private struct Killed {
    static let error = StoreError(.io, "the process is dead", systemCode: EIO)
  }

  private let base = PosixFileSystem()
  private let fault: Fault
  private let position: Int
  private let changes = Atomic<Int>(0)
  private let isDead = Atomic<Bool>(false)

  init(_ fault: Fault, at position: Int) {
    self.fault = fault
    self.position = position
  }

  /// Whether the run got as far as the fault.
  var wasReached: Bool { changes.load(ordering: .relaxed) >= position }

  private func change<Value>(
    torn: () throws(StoreError) -> Void = {}, _ body: () throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    try requireAlive()
    guard changes.wrappingAdd(1, ordering: .relaxed).newValue == position else {
      return try body()
    }
    switch fault {
    case .full: throw .system(ENOSPC, "write", "a file")
    case .error: throw .system(EIO, "write", "a file")
    case .killedBefore:
      try torn()
      isDead.store(true, ordering: .relaxed)
      throw Killed.error
    case .killedAfter:
      _ = try body()
      isDead.store(true, ordering: .relaxed)
      throw Killed.error
    }
  }

  private func requireAlive() throws(StoreError) {
    if isDead.load(ordering: .relaxed) { throw Killed.error }
  }

  func create(_ path: String, _ bytes: ArraySlice<UInt8>, mode: UInt32) throws(StoreError) {
    let half = bytes.prefix(bytes.count / 2)
    try change(torn: { () throws(StoreError) in try base.create(path, half, mode: mode) }) {
      () throws(StoreError) in
      try base.create(path, bytes, mode: mode)
    }
  }

  func rename(_ source: String, to target: String) throws(StoreError) {
    try change { () throws(StoreError) in try base.rename(source, to: target) }
  }

  func renameExclusively(_ source: String, to target: String) throws(StoreError) -> Bool {
    try change { () throws(StoreError) in try base.renameExclusively(source, to: target) }
  }

  func remove(_ path: String) throws(StoreError) {
    try change { () throws(StoreError) in try base.remove(path) }
  }

  func makeDirectory(_ path: String) throws(StoreError) {
    try change { () throws(StoreError) in try base.makeDirectory(path) }
  }

  func append(_ bytes: [UInt8], to path: String) throws(StoreError) {
    let half = Array(bytes.prefix(bytes.count / 2))
    try change(torn: { () throws(StoreError) in try base.append(half, to: path) }) {
      () throws(StoreError) in
      try base.append(bytes, to: path)
    }
  }

  func overwrite(_ path: String, at offset: Int, _ bytes: [UInt8]) throws(StoreError) {
    try change { () throws(StoreError) in try base.overwrite(path, at: offset, bytes) }
  }

  func read(_ path: String, limit: Int) throws(StoreError) -> [UInt8] {
    try requireAlive()
    return try base.read(path, limit: limit)
  }

  func read(_ path: String, from offset: Int, count: Int) throws(StoreError)
    -> (bytes: [UInt8], size: Int)
  {
    try requireAlive()
    return try base.read(path, from: offset, count: count)
  }

  func size(_ path: String) throws(StoreError) -> Int? {
    try requireAlive()
    return try base.size(path)
  }

  func isDirectory(_ path: String) throws(StoreError) -> Bool {
    try requireAlive()
    return try base.isDirectory(path)
  }

  func entries(_ path: String) throws(StoreError) -> [String] {
    try requireAlive()
    return try base.entries(path)
  }

  func lock(_ path: String) throws(StoreError) -> FileLock? {
    try requireAlive()
    return try base.lock(path)
  }
}
