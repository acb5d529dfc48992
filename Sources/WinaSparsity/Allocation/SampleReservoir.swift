import WinaStatistics

/// A choice of samples that does not depend on their order or on how they are divided.
public enum SampleReservoir {
  /// Returns the keyed hash by which samples are ordered; the lowest are chosen.
  ///
  /// - Parameters:
  ///   - digest: The bytes of the sample's digest.
  ///   - seed: The key.
  public static func hash(of digest: some Sequence<UInt8>, seed: UInt64) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ RandomStream.mixed(seed &+ 0x51ED_270B_9F4A_7C15)
    for byte in digest { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return RandomStream.mixed(hash)
  }
}
