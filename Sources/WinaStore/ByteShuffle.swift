import CWinaKernels

/// Groups the first bytes of all elements, then the second bytes, and so on.
///
/// The bytes of a float differ in how predictable they are: sign and exponent repeat, the low bits
/// of the mantissa are noise. Side by side, equal kinds compress; interleaved, they do not.
package enum ByteShuffle {
  /// Shuffles elements of `width` bytes; both buffers hold a whole number of them.
  package static func shuffle(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, width: Int
  ) {
    precondition(source.count <= target.count && source.count.isMultiple(of: width))
    guard let from = source.baseAddress, let to = target.baseAddress, source.count > 0 else {
      return
    }
    wina_byte_shuffle(
      from.assumingMemoryBound(to: UInt8.self), to.assumingMemoryBound(to: UInt8.self),
      source.count / width, width)
  }

  /// Undoes ``shuffle(_:into:width:)``.
  package static func unshuffle(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, width: Int
  ) {
    precondition(source.count <= target.count && source.count.isMultiple(of: width))
    guard let from = source.baseAddress, let to = target.baseAddress, source.count > 0 else {
      return
    }
    wina_byte_unshuffle(
      from.assumingMemoryBound(to: UInt8.self), to.assumingMemoryBound(to: UInt8.self),
      source.count / width, width)
  }
}

extension Array where Element == UInt8 {
  /// Lends the bytes as raw memory, with a typed error.
  func withRaw<Value, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try withUnsafeBufferPointer { (buffer) throws(Failure) in
      try body(UnsafeRawBufferPointer(buffer))
    }
  }

  /// Makes an array by filling raw memory of exactly `count` bytes.
  static func filled<Failure: Error>(
    _ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> [UInt8] {
    var failure: Failure?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let memory = UnsafeMutableRawBufferPointer(buffer)
      do throws(Failure) {
        try body(UnsafeMutableRawBufferPointer(rebasing: memory[..<count]))
        filled = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
