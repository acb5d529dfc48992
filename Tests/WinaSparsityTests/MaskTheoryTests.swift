import Testing
import WinaStatistics

/// What theory says of groups, on made-up activations with a column-orthogonal matrix.
///
/// With WᵀW diagonal the squared error of dropping coordinates is the sum of their squared scores, so
/// no matrix is needed: xᵢ stands for the score of coordinate i.
struct MaskTheoryTests {
  private static let width = 256
  private static let groups = 4
  private static let tokensOfGroup = 400

  /// Tokens of groups that differ in scale and in the means of their coordinates.
  private struct Tokens {
    var values: [[Double]] = []
    var group: [Int] = []
    var random: [Int] = []

    init() {
      var stream = RandomStream(seed: 12)
      let base = (0..<width).map { _ in 0.3 + stream.uniform() * 1.4 }
      for group in 0..<groups {
        let scale = [0.6, 0.9, 1.2, 1.6][group]
        let means = (0..<width).map { _ in stream.normal() * 0.8 }
        for _ in 0..<tokensOfGroup {
          values.append((0..<width).map { scale * base[$0] * (stream.normal() + means[$0]) })
          self.group.append(group)
          random.append(stream.index(below: groups))
        }
      }
    }
  }

  /// The relative squared error Σ dropped s² / Σ x² with thresholds that drop a share of scores.
  ///
  /// - Parameters:
  ///   - labels: What threshold a token uses.
  ///   - centres: What is subtracted before scoring, by label of the centre.
  private func error(
    _ tokens: Tokens, _ s: Double, labels: [Int], centredBy centres: [Int]? = nil
  ) -> Double {
    var scores = tokens.values
    if let centres {
      let count = (centres.max() ?? 0) + 1
      var means = [[Double]](repeating: [Double](repeating: 0, count: Self.width), count: count)
      for label in 0..<count {
        let members = centres.indices.filter { centres[$0] == label }
        for i in 0..<Self.width {
          means[label][i] =
            members.reduce(0) { $0 + tokens.values[$1][i] } / Double(max(members.count, 1))
        }
      }
      scores = scores.enumerated().map { token, row in
        zip(row, means[centres[token]]).map { $0 - $1 }
      }
    }
    var lost = 0.0
    for label in Set(labels) {
      let magnitudes = labels.indices.filter { labels[$0] == label }
        .flatMap { scores[$0].map { abs($0) } }.sorted()
      for value in magnitudes[..<Int(s * Double(magnitudes.count))] { lost += value * value }
    }
    let total = tokens.values.reduce(0) { $0 + $1.reduce(0) { $0 + $1 * $1 } }
    return lost / total
  }

  @Test(arguments: [0.25, 0.5, 0.65])
  func centringByGroupBeatsEverythingAndPooledThresholdsBeatThoseOfGroups(s: Double) {
    let tokens = Tokens()
    let all = [Int](repeating: 0, count: tokens.values.count)
    let perToken = Array(tokens.values.indices)
    let pooled = error(tokens, s, labels: all)
    let quantile = error(tokens, s, labels: tokens.group)
    let topK = error(tokens, s, labels: perToken)
    let global = error(tokens, s, labels: all, centredBy: all)
    let grouped = error(tokens, s, labels: all, centredBy: tokens.group)
    let shuffled = error(tokens, s, labels: all, centredBy: tokens.random)
    #expect(grouped < global)
    #expect(grouped < shuffled)
    #expect(abs(shuffled / global - 1) < 0.03)
    #expect(global < pooled)
    #expect(pooled < quantile)
    #expect(quantile < topK)
  }
}
