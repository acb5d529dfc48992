import WinaStatistics

/// Groups drawn from the bytes of a digest.
enum DigestHash {
  /// Returns a group with probability proportional to its size.
  ///
  /// The digest is folded byte by byte with FNV-1a, keyed by the mixed seed and finished with
  /// SplitMix64; the top bits of hash · Σ sizes choose the place among the sizes.
  ///
  /// - Precondition: `sizes` are not negative and some size is positive.
  static func group(of digest: [UInt8], sizes: [Int], seed: UInt64) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ RandomStream.mixed(seed &+ 0x9E37_79B9_7F4A_7C15)
    for byte in digest { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    let total = UInt64(sizes.reduce(0, +))
    var place = RandomStream.mixed(hash).multipliedFullWidth(by: total).high
    for (group, size) in sizes.enumerated() {
      if place < UInt64(size) { return group }
      place -= UInt64(size)
    }
    return sizes.count - 1
  }
}
