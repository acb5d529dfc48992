import Testing
import WinaModel
import WinaTestSupport

struct ByteLevelTokenizerTests {
  private static let qwen2 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"#

  private static func splitting(_ regex: String, behavior: String = "Isolated") -> String {
    """
    {"type": "Sequence", "pretokenizers": [
     {"type": "Split", "pattern": {"Regex": "\(regex)"}, "behavior": "\(behavior)", "invert": false},
     {"type": "ByteLevel", "add_prefix_space": true, "use_regex": false}]}
    """
  }

  /// The words of a text, made visible by a pre-tokenizer that puts a space before each.
  private func words(_ text: String, _ preTokenizer: String) throws -> [String] {
    let tokenizer = try TokenizerFixture.byteLevel(split: preTokenizer).load()
    let marked = tokenizer.encode(text, addSpecialTokens: false).map { UInt8($0) }
    return String(decoding: marked, as: UTF8.self)
      .split(separator: " ", omittingEmptySubsequences: true).map(String.init)
  }

  @Test func mergesApplyByRankAndThenLeftToRight() throws {
    let tokenizer = try TokenizerFixture.byteLevel(
      merges: [("b", "c"), ("a", "b"), ("a", "a"), ("aa", "a")]
    ).load()
    #expect(tokenizer.encode("abc", addSpecialTokens: false) == [97, 256])
    #expect(tokenizer.encode("ab", addSpecialTokens: false) == [257])
    #expect(tokenizer.encode("aaaaa", addSpecialTokens: false) == [258, 259])
  }

  @Test func mergesWrittenAsTextMeanTheSame() throws {
    var fixture = TokenizerFixture.byteLevel(merges: [("h", "e"), ("l", "l")])
    fixture.mergesJSON = ##"["#version: 0.2", "h e", "l l"]"##
    #expect(try fixture.load().encode("hello", addSpecialTokens: false) == [256, 257, 111])
  }

  @Test func ignoringMergesTakesWholeWordsFromTheVocabulary() throws {
    var fixture = TokenizerFixture.byteLevel(merges: [("a", "b")])
    fixture.vocabulary.append(("abc", 257))
    #expect(try fixture.load().encode("abc", addSpecialTokens: false) == [256, 99])
    fixture.modelExtras = #", "ignore_merges": true"#
    #expect(try fixture.load().encode("abc", addSpecialTokens: false) == [257])
  }

  @Test func tokensThatAreOnlyCanonicallyEquivalentStayApart() throws {
    var fixture = TokenizerFixture.byteLevel()
    fixture.preTokenizer = "null"
    fixture.decoder = "null"
    fixture.vocabulary = [("e\u{301}", 0), ("\u{E9}", 1), ("e", 2), ("\u{301}", 3)]
    fixture.merges = [("e", "\u{301}")]
    let tokenizer = try fixture.load()
    #expect(tokenizer.encode("e\u{301}", addSpecialTokens: false) == [0])
    #expect(tokenizer.encode("\u{E9}", addSpecialTokens: false) == [1])
    #expect(tokenizer.id(of: "\u{E9}") == 1)
    #expect(tokenizer.token(0).map { Array($0.unicodeScalars) } == ["e", "\u{301}"])
  }

  @Test func normalizationFormCComposesBeforeSplitting() throws {
    var fixture = TokenizerFixture.byteLevel()
    fixture.normalizer = #"{"type": "NFC"}"#
    let tokenizer = try fixture.load()
    #expect(tokenizer.encode("e\u{301}", addSpecialTokens: false) == [0xC3, 0xA9])
    // U+0F73 decomposes into two marks that sort before the dot below.
    let marks = tokenizer.encode("x\u{323}\u{F73}", addSpecialTokens: false).map { UInt8($0) }
    #expect(marks == Array("x\u{F71}\u{F72}\u{323}".utf8))
  }

  @Test func compatibilityFormSortsMarksAfterWhatItExpands() throws {
    var fixture = TokenizerFixture.byteLevel()
    fixture.normalizer = #"{"type": "NFKC"}"#
    let ids = try fixture.load().encode("\u{1C4}\u{323}", addSpecialTokens: false)
    #expect(ids.map { UInt8($0) } == Array("D\u{1E92}\u{30C}".utf8))
  }

  @Test func theScannerOfQwen2SplitsLikeItsPattern() throws {
    let split = Self.splitting(Self.qwen2)
    #expect(try words("don'T 'Réal", split) == ["don", "'T", "'", "Réal"])
    #expect(try words("x=12;(y)\n\n z", split) == ["x", "=", "1", "2", ";(", "y", ")\n\n", "z"])
    #expect(try words("a\n \tb", split) == ["a", "\n", "\tb"])
  }

  @Test func knownPatternsAgreeWithTheSameExpressionInTheGeneralEngine() throws {
    let gpt2 =
      #"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"#
    let llama3 = Self.qwen2.replacing(#"|\\p{N}|"#, with: #"|\\p{N}{1,3}|"#)
    var generator = SeededGenerator(seed: 11)
    for pattern in [gpt2, Self.qwen2, llama3] {
      let scanner = try TokenizerFixture.byteLevel(split: Self.splitting(pattern)).load()
      let general = try TokenizerFixture.byteLevel(split: Self.splitting("(?:\(pattern))")).load()
      for round in 0..<400 {
        let text = SampleText.make(using: &generator)
        #expect(
          scanner.encode(text, addSpecialTokens: false)
            == general.encode(text, addSpecialTokens: false),
          "round \(round): \(text.debugDescription)")
      }
    }
  }

  @Test(arguments: [
    ("Isolated", ["a", "-", "-", "b"]), ("Removed", ["a", "b"]),
    ("MergedWithPrevious", ["a-", "-", "b"]), ("MergedWithNext", ["a", "-", "-b"]),
    ("Contiguous", ["a", "--", "b"]),
  ])
  func splitBehavioursKeepTheDelimiterWhereTheySay(behavior: String, expected: [String]) throws {
    #expect(try words("a--b", Self.splitting("-", behavior: behavior)) == expected)
  }

  @Test func digitsPunctuationAndWhitespaceSplit() throws {
    func before(_ step: String) -> String {
      #"{"type": "Sequence", "pretokenizers": [\#(step), {"type": "ByteLevel", "use_regex": false}]}"#
    }
    #expect(try words("a12٣", before(#"{"type": "Digits"}"#)) == ["a", "12٣"])
    let individual = before(#"{"type": "Digits", "individual_digits": true}"#)
    #expect(try words("a12", individual) == ["a", "1", "2"])
    #expect(try words("a,!b", before(#"{"type": "Punctuation"}"#)) == ["a", ",", "!", "b"])
    #expect(
      try words("a_1 é->\tb", before(#"{"type": "Whitespace"}"#)) == ["a_1", "é", "->", "b"])
  }

  @Test func decodingBytesRoundTripsEveryText() throws {
    let tokenizer = try TokenizerFixture.byteLevel(
      merges: [("Ġ", "t"), ("h", "e"), ("Ġt", "he"), ("Ã", "©"), ("Ċ", "Ċ")]
    ).load()
    var generator = SeededGenerator(seed: 7)
    for round in 0..<500 {
      let text = SampleText.make(using: &generator)
      let ids = tokenizer.encode(text, addSpecialTokens: false)
      let back = tokenizer.decode(ids, skipSpecialTokens: false)
      #expect(
        Array(back.utf8) == Array(text.utf8), "round \(round): \(text.debugDescription)")
    }
  }

  @Test func bytesThatAreNotTextDecodeToReplacementCharacters() throws {
    let tokenizer = try TokenizerFixture.byteLevel().load()
    #expect(tokenizer.decode([0x61, 0xE6, 0x97, 0x62], skipSpecialTokens: false) == "a\u{FFFD}b")
    #expect(tokenizer.decode([0x61, 99_999, -1], skipSpecialTokens: false) == "a")
  }

  @Test func aMegabyteWithoutSpacesTakesSeconds() throws {
    let tokenizer = try TokenizerFixture.byteLevel(
      merges: [("a", "a"), ("aa", "aa"), ("aaaa", "aaaa"), ("a", "b")]
    ).load()
    let text = String(repeating: "a", count: 1 << 20)
    let clock = ContinuousClock()
    var ids: [Int32] = []
    let elapsed = clock.measure { ids = tokenizer.encode(text, addSpecialTokens: false) }
    // 2^20 letters in groups of eight.
    #expect(ids.count == 1 << 17)
    #expect(ids.allSatisfy { $0 == 258 })
    #expect(elapsed < .seconds(30))
  }
}
