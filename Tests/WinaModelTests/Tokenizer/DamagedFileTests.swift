import Foundation
import Testing
import WinaModel
import WinaTestSupport

/// Tokenizer files that are damaged at random: each is an error that names it, or works.
struct DamagedFileTests {
  private static let texts = [
    "", "Hello 'S world 123\n\n  x", "日本語🙂 e\u{301}<tok> the\u{0}",
    String(repeating: "a", count: 60),
  ]

  private func check(_ path: String, _ place: String) {
    do throws(TokenizerError) {
      let tokenizer = try Tokenizer.load(path: path)
      for text in Self.texts {
        let ids = tokenizer.encode(text, addSpecialTokens: true)
        #expect(ids.allSatisfy { Int($0) <= tokenizer.largestID && tokenizer.token($0) != nil })
        _ = tokenizer.decode(ids + [-1, .max, 3], skipSpecialTokens: true)
      }
    } catch {
      #expect(error.message.contains(path), "\(place)")
      if error.code != .invalidJSON {
        #expect(error.message.contains("'"), "\(place): no key in \(error.message)")
      }
    }
  }

  /// `WINA_FUZZ_SECONDS=600` goes on for longer, and `WINA_FUZZ_SEED` makes it another sequence.
  @Test func everyDamagedFileIsRefusedOrWorks() throws {
    let environment = ProcessInfo.processInfo.environment
    let limit = environment["WINA_FUZZ_SECONDS"].flatMap { Int($0) }
    let seed = environment["WINA_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
    let files = try TokenizerCases.all().map(\.file)
    var mutator = TokenizerMutator(files: files, generator: SeededGenerator(seed: seed))
    let directory = try TemporaryDirectory()
    let path = directory.path + "/tokenizer.json"
    let clock = ContinuousClock()
    let end = clock.now + .seconds(limit ?? 0)
    var count = 0
    while limit == nil ? count < 1500 : clock.now < end {
      try Data(mutator.next()).write(to: URL(fileURLWithPath: path))
      let elapsed = clock.measure { check(path, "seed \(seed), file \(count)") }
      #expect(elapsed < .seconds(60), "seed \(seed), file \(count)")
      count += 1
    }
  }

  @Test(arguments: [
    // Numbers that are none, or too large for what they mean.
    (#""model": {"type": "BPE", "vocab": {"a": 1e400}, "merges": []}"#, "expected a value"),
    (#""model": {"type": "BPE", "vocab": {"a": 007}, "merges": []}"#, "expected a value"),
    (
      #""model": {"type": "BPE", "vocab": {"a": 99999999999999999999}, "merges": []}"#,
      "'model.vocab' maps 'a' to 1e+20"
    ),
    // Merges that make nothing, and that could go on forever.
    (
      #""model": {"type": "BPE", "vocab": {"a": 0, "": 1}, "merges": [["", "a"]]}"#,
      "'model.merges[0]' joins a token to nothing"
    ),
    (
      #""model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a", 1]]}"#,
      "'model.merges[0]' must be a pair of tokens"
    ),
    (
      #""model": {"type": "BPE", "vocab": {"a": 0}, "merges": {"a": "b"}}"#,
      "'model.merges' must be an array of merge rules"
    ),
    // Keys and tokens that are there twice.
    (#""model": {}, "model": {}"#, "'model' is given twice"),
    (
      #""model": {"type": "BPE", "type": "BPE", "vocab": {"a": 0}, "merges": []}"#,
      "'model.type' is given twice"
    ),
    // Bytes that cannot be spelled.
    (
      #""model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "byte_fallback": true}"#,
      "'model.vocab' has no token '<0x00>', which 'model.byte_fallback' needs"
    ),
  ])
  func brokenTablesAreNamed(members: String, reason: String) throws {
    let error = try #require(throws: TokenizerError.self) {
      try TokenizerFixture.load(json: "{\(members)}")
    }
    #expect(error.message.contains(reason), "\(error.message)")
  }

  @Test func addedTokensThatAreThereTwiceAreNamed() throws {
    func failure(_ tokens: String) throws -> String {
      var fixture = TokenizerFixture.byteLevel()
      fixture.addedTokens = "[\(tokens)]"
      return try #require(throws: TokenizerError.self) { try fixture.load() }.message
    }
    let first = #"{"id": 256, "content": "<a>"}, "#
    let id = try failure(first + #"{"id": 256, "content": "<b>"}"#)
    #expect(id.hasSuffix("'added_tokens[1]' has the id 256 of a token before it"))
    let content = try failure(first + #"{"id": 257, "content": "<a>"}"#)
    #expect(content.hasSuffix("'added_tokens[1]' is '<a>' for the second time"))
  }

  @Test func aTemplateOfAnAbsentTokenIsNamed() throws {
    var fixture = TokenizerFixture.byteLevel()
    fixture.postProcessor = #"{"type": "BertProcessing", "sep": ["x", 5], "cls": ["y", 256]}"#
    let error = try #require(throws: TokenizerError.self) { try fixture.load() }
    #expect(error.message.hasSuffix("'post_processor' adds the id 256, which no token has"))
  }

  @Test(arguments: [
    ("(", "a '(' is not closed"), ("a)", "a ')' closes nothing"), ("[a", "a '[' is not closed"),
    ("[z-a]", "a range of a class is empty"), ("*a", "'*' repeats nothing"),
    ("a{3,2}", "it repeats something at least 3 and at most 2 times"),
    ("a{200000}", "it repeats something 100001 times"), ("(?<=a+)", "has no fixed length"),
    (#"\p{Nope}"#, "there is no property 'Nope'"), (#"(a)\1"#, #"'\1' is not supported"#),
    ("a\\", "it ends with a backslash"), (#"\x{110000}"#, "names no character"),
    ("(?:(?:a{900}){900}){900}", "it is too long"),
    (String(repeating: "(", count: 5000), "it is nested too deeply"),
    (String(repeating: "[", count: 5000), "it is nested too deeply"), ("(?y)", "is not supported"),
  ])
  func expressionsThatCannotBeReadAreNamed(pattern: String, reason: String) throws {
    var fixture = TokenizerFixture.byteLevel()
    let escaped = pattern.replacing("\\", with: "\\\\")
    fixture.preTokenizer =
      #"{"type": "Split", "pattern": {"Regex": "\#(escaped)"}, "behavior": "Isolated"}"#
    let error = try #require(throws: TokenizerError.self) { try fixture.load() }
    #expect(error.code == .invalid)
    #expect(error.message.contains("'pre_tokenizer.pattern.Regex' is not a regular expression"))
    #expect(error.hint?.hasSuffix(reason) == true, "\(error)")
  }
}
