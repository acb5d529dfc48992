/// Python's `random.Random`: the Mersenne Twister MT19937, seeded with a small integer.
///
/// The harness's bootstrap draws with it; drawing alike is the only way to print the same standard
/// errors.
///
/// See Matsumoto and Nishimura, 1998, doi:10.1145/272991.272995.
struct PythonRandom {
  private var state = [UInt32](repeating: 0, count: 624)
  private var position = 624

  /// Seeds as `random.Random(seed)` does.
  init(seed: UInt32) {
    state[0] = 19_650_218
    for index in 1..<624 {
      state[index] = 1_812_433_253 &* (state[index - 1] ^ (state[index - 1] >> 30)) &+ UInt32(index)
    }
    var index = 1
    for _ in 0..<624 {
      state[index] = (state[index] ^ (mixed(index) &* 1_664_525)) &+ seed
      advance(&index)
    }
    for _ in 0..<623 {
      state[index] = (state[index] ^ (mixed(index) &* 1_566_083_941)) &- UInt32(index)
      advance(&index)
    }
    state[0] = 0x8000_0000
  }

  private func mixed(_ index: Int) -> UInt32 { state[index - 1] ^ (state[index - 1] >> 30) }

  private mutating func advance(_ index: inout Int) {
    index += 1
    guard index == 624 else { return }
    state[0] = state[623]
    index = 1
  }

  /// The next number in [0, 1), of 53 bits: `random()`.
  mutating func next() -> Double {
    let high = Double(word() >> 5)
    let low = Double(word() >> 6)
    return (high * 67_108_864 + low) / 9_007_199_254_740_992
  }

  private mutating func word() -> UInt32 {
    if position == 624 { twist() }
    var value = state[position]
    position += 1
    value ^= value >> 11
    value ^= (value << 7) & 0x9D2C_5680
    value ^= (value << 15) & 0xEFC6_0000
    return value ^ (value >> 18)
  }

  private mutating func twist() {
    for index in 0..<624 {
      let bits = (state[index] & 0x8000_0000) | (state[(index + 1) % 624] & 0x7FFF_FFFF)
      let last = bits & 1 == 1 ? 0x9908_B0DF as UInt32 : 0
      state[index] = state[(index + 397) % 624] ^ (bits >> 1) ^ last
    }
    position = 0
  }
}
