import WinaDiagnostics

/// Turns libyaml's positions, counted in Unicode scalars, into byte offsets.
struct ScalarOffsets {
  /// The byte offset of every scalar, or `nil` where the text is ASCII and both are the same.
  private let offsets: [Int]?

  /// Where the text starts in its file.
  private let base: Int

  /// The offset of the end of the text in its file.
  private let end: Int

  /// Indexes a UTF-8 text that is part of a file.
  ///
  /// - Complexity: O(n).
  init(_ bytes: ArraySlice<UInt8>) {
    base = bytes.startIndex
    end = bytes.endIndex
    if bytes.allSatisfy({ $0 < 0x80 }) {
      offsets = nil
    } else {
      offsets = bytes.indices.filter { bytes[$0] & 0xC0 != 0x80 }
    }
  }

  /// Returns the byte offset of a scalar in the file.
  func offset(ofScalar index: Int) -> Int {
    guard let offsets else { return min(base + index, end) }
    return index < offsets.count ? offsets[index] : end
  }

  /// Returns the byte offset in the file of a byte of the text.
  func offset(ofByte index: Int) -> Int { min(base + index, end) }
}
