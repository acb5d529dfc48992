import Testing
import WinaEvaluation

/// Which rows of a sample are gated.
struct EvaluationPolicyTests {
  private func choices(_ starts: [Int]) -> TokenizedSample {
    TokenizedSample(
      label: "a", kind: .choices, prompt: [],
      sequences: starts.map { start in
        TokenizedSample.Sequence(
          tokens: [Int32](repeating: 1, count: start + 3), scoredStart: start)
      }, tokenBytes: [], tokenWords: [])
  }

  private func document(_ tokens: Int) -> TokenizedSample {
    TokenizedSample(
      label: "a", kind: .document, prompt: [],
      sequences: [
        TokenizedSample.Sequence(tokens: [Int32](repeating: 1, count: tokens), scoredStart: 1)
      ], tokenBytes: [], tokenWords: [])
  }

  @Test func theDensePrefixIsOfRealTokens() {
    let policy = EvaluationPolicy(densePrefix: 3, routeTokens: 8)
    #expect(policy.firstGatedRow(choices([10, 10])) == 3)
    #expect(policy.firstGatedRow(document(100)) == 8)
    #expect(EvaluationPolicy(densePrefix: 9, routeTokens: 8).firstGatedRow(document(100)) == 9)
  }

  @Test(arguments: [(1, 0), (2, 1), (100, 1), (101, 2), (200, 2), (201, 3), (2048, 21)])
  func aFractionOfOnePercentIsThatOfWINAsScript(tokens: Int, dense: Int) {
    let policy = EvaluationPolicy(densePrefix: 0, denseFraction: 0.01, routeTokens: 0)
    #expect(policy.firstGatedRow(choices([tokens])) == dense)
    #expect(policy.firstGatedRow(document(tokens)) == dense)
  }

  @Test func thePromptEndsWhereTheFirstChoiceBegins() {
    let dense = EvaluationPolicy(densePrefix: 1, prompt: .dense, routeTokens: 4)
    #expect(dense.firstGatedRow(choices([12, 9])) == 9)
    #expect(dense.firstGatedRow(document(50)) == 4)
    let half = EvaluationPolicy(densePrefix: 1, prompt: .half, routeTokens: 4)
    #expect(half.firstGatedRow(choices([12, 9])) == 4)
    #expect(half.firstGatedRow(document(50)) == 25)
    #expect(half.firstGatedRow(choices([1])) == 1)
  }
}
