import Glibc

/// A file mapped into memory, read-only, for as long as the value lives.
///
/// - Invariant: `base` points to `count` readable bytes until `deinit`.
final class MappedFile: @unchecked Sendable {
  // Safety: the mapping is private and read-only, and is unmapped only when nobody holds this.
  private let base: UnsafeRawPointer
  let count: Int
  let path: String

  init(path: String) throws(TensorError) {
    // Without waiting for a writer, should the file be a pipe.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable(path, String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path, "not a regular file")
    }
    let size = Int(status.st_size)
    guard size > 0 else { throw .malformed(path, "the file is empty") }
    guard let mapped = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      mapped != MAP_FAILED
    else { throw .unreadable(path, "cannot map it: \(String(cString: strerror(errno)))") }
    base = UnsafeRawPointer(mapped)
    count = size
    self.path = path
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: base), count)
  }

  func buffer(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range of the file")
    return UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// Lets the system take back the whole pages of a range.
  func release(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard first < end else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED)
  }
}
