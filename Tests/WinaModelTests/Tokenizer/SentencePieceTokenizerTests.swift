import Testing
import WinaModel
import WinaTestSupport

struct SentencePieceTokenizerTests {
  private static let fixture = TokenizerFixture.sentencePiece(
    pieces: ["▁", "h", "i", "▁h", "▁hi", "t"], merges: [("▁", "h"), ("▁h", "i")])

  @Test func spacesBecomePiecesAndUnknownScalarsBecomeBytes() throws {
    let tokenizer = try Self.fixture.load()
    #expect(tokenizer.encode("hi hi", addSpecialTokens: false) == [263, 263])
    #expect(tokenizer.encode("hit", addSpecialTokens: true) == [1, 263, 264])
    let euro = tokenizer.encode("€", addSpecialTokens: false)
    let euroBytes: [Int32] = [3 + 0xE2, 3 + 0x82, 3 + 0xAC]
    #expect(euro == [259] + euroBytes)
    #expect(tokenizer.encode("", addSpecialTokens: true) == [1])
  }

  @Test func decodingDropsTheFirstSpaceAndJoinsBytes() throws {
    let tokenizer = try Self.fixture.load()
    #expect(tokenizer.decode([1, 263, 263], skipSpecialTokens: true) == "hi hi")
    #expect(tokenizer.decode([1, 263], skipSpecialTokens: false) == "<s> hi")
    let euro: [Int32] = [3 + 0xE2, 3 + 0x82, 3 + 0xAC]
    #expect(tokenizer.decode(euro, skipSpecialTokens: false) == "€")
    let cut: [Int32] = [3 + 0xE2, 3 + 0x82, 260]
    #expect(tokenizer.decode(cut, skipSpecialTokens: false) == "\u{FFFD}\u{FFFD}h")
  }

  @Test func everyTextSurvivesByteFallback() throws {
    // A text after an added token would come back with a space in front, as in the reference.
    var fixture = Self.fixture
    fixture.addedTokens = "[]"
    let tokenizer = try fixture.load()
    var generator = SeededGenerator(seed: 3)
    for round in 0..<300 {
      // The mark of spaces is the one thing that does not come back.
      let text = String(
        String.UnicodeScalarView(
          SampleText.make(using: &generator).unicodeScalars.filter { $0 != "▁" }))
      let back = tokenizer.decode(
        tokenizer.encode(text, addSpecialTokens: false), skipSpecialTokens: false)
      #expect(Array(back.utf8) == Array(text.utf8), "round \(round): \(text.debugDescription)")
    }
  }

  @Test func withoutByteTokensUnknownScalarsFuseIfAsked() throws {
    var fixture = Self.fixture
    fixture.modelExtras = #", "unk_token": "<unk>", "fuse_unk": true"#
    #expect(try fixture.load().encode("x€h", addSpecialTokens: false) == [259, 0, 260])
    fixture.modelExtras = #", "unk_token": "<unk>", "fuse_unk": false"#
    #expect(try fixture.load().encode("x€h", addSpecialTokens: false) == [259, 0, 0, 260])
    fixture.modelExtras = ""
    #expect(try fixture.load().encode("x€h", addSpecialTokens: false) == [262])
  }

  @Test(arguments: [
    ("always", [263, 1, 263]), ("first", [263, 1, 260, 261]), ("never", [260, 261, 1, 260, 261]),
  ])
  func metaspaceMarksTheStartAsItsSchemeSays(scheme: String, expected: [Int32]) throws {
    var fixture = Self.fixture
    fixture.normalizer = "null"
    let metaspace = #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "\#(scheme)"}"#
    fixture.preTokenizer = metaspace
    fixture.decoder = metaspace
    let tokenizer = try fixture.load()
    #expect(tokenizer.encode("hi<s>hi", addSpecialTokens: false) == expected)
    let ids = tokenizer.encode("hi hi", addSpecialTokens: false)
    #expect(tokenizer.decode(ids, skipSpecialTokens: false) == "hi hi")
  }
}
