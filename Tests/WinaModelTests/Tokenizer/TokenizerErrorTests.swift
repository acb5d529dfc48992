import Testing
import WinaModel
import WinaTestSupport

struct TokenizerErrorTests {
  /// The error that loading a file gives, with the file's path cut down to its name.
  private func failure(_ json: String) throws -> TokenizerError {
    let directory = try TemporaryDirectory()
    let path = try directory.write(json, to: "tokenizer.json")
    var error = try #require(throws: TokenizerError.self) { try Tokenizer.load(path: path) }
    #expect(error.message.contains(path))
    error.message = error.message.replacing(directory.path + "/", with: "")
    return error
  }

  private func failure(_ change: (inout TokenizerFixture) -> Void) throws -> TokenizerError {
    var fixture = TokenizerFixture.byteLevel(merges: [("a", "b")])
    change(&fixture)
    return try failure(fixture.json)
  }

  @Test func anAbsentFileIsNamed() throws {
    let directory = try TemporaryDirectory()
    let error = try #require(throws: TokenizerError.self) {
      try Tokenizer.load(path: directory.path)
    }
    #expect(error.code == .unreadable)
    #expect(
      error.message == "cannot read tokenizer '\(directory.path)/tokenizer.json': "
        + "there is no such file")
  }

  @Test(arguments: [
    ("", "invalid JSON at byte 0: unexpected end of the file"),
    (#"{"model": {"#, "invalid JSON at byte 11: expected '\"', found the end of the file"),
    (#"{"model": nul}"#, "invalid JSON at byte 13: expected 'null'"),
    (#"{"a": "\ud800"}"#, "invalid JSON at byte 13: expected '\\'"),
    (#"{"a": 1} x"#, "invalid JSON at byte 9: text after the end"),
    (String(repeating: "[", count: 200_000), "invalid JSON at byte 64: nested too deeply"),
    ("[]", "invalid JSON at byte 0: expected an object at the top"),
  ])
  func brokenJSONIsLocated(json: String, reason: String) throws {
    let error = try failure(json)
    #expect(error.code == .invalidJSON)
    #expect(error.message == "tokenizer.json: \(reason)")
  }

  @Test func missingTablesAreNamed() throws {
    let vocabulary = try failure(#"{"model": {"type": "BPE", "merges": []}}"#)
    #expect(vocabulary.code == .missing)
    #expect(vocabulary.message == "tokenizer.json: 'model.vocab' is missing")
    let merges = try failure(#"{"model": {"type": "BPE", "vocab": {"a": 0}}}"#)
    #expect(merges.code == .missing)
    #expect(merges.message == "tokenizer.json: 'model.merges' is missing")
    #expect(merges.hint == "a BPE model needs its merge table")
    #expect(try failure("{}").message == "tokenizer.json: 'model' is missing")
  }

  @Test func mergesOfUnknownTokensAreNamed() throws {
    let left = try failure { $0.mergesJSON = #"["a b", "zz b"]"# }
    #expect(
      left.message
        == "tokenizer.json: 'model.merges[1]' joins 'zz' and 'b', but the vocabulary has no "
        + "token 'zz'")
    let product = try failure { $0.mergesJSON = #"[["b", "a"]]"# }
    #expect(product.message.hasSuffix("but the vocabulary has no token 'ba'"))
    let shape = try failure { $0.mergesJSON = #"["a b c"]"# }
    #expect(
      shape.message
        == "tokenizer.json: 'model.merges[0]' must be a pair of tokens, not 'a b c'")
  }

  @Test func contradictionsInTheVocabularyAreNamed() throws {
    let twice = try failure { $0.vocabulary = [("a", 0), ("b", 0)] }
    #expect(twice.message == "tokenizer.json: 'model.vocab' gives id 0 to both 'a' and 'b'")
    let repeated = try failure { $0.vocabulary = [("a", 0), ("a", 1)] }
    #expect(repeated.message == "tokenizer.json: 'model.vocab' names the token 'a' twice")
    let huge = try failure { $0.vocabulary = [("a", 1 << 40)] }
    #expect(huge.message.hasPrefix("tokenizer.json: 'model.vocab' maps 'a' to 1099511627776"))
    let unknown = try failure { $0.modelExtras = #", "unk_token": "<unk>""# }
    #expect(
      unknown.message
        == "tokenizer.json: 'model.unk_token' is '<unk>', which the vocabulary does not hold")
  }

  @Test func whatIsNotUnderstoodIsRefused() throws {
    let model = try failure(#"{"model": {"type": "WordPiece", "vocab": {}}}"#)
    #expect(model.code == .unsupported)
    #expect(
      model.message == "tokenizer.json: 'model.type' has the unsupported value 'WordPiece'")
    #expect(model.hint == "supported: BPE")
    let step = try failure {
      $0.preTokenizer = #"{"type": "Sequence", "pretokenizers": [{"type": "Nope"}]}"#
    }
    #expect(
      step.message
        == "tokenizer.json: 'pre_tokenizer.pretokenizers[0].type' has the unsupported value 'Nope'")
    let key = try failure { $0.normalizer = #"{"type": "NFC", "flavour": "mild"}"# }
    #expect(
      key.message
        == "tokenizer.json: 'normalizer.flavour' is not a known key; its value is 'mild'")
    let dropout = try failure { $0.modelExtras = #", "dropout": 0.1"# }
    #expect(dropout.message == "tokenizer.json: 'model.dropout' has the unsupported value 0.1")
    let type = try failure { $0.modelExtras = #", "byte_fallback": "yes""# }
    #expect(
      type.message == "tokenizer.json: 'model.byte_fallback' must be true or false, not 'yes'")
    let regex = try failure {
      $0.preTokenizer =
        #"{"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated", "invert": false}"#
    }
    #expect(
      regex.message
        == "tokenizer.json: 'pre_tokenizer.pattern.Regex' is not a regular expression that can "
        + "be read: '('")
  }
}
