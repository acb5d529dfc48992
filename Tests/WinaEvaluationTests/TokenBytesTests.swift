import Foundation
import Testing
import WinaEvaluation
import WinaModel
import WinaTestSupport

@Suite("Token bytes") struct TokenBytesTests {
  private static let byteLevel = """
    {"version": "1.0", "normalizer": null,
     "added_tokens": [{"id": 6, "content": "<|end|>", "special": true, "single_word": false,
       "lstrip": false, "rstrip": false, "normalized": false}],
     "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
       "use_regex": true},
     "post_processor": null,
     "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
       "use_regex": true},
     "model": {"type": "BPE", "dropout": null, "unk_token": null,
       "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
       "byte_fallback": false, "ignore_merges": false,
       "vocab": {"a": 0, "Ġ": 1, "Ã": 2, "©": 3, "Ġa": 4, "Ċ": 5}, "merges": ["Ġ a"]}}
    """

  @Test("a byte-level token stands for as many bytes as it has characters, a special one for none")
  func byteLevelBytes() throws {
    let directory = try TemporaryDirectory()
    let tokenizer = try Tokenizer.load(
      path: directory.write(Self.byteLevel, to: "tokenizer.json"))
    let codec = TextCodec(tokenizer)
    let ids = try codec.encode("a aé\n", true)
    #expect(ids == [0, 4, 2, 3, 5])
    #expect(ids.flatMap(codec.bytes) == Array("a aé\n".utf8))
    #expect(codec.bytes(2) == [0xC3])
    #expect(codec.bytes(6) == [])
    #expect(codec.bytes(1234) == [])
    #expect(codec.specialText(6) == "<|end|>")
  }

  @Test(
    "the tokens of real tokenizers stand for the text they were made from",
    .enabled(if: SharedData.isPresent, "needs ../shared/data, which is absent"),
    arguments: ["gpt2", "llama-2", "stories-tok512"])
  func realTokenizers(name: String) throws {
    let codec = TextCodec(try Tokenizer.load(path: SharedData.path("tokenizers/\(name)")))
    let text = "The quick  brown fox\njumped: naïve café, 12,345 — 東京 🙂 end."
    let ids = try codec.encode(text, false)
    var bytes = ids.flatMap(codec.bytes)
    if bytes.first == 0x20 { bytes.removeFirst() }
    #expect(String(decoding: bytes, as: UTF8.self) == text)
  }
}
