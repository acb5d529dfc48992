import Glibc
import Synchronization
import WinaStore

/// A file system that is full from some moment on.
final class FullDisk: FileSystem {
  private let base = PosixFileSystem()
  private let isFull = Mutex(false)

  func fill() { isFull.withLock { $0 = true } }
  func clear() { isFull.withLock { $0 = false } }

  private func check(_ path: String) throws(StoreError) {
    if isFull.withLock({ $0 }) { throw .system(ENOSPC, "write", path) }
  }

  func create(_ path: String, _ bytes: ArraySlice<UInt8>, mode: UInt32) throws(StoreError) {
    try check(path)
    try base.create(path, bytes, mode: mode)
  }

  func rename(_ source: String, to target: String) throws(StoreError) {
    try base.rename(source, to: target)
  }

  func renameExclusively(_ source: String, to target: String) throws(StoreError) -> Bool {
    try base.renameExclusively(source, to: target)
  }

  func remove(_ path: String) throws(StoreError) { try base.remove(path) }
  func makeDirectory(_ path: String) throws(StoreError) { try base.makeDirectory(path) }

  func append(_ bytes: [UInt8], to path: String) throws(StoreError) {
    try check(path)
    try base.append(bytes, to: path)
  }

  func overwrite(_ path: String, at offset: Int, _ bytes: [UInt8]) throws(StoreError) {
    try base.overwrite(path, at: offset, bytes)
  }

  func read(_ path: String, limit: Int) throws(StoreError) -> [UInt8] {
    try base.read(path, limit: limit)
  }

  func read(_ path: String, from offset: Int, count: Int) throws(StoreError)
    -> (bytes: [UInt8], size: Int)
  {
    try base.read(path, from: offset, count: count)
  }

  func size(_ path: String) throws(StoreError) -> Int? { try base.size(path) }
  func isDirectory(_ path: String) throws(StoreError) -> Bool { try base.isDirectory(path) }
  func entries(_ path: String) throws(StoreError) -> [String] { try base.entries(path) }
  func lock(_ path: String) throws(StoreError) -> FileLock? { try base.lock(path) }
}
