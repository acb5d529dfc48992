import Testing
import WinaDiagnostics
import WinaTestSupport

@Suite("Spelling") struct SpellingSuggestionTests {
  private let known = ["wina", "wina_all", "teal", "cats", "sparsity", "evaluate"]

  @Test func nearWordsAreFound() {
    let expected = [
      "wna": "wina", "Wina": "wina", "wina-all": "wina_all", "tael": "teal",
      "sparcity": "sparsity", "evalaute": "evaluate", "cat": "cats",
    ]
    for (word, meant) in expected {
      #expect(SpellingSuggestion.nearest(to: word, among: known) == meant, "\(word)")
    }
  }

  @Test func farWordsAreNot() {
    for word in ["dense", "x", "", "sprstyxx", String(repeating: "a", count: 100_000)] {
      #expect(SpellingSuggestion.nearest(to: word, among: known) == nil, "\(word.prefix(9))")
    }
  }

  @Test func equallyNearWordsGiveTheFirstOfTheAlphabet() {
    #expect(SpellingSuggestion.nearest(to: "bat", among: ["rat", "cat", "hat"]) == "cat")
  }

  @Test func distancesAreThoseOfTheTextbook() {
    #expect(SpellingSuggestion.distance("kitten", "sitting", limit: 9) == 3)
    #expect(SpellingSuggestion.distance("ab", "ba", limit: 9) == 1)
    #expect(SpellingSuggestion.distance("", "abc", limit: 9) == 3)
    #expect(SpellingSuggestion.distance("kitten", "sitting", limit: 2) == nil)
  }

  @Test func distanceIsSymmetricAndBounded() {
    for seed in 0..<500 {
      var random = SeededGenerator(seed: UInt64(seed))
      func word() -> String {
        let count = Int.random(in: 0...7, using: &random)
        return String((0..<count).compactMap { _ in "abc".randomElement(using: &random) })
      }
      let (a, b) = (word(), word())
      let distance = SpellingSuggestion.distance(a, b, limit: 99)
      #expect(distance == SpellingSuggestion.distance(b, a, limit: 99), "\(a) \(b)")
      #expect((distance == 0) == (a == b))
      #expect(distance ?? 99 <= max(a.count, b.count))
      for limit in 0...7 {
        let bounded = SpellingSuggestion.distance(a, b, limit: limit)
        #expect(bounded == (distance ?? 99 <= limit ? distance : nil), "\(a) \(b) \(limit)")
      }
    }
  }
}
