/// The outcome of a permutation test on paired differences.
public struct PermutationResult: Codable, Sendable, Equatable {
  /// The mean of the differences.
  public let observed: Double
  /// The two-sided p value of the mean under random signs.
  public let pValue: Double
  /// How many sign assignments were looked at.
  public let repetitions: Int
  /// Whether all 2ⁿ sign assignments were enumerated.
  public let isExact: Bool
}

/// Permutation tests that exchange the two arms within each pair.
public enum PairedPermutation {
  /// The largest number of pairs for which all sign assignments are enumerated.
  public static let exactLimit = 16

  /// Tests whether paired differences are symmetric around zero by flipping their signs.
  ///
  /// Up to ``exactLimit`` pairs all 2ⁿ assignments are enumerated and p = #{|mean*| ≥ |mean|} / 2ⁿ;
  /// above, p = (1 + #) / (R + 1). Ties within rounding (1e-12 of Σ|d|) count as extreme.
  ///
  /// - Parameters:
  ///   - differences: One value per pair: a document's metric in one arm minus the other.
  ///   - repetitions: Random assignments when enumeration is too large.
  ///   - seed: The seed of the random assignments.
  /// - Throws: ``StatisticsError`` for no pairs, values that are not finite, or `repetitions < 1`.
  /// - Complexity: n / 8 additions a repetition (signed sums of eight pairs are tabulated), or O(n·2ⁿ).
  public static func signFlip(
    _ differences: [Double], repetitions: Int = 10_000, seed: UInt64
  ) throws -> PermutationResult {
    guard !differences.isEmpty else {
      throw StatisticsError.tooFew("a permutation test", have: 0, need: 1)
    }
    guard repetitions >= 1 else {
      throw StatisticsError.outOfRange("repetitions", "\(repetitions)", expected: "1…")
    }
    try requireFinite(differences, "paired differences")
    let count = differences.count
    let observed = differences.reduce(0, +)
    let slack = 1e-12 * differences.reduce(0) { $0 + abs($1) }
    let bar = abs(observed) - slack
    let mean = observed / Double(count)
    if count <= exactLimit {
      let extreme = enumerate(differences, bar: bar)
      let total = 1 << count
      return PermutationResult(
        observed: mean, pValue: Double(extreme) / Double(total), repetitions: total, isExact: true)
    }
    let table = signedSums(differences)
    var random = RandomStream(seed: seed)
    var extreme = 0
    for _ in 0..<repetitions where abs(flippedSum(table, using: &random)) >= bar {
      extreme += 1
    }
    return PermutationResult(
      observed: mean, pValue: Double(1 + extreme) / Double(repetitions + 1),
      repetitions: repetitions, isExact: false)
  }

  private static func enumerate(_ differences: [Double], bar: Double) -> Int {
    var extreme = 0
    for signs in 0..<(1 << differences.count) {
      var sum = 0.0
      for (index, value) in differences.enumerated() {
        sum += signs >> index & 1 == 1 ? -value : value
      }
      if abs(sum) >= bar { extreme += 1 }
    }
    return extreme
  }

  /// For every eight differences, their 256 signed sums: a set bit is a minus.
  private static func signedSums(_ differences: [Double]) -> [Double] {
    var table: [Double] = []
    table.reserveCapacity((differences.count + 7) / 8 * 256)
    for start in stride(from: 0, to: differences.count, by: 8) {
      let block = differences[start..<min(start + 8, differences.count)]
      for signs in 0..<256 {
        var sum = 0.0
        for (bit, value) in block.enumerated() { sum += signs >> bit & 1 == 1 ? -value : value }
        table.append(sum)
      }
    }
    return table
  }

  private static func flippedSum(_ table: [Double], using random: inout RandomStream) -> Double {
    var sum = 0.0
    var bits: UInt64 = 0
    for block in 0..<table.count / 256 {
      if block & 7 == 0 { bits = random.next() }
      sum += table[block * 256 + Int(bits & 255)]
      bits >>= 8
    }
    return sum
  }
}
