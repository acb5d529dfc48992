import Foundation
import Testing
import WinaEvaluation

@Suite("Score summary") struct ScoreSummaryTests {
  static let cost = CostModel(
    ModelShape(
      layers: 1, hidden: 8, heads: 2, keyValueHeads: 1, headSize: 4, feedForward: 12,
      vocabulary: 20))

  private func document(
    _ label: String, tokens: Int, nll: Double, kl: Double = 0, bytes: Int = 10
  ) -> SampleScore {
    SampleScore(
      label: label, kind: .document,
      first: TokenSums(tokens: 1, bytes: bytes, words: 1, nll: nll / 4, kl: kl / 4, agreements: 1),
      second: TokenSums(
        tokens: tokens - 1, bytes: 0, words: 1, nll: nll - nll / 4, kl: kl - kl / 4,
        agreements: 0), rows: tokens + 3)
  }

  private func close(_ value: MetricValue?, _ expected: Double) -> Bool {
    guard let value else { return false }
    return abs(value.value - expected) <= 1e-12 * max(1, abs(expected))
  }

  @Test("micro pools tokens, macro averages the labels' values")
  func microAndMacro() {
    let summary = ScoreSummary(
      [
        document("a", tokens: 2, nll: 2, kl: 1), document("b", tokens: 4, nll: 12, kl: 2),
        document("b", tokens: 2, nll: 6, kl: 0.5),
      ], cost: Self.cost, divergence: .kl)
    #expect(close(summary[.perplexity], exp(20.0 / 8)))
    #expect(close(summary[.perplexity, .label("a")], exp(1)))
    #expect(close(summary[.perplexity, .label("b")], exp(3)))
    #expect(close(summary[.perplexity, .macro], (exp(1.0) + exp(3.0)) / 2))
    #expect(close(summary[.kl], 3.5 / 8))
    #expect(close(summary[.kl, .macro], (0.5 + 2.5 / 6) / 2))
    #expect(close(summary[.bitsPerByte], 20.0 / 30 / log(2)))
    #expect(close(summary[.agreement], 3.0 / 8))
    #expect(summary[.accuracy] == nil)
    #expect(summary.count == 3)
  }

  @Test("documents too short to score are counted and left out")
  func skipped() {
    let summary = ScoreSummary(
      [document("a", tokens: 2, nll: 2), SampleScore(label: "b", kind: .document)],
      cost: Self.cost, divergence: nil)
    #expect(summary.skipped == 1)
    #expect(summary.count == 1)
    #expect(summary[.perplexity]?.count == 1)
    #expect(summary[.perplexity, .label("b")] == nil)
    #expect(summary[.kl] == nil)
    #expect(ScoreSummary([], cost: Self.cost, divergence: nil).values.isEmpty)
  }

  @Test(
    "standard errors are the harness's (O10)",
    arguments: [
      (1838, 0.752_992_383_025_027_2, 0.010_062_268_140_772_617),
      (1267, 0.602_999_210_734_017_4, 0.013_751_092_519_806_7),
      (10042, 0.464_449_312_885_879_3, 0.004_977_152_746_478_59),
    ])
  func harnessErrors(count: Int, mean: Double, error: Double) throws {
    let right = Int((mean * Double(count)).rounded())
    let estimate = try #require(
      MeanEstimate((0..<count).map { $0 < right ? 1.0 : 0.0 }))
    #expect(abs(estimate.mean - mean) < 1e-12)
    #expect(abs(try #require(estimate.standardError) - error) < 1e-12)
  }

  @Test("LAMBADA's perplexity is per item, not per token")
  func itemPerplexity() {
    func score(_ tokens: Int, _ nll: Double) -> SampleScore {
      SampleScore(
        label: "l", kind: .continuation,
        second: TokenSums(tokens: tokens, bytes: 4, words: 1, nll: nll, kl: 0, agreements: 0),
        logLikelihoods: [-nll], isGreedy: [false], rows: 5)
    }
    let summary = ScoreSummary([score(1, 2), score(3, 4)], cost: Self.cost, divergence: nil)
    #expect(close(summary[.itemPerplexity], exp(3)))
    #expect(close(summary[.perplexity], exp(1.5)))
    let mixed = ScoreSummary(
      [score(1, 2), document("d", tokens: 2, nll: 1)], cost: Self.cost, divergence: nil)
    #expect(mixed[.itemPerplexity] == nil)
  }

  @Test("one sample has no standard error, none has no mean")
  func smallSamples() {
    #expect(MeanEstimate([3.0])?.standardError == nil)
    #expect(MeanEstimate([]) == nil)
  }

  @Test("sparsity is over gated tokens and over all tokens")
  func sparsity() {
    let shape = Self.cost.shape
    let half = zip(shape.inputs, shape.outputs).map { UInt64($0 * $1 * 4 / 2) }
    let score = SampleScore(
      label: "a", kind: .document,
      second: TokenSums(tokens: 5, bytes: 5, words: 1, nll: 5, kl: 0, agreements: 5), rows: 8,
      gatedRows: 4, usedWeights: half,
      macs: MACBreakdown(linear: 80, attention: 0, head: 0, gate: 0, centring: 0, router: 0))
    let summary = ScoreSummary([score, score], cost: Self.cost, divergence: .kl)
    #expect(close(summary[.gatedSparsity], 0.5))
    #expect(close(summary[.sparsity], 0.25))
    #expect(close(summary[.macsPerToken], 10))
    #expect(
      close(summary[.paperMACsPerToken], 0.5 * Self.cost.linearMACs + Self.cost.headMACs))
  }

  @Test("the best profile is chosen on the first half and scored on the second")
  func best() {
    func score(_ first: Double, _ second: Double) -> SampleScore {
      SampleScore(
        label: "a", kind: .document,
        first: TokenSums(tokens: 2, bytes: 2, words: 0, nll: 1, kl: first, agreements: 2),
        second: TokenSums(tokens: 3, bytes: 3, words: 0, nll: 2, kl: second, agreements: 1))
    }
    let scores = [score(0.5, 0.1), score(0.2, 0.9), score(0.2, 0.3)]
    #expect(SampleScore.best(of: scores) == 1)
    let held = scores[1].secondHalfOnly()
    #expect(held.total == scores[1].second)
    #expect(held.total.kl == 0.9)
  }
}
