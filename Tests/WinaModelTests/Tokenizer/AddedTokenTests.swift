import Testing
import WinaModel

struct AddedTokenTests {
  private func tokenizer(_ tokens: String, normalizer: String = "null") throws -> Tokenizer {
    var fixture = TokenizerFixture.byteLevel()
    fixture.addedTokens = "[\(tokens)]"
    fixture.normalizer = normalizer
    return try fixture.load()
  }

  private func ids(_ text: String, _ tokenizer: Tokenizer) -> [Int32] {
    tokenizer.encode(text, addSpecialTokens: false)
  }

  @Test func theLongestTokenThatStartsFirstIsTaken() throws {
    let tokenizer = try tokenizer(
      #"{"id": 256, "content": "<a", "normalized": false}, {"id": 257, "content": "<a>", "normalized": false}"#
    )
    #expect(ids("x<a><a", tokenizer) == [120, 257, 256])
    #expect(tokenizer.vocabularySize == 258)
    #expect(tokenizer.id(of: "<a>") == 257)
    #expect(tokenizer.token(256) == "<a")
  }

  @Test func strippingTakesTheWhiteSpaceBesideAToken() throws {
    let both = try tokenizer(
      #"{"id": 256, "content": "<m>", "lstrip": true, "rstrip": true, "normalized": false}"#)
    #expect(ids("a \n<m>\t b", both) == [97, 256, 98])
    let right = try tokenizer(
      #"{"id": 256, "content": "<m>", "rstrip": true, "normalized": false}"#)
    #expect(ids("a <m>  b", right) == [97, 32, 256, 98])
  }

  @Test func singleWordsAreIgnoredInsideWords() throws {
    let tokenizer = try tokenizer(
      #"{"id": 256, "content": "cat", "single_word": true, "normalized": false}"#)
    #expect(ids("cat", tokenizer) == [256])
    #expect(ids("-cat-", tokenizer) == [45, 256, 45])
    #expect(ids("cats", tokenizer) == [99, 97, 116, 115])
    #expect(ids("écat", tokenizer) == [0xC3, 0xA9, 99, 97, 116])
  }

  @Test func normalizedTokensAreFoundInTheNormalizedText() throws {
    let lowercase = #"{"type": "Lowercase"}"#
    let normalized = try tokenizer(
      #"{"id": 256, "content": "Key", "normalized": true}"#, normalizer: lowercase)
    #expect(ids("KEY", normalized) == [256])
    let literal = try tokenizer(
      #"{"id": 256, "content": "Key", "normalized": false}"#, normalizer: lowercase)
    #expect(ids("KEY", literal) == [107, 101, 121])
    #expect(ids("Key", literal) == [256])
  }

  @Test func onlySpecialTokensAreSkipped() throws {
    let tokenizer = try tokenizer(
      #"""
      {"id": 256, "content": "<end>", "special": true, "normalized": false},
      {"id": 257, "content": "<tool>", "special": false, "normalized": false}
      """#)
    #expect(tokenizer.decode([97, 256, 257], skipSpecialTokens: true) == "a<tool>")
    #expect(tokenizer.decode([97, 256, 257], skipSpecialTokens: false) == "a<end><tool>")
  }
}
