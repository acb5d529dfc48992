import Foundation
import Testing
import WinaEvaluation

/// Numbers that lm-evaluation-harness printed, or prints for the same input.
@Suite("Harness metrics") struct HarnessMetricTests {
  @Test(
    "standard errors of published accuracies (oracle O10)",
    arguments: [
      (0.7529923830250272, 1838, 0.010062268140772617),
      (0.6029992107340174, 1267, 0.0137510925198067),
      (0.4644493128858793, 10042, 0.00497715274647859),
    ])
  func published(accuracy: Double, count: Int, error: Double) throws {
    let right = Int((accuracy * Double(count)).rounded())
    let values = (0..<count).map { HarnessValue.number($0 < right ? 1 : 0) }
    let result = try #require(HarnessAggregation.result(.accuracy, values))
    #expect(result.value == accuracy)
    #expect(abs(try #require(result.standardError) - error) < 1e-15)
  }

  @Test("a perplexity's error is the harness's bootstrap, draw by draw")
  func bootstrap() throws {
    let fixture = try HarnessFixture.read("texts.json", as: HarnessFixture.Texts.self).bootstrap
    let result = try #require(
      HarnessAggregation.result(.perplexity, fixture.values.map { .number($0) }))
    #expect(abs(result.value - exp(14.375 / 5)) < 1e-12)
    let error = try #require(result.standardError)
    #expect(abs(error - fixture.error) < 1e-9 * fixture.error)
  }

  @Test("one value has no error, and no bootstrap is asked for with no iterations")
  func degenerate() throws {
    #expect(HarnessAggregation.result(.accuracy, []) == nil)
    let one = try #require(HarnessAggregation.result(.accuracy, [.number(1)]))
    #expect(one.value == 1 && one.standardError == nil)
    let perplexity = try #require(HarnessAggregation.result(.perplexity, [.number(-1)]))
    #expect(perplexity.standardError == nil)
    let none = HarnessAggregation.result(.perplexity, [.number(-1), .number(-2)], iterations: 0)
    #expect(none?.standardError == nil)
  }

  @Test("ratios of sums have no error")
  func ratios() throws {
    let values: [HarnessValue] = [.weighted(-10, 4), .weighted(-6, 12)]
    let words = try #require(HarnessAggregation.result(.wordPerplexity, values))
    #expect(abs(words.value - exp(1)) < 1e-12 && words.standardError == nil)
    let bits = try #require(HarnessAggregation.result(.bitsPerByte, values))
    #expect(abs(bits.value - 1 / log(2)) < 1e-12 && bits.standardError == nil)
  }

  @Test("groups are weighted by size with pooled errors")
  func pooled() throws {
    let fixture = try HarnessFixture.read("texts.json", as: HarnessFixture.Texts.self).pooled
    let tasks = zip(fixture.errors, fixture.sizes).map { error, size in
      (
        results: [HarnessResult(metric: .accuracy, value: error * 10, standardError: error)],
        size: size
      )
    }
    let group = try #require(HarnessAggregation.pooled(tasks).first)
    let mean = (0.5 * 100 + 0.2 * 340 + 0.31 * 171) / 611
    #expect(abs(group.value - mean) < 1e-15)
    #expect(abs(try #require(group.standardError) - fixture.error) < 1e-15)
    let without = tasks + [([HarnessResult(metric: .accuracy, value: 1, standardError: nil)], 1)]
    #expect(HarnessAggregation.pooled(without).first?.standardError == nil)
    #expect(HarnessAggregation.pooled([]).isEmpty)
  }

  @Test("the Brier score is the harness's")
  func brier() throws {
    let fixture = try HarnessFixture.read("texts.json", as: HarnessFixture.Texts.self).brier
    let values: [HarnessValue] = [
      .prediction(gold: 0, [0.5, 0.25, 0.25]), .prediction(gold: 2, [0.1, 0.2, 0.7]),
    ]
    let result = try #require(HarnessAggregation.result(.brier, values))
    #expect(abs(result.value - fixture) < 1e-15 && result.standardError == nil)
  }

  @Test("answers of GSM8K are found and compared as in the harness")
  func answers() throws {
    for item in try HarnessFixture.read("texts.json", as: HarnessFixture.Texts.self).answers {
      let filter = try #require(AnswerFilter(rawValue: item.filter))
      let found = filter.extract(item.answer)
      #expect(found == item.found, "\(item.filter) of '\(item.answer)'")
      #expect(
        AnswerFilter.matches(found, target: item.target) == (item.match == 1),
        "\(item.filter) of '\(item.answer)'")
    }
  }
}
