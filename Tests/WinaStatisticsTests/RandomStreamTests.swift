import Testing
import WinaStatistics

@Suite("Random stream") struct RandomStreamTests {
  @Test func sameSeedGivesSameSequenceAndOtherSeedsOrStreamsDoNot() {
    func head(_ seed: UInt64, _ stream: UInt64) -> [UInt64] {
      var random = RandomStream(seed: seed, stream: stream)
      return (0..<8).map { _ in random.next() }
    }
    #expect(head(7, 0) == head(7, 0))
    let all = [head(7, 0), head(8, 0), head(7, 1), head(8, 1), head(0, 7)]
    #expect(Set(all).count == all.count)
  }

  /// The expected words come from a separate Python program.
  ///
  /// `s = [splitmix() for _ in range(4)]` from state 0, then `rotl(s[1]*5, 7)*9` and the update.
  @Test func matchesTheReferenceRecurrence() {
    var random = RandomStream(seed: 0)
    #expect(
      (0..<3).map { _ in random.next() } == [
        0x99EC_5F36_CB75_F2B4, 0xBF6E_1F78_4956_452A, 0x1A5F_849D_4933_E6E0,
      ])
  }

  @Test func indicesAreUniformAndInRange() {
    var random = RandomStream(seed: 3)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[random.index(below: 7)] += 1 }
    let chiSquare = counts.reduce(0.0) { $0 + (Double($1) - 10_000) * (Double($1) - 10_000) / 1e4 }
    #expect(chiSquare < 22.5)  // 99.9 % point of six degrees of freedom
    #expect(random.index(below: 1) == 0)
  }

  @Test func normalsHaveUnitMoments() {
    var random = RandomStream(seed: 5)
    let values = (0..<50_000).map { _ in random.normal() }
    let mean = values.reduce(0, +) / 50_000
    let variance = values.reduce(0) { $0 + $1 * $1 } / 50_000
    #expect(abs(mean) < 0.02)
    #expect(abs(variance - 1) < 0.03)
  }

  @Test func shufflePermutes() {
    for seed in UInt64(0)..<50 {
      var random = RandomStream(seed: seed)
      var values = Array(0..<20)
      random.shuffle(&values)
      #expect(values.sorted() == Array(0..<20))
    }
  }
}
