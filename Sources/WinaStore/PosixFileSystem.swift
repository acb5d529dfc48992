import Glibc

/// The file system of this machine.
package struct PosixFileSystem: FileSystem {
  /// Makes the file system.
  package init() {}

  package func create(_ path: String, _ bytes: ArraySlice<UInt8>, mode: UInt32)
    throws(StoreError)
  {
    let descriptor = try openFile(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode, "create")
    var failure = writeAll(descriptor, bytes)
    if close(descriptor) != 0, failure == 0 { failure = errno }
    guard failure == 0 else {
      unlink(path)
      throw .system(failure, "write", path)
    }
  }

  package func rename(_ source: String, to target: String) throws(StoreError) {
    guard Glibc.rename(source, target) == 0 else { throw .system(errno, "place", target) }
  }

  package func renameExclusively(_ source: String, to target: String) throws(StoreError) -> Bool {
    if link(source, target) == 0 {
      unlink(source)
      return true
    }
    switch errno {
    case EEXIST: return false
    case EPERM, ENOTSUP, ENOSYS: break
    default: throw .system(errno, "place", target)
    }
    if try size(target) != nil { return false }
    try rename(source, to: target)
    return true
  }

  package func remove(_ path: String) throws(StoreError) {
    if unlink(path) == 0 || errno == ENOENT { return }
    if errno == EISDIR || errno == EPERM, rmdir(path) == 0 || errno == ENOENT { return }
    throw .system(errno, "remove", path)
  }

  package func makeDirectory(_ path: String) throws(StoreError) {
    if mkdir(path, 0o777) == 0 { return }
    switch errno {
    case EEXIST:
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
        throw .system(ENOTDIR, "make the directory", path)
      }
    case ENOENT:
      guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
        throw .system(ENOENT, "make the directory", path)
      }
      try makeDirectory(String(path[..<slash]))
      guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
        throw .system(errno, "make the directory", path)
      }
    default: throw .system(errno, "make the directory", path)
    }
  }

  package func append(_ bytes: [UInt8], to path: String) throws(StoreError) {
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
    let descriptor = try openFile(path, flags, 0o666, "append to")
    var failure = writeAll(descriptor, bytes[...])
    if close(descriptor) != 0, failure == 0 { failure = errno }
    guard failure == 0 else { throw .system(failure, "append to", path) }
  }

  package func overwrite(_ path: String, at offset: Int, _ bytes: [UInt8]) throws(StoreError) {
    let descriptor = try openFile(path, O_WRONLY | O_CLOEXEC, 0, "write")
    defer { close(descriptor) }
    let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, offset) }
    guard count == bytes.count else { throw .system(count < 0 ? errno : EIO, "write", path) }
  }

  package func read(_ path: String, limit: Int) throws(StoreError) -> [UInt8] {
    let descriptor = try openFile(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, "read")
    defer { close(descriptor) }
    let size = try regularSize(descriptor, path)
    guard size <= limit else {
      throw .corrupt(path, "it has \(size) bytes where at most \(limit) are expected")
    }
    return try readBytes(descriptor, path, from: 0, count: size)
  }

  package func read(_ path: String, from offset: Int, count: Int) throws(StoreError)
    -> (bytes: [UInt8], size: Int)
  {
    let descriptor = try openFile(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, "read")
    defer { close(descriptor) }
    let size = try regularSize(descriptor, path)
    let available = max(0, min(count, size - offset))
    return (try readBytes(descriptor, path, from: offset, count: available), size)
  }

  package func size(_ path: String) throws(StoreError) -> Int? {
    var status = stat()
    if stat(path, &status) != 0 {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw .system(errno, "look at", path)
    }
    return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  package func isDirectory(_ path: String) throws(StoreError) -> Bool {
    var status = stat()
    if stat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR }
    if errno == ENOENT || errno == ENOTDIR { return false }
    throw .system(errno, "look at", path)
  }

  package func entries(_ path: String) throws(StoreError) -> [String] {
    guard let directory = opendir(path) else {
      if errno == ENOENT { return [] }
      throw .system(errno, "list", path)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  package func lock(_ path: String) throws(StoreError) -> FileLock? {
    let descriptor = try openFile(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666, "lock")
    while flock(descriptor, LOCK_EX) != 0 {
      if errno == EINTR { continue }
      let failure = errno
      close(descriptor)
      if failure == ENOLCK || failure == ENOTSUP || failure == ENOSYS { return nil }
      throw StoreError(
        .locked, "cannot lock '\(path)': \(String(cString: strerror(failure)))",
        systemCode: failure)
    }
    return FileLock(descriptor: descriptor)
  }

  private func openFile(_ path: String, _ flags: Int32, _ mode: UInt32, _ action: String)
    throws(StoreError) -> Int32
  {
    while true {
      let descriptor = open(path, flags, mode)
      if descriptor >= 0 { return descriptor }
      if errno != EINTR { throw .system(errno, action, path) }
    }
  }

  private func regularSize(_ descriptor: Int32, _ path: String) throws(StoreError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(errno, "look at", path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .corrupt(path, "it is not a regular file")
    }
    return Int(status.st_size)
  }

  private func readBytes(_ descriptor: Int32, _ path: String, from offset: Int, count: Int)
    throws(StoreError) -> [UInt8]
  {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count, let base = buffer.baseAddress {
        let got = pread(descriptor, base + filled, count - filled, offset + filled)
        if got == 0 { return }
        if got < 0 {
          if errno == EINTR { continue }
          failure = errno
          return
        }
        filled += got
      }
    }
    guard failure == 0 else { throw .system(failure, "read", path) }
    return bytes
  }

  private func writeAll(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Int32 {
    bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count, let base = buffer.baseAddress {
        let count = write(descriptor, base + written, buffer.count - written)
        if count < 0 {
          if errno == EINTR { continue }
          return errno
        }
        written += count
      }
      return 0
    }
  }
}

/// An advisory lock on a file, held until the value goes away.
package final class FileLock: Sendable {
  private let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }
}
