import Glibc

/// Memory of its own pages: large, zeroed, aligned, and never moved.
///
/// - Invariant: `base` points to ``byteCount`` readable and writable bytes until `deinit`.
final class AlignedBuffer: @unchecked Sendable {
  // Safety: writers have the only reference to the buffer or to the part that they write; afterwards
  // it is only read.
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// From this size on the kernel is asked for large pages, which spare products most of their
  /// address translations.
  private static let largePages = 4 << 20

  /// Reserves memory; pages are taken when they are written.
  ///
  /// - Precondition: There is as much memory.
  init(byteCount: Int) {
    precondition(byteCount >= 0)
    let size = max(byteCount, 1)
    let mapped = mmap(
      nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let mapped, mapped != MAP_FAILED else {
      fatalError("no memory for \(byteCount) bytes: \(String(cString: strerror(errno)))")
    }
    if size >= Self.largePages { madvise(mapped, size, MADV_HUGEPAGE) }
    base = mapped
    self.byteCount = size
  }

  deinit { munmap(base, byteCount) }

  func floats(_ offset: Int = 0) -> UnsafeMutablePointer<Float> {
    base.assumingMemoryBound(to: Float.self) + offset
  }
}
