/// A small reproducible random number generator (SplitMix64) for property tests.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Starts the sequence that belongs to `seed`.
  public init(seed: UInt64) { state = seed }

  /// Returns the next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Returns a float drawn uniformly from `range`.
  public mutating func float(in range: ClosedRange<Float> = -1...1) -> Float {
    Float.random(in: range, using: &self)
  }

  /// Returns `count` floats drawn from a normal distribution with the given standard deviation.
  public mutating func normals(_ count: Int, deviation: Double = 1) -> [Float] {
    (0..<count).map { _ in
      let u = Double.random(in: Double.leastNonzeroMagnitude..<1, using: &self)
      let v = Double.random(in: 0..<1, using: &self)
      return Float(deviation * normalDeviate(u, v))
    }
  }
}
