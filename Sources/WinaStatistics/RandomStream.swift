/// A reproducible stream of random bits: xoshiro256** seeded by SplitMix64.
///
/// The sequence is a function of `(seed, stream)` alone, on every machine and for any number of
/// threads. Streams of one seed are independent for all practical purposes: each starts at a state
/// made of four SplitMix64 outputs of a mixed pair.
///
/// ### References
/// Blackman & Vigna, *Scrambled Linear Pseudorandom Number Generators*, 2021,
/// [arXiv:1805.01407](https://arxiv.org/abs/1805.01407).
public struct RandomStream: RandomNumberGenerator, Sendable {
  private var s0: UInt64
  private var s1: UInt64
  private var s2: UInt64
  private var s3: UInt64

  /// Starts the main stream of `seed`.
  public init(seed: UInt64) { self.init(seed: seed, stream: 0) }

  /// Starts stream number `stream` of `seed`.
  public init(seed: UInt64, stream: UInt64) {
    var mixer = seed ^ Self.mixed(stream &* 0xD134_2543_DE82_EF95)
    func word() -> UInt64 {
      mixer &+= 0x9E37_79B9_7F4A_7C15
      return Self.mixed(mixer)
    }
    s0 = word()
    s1 = word()
    s2 = word()
    s3 = word()
  }

  /// Returns the SplitMix64 finaliser of `value`: a bijection that scatters every bit.
  public static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Returns the next 64 random bits.
  public mutating func next() -> UInt64 {
    let product = s1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << 45) | (s3 >> 19)
    return result
  }

  /// Returns a number drawn uniformly from [0, 1) with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Returns an index drawn uniformly, without bias, from `0..<bound`.
  ///
  /// - Precondition: `bound > 0`.
  public mutating func index(below bound: Int) -> Int {
    precondition(bound > 0, "an index below \(bound) does not exist")
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let threshold = (0 &- range) % range
      while product.low < threshold { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }

  /// Returns a number drawn from the standard normal distribution (Box–Muller).
  public mutating func normal() -> Double {
    let radius = (-2 * naturalLogarithm(1 - uniform())).squareRoot()
    return radius * cosine(2 * .pi * uniform())
  }

  /// Permutes the elements uniformly (Fisher–Yates, from the end).
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      let other = index(below: last + 1)
      if other != last { elements.swapAt(last, other) }
    }
  }
}
