import Testing
import WinaModel
import WinaTestSupport

/// Small tokenizers of many settings against what the reference library makes of texts with them.
///
/// `Tests/Fixtures/tokenizers/generate.py` makes the cases; its merges know no borders of words,
/// so that a piece cut elsewhere gives other ids.
struct ReferenceCaseTests {
  @Test func everyCaseOfEverySettingIsReproduced() throws {
    var count = 0
    for setting in try TokenizerCases.all() {
      let tokenizer = try TokenizerFixture.load(json: setting.file.text)
      for item in setting.cases {
        let place = "\(setting.name): \(item.text.debugDescription)"
        #expect(tokenizer.encode(item.text, addSpecialTokens: false) == item.ids, "\(place)")
        #expect(tokenizer.encode(item.text, addSpecialTokens: true) == item.special, "\(place)")
        let decoded = tokenizer.decode(item.input, skipSpecialTokens: false)
        #expect(Array(decoded.utf8) == Array(item.decoded.utf8), "\(place)")
        let skipped = tokenizer.decode(item.input, skipSpecialTokens: true)
        #expect(Array(skipped.utf8) == Array(item.skipped.utf8), "\(place)")
        count += 1
      }
    }
    #expect(count > 700)
  }

  @Test func encodingOnThreadsGivesTheSameIDs() throws {
    for setting in try TokenizerCases.all().prefix(3) {
      let tokenizer = try TokenizerFixture.load(json: setting.file.text)
      let texts = Array(repeating: setting.cases.map(\.text) + ["", "the end"], count: 40).joined()
      let alone = tokenizer.encodeBatch(Array(texts), addSpecialTokens: true, threads: 1)
      #expect(alone == texts.map { tokenizer.encode($0, addSpecialTokens: true) })
      for threads in [2, 3, 8, 1000] {
        #expect(
          tokenizer.encodeBatch(Array(texts), addSpecialTokens: true, threads: threads) == alone)
      }
      #expect(tokenizer.encodeBatch([], addSpecialTokens: true, threads: 2).isEmpty)
    }
  }
}
