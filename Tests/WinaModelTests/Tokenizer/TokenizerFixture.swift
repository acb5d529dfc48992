import Foundation
import WinaModel
import WinaTestSupport

/// The JSON of a small tokenizer, as text fragments that a test can replace one by one.
struct TokenizerFixture {
  var vocabulary: [(token: String, id: Int)]
  var merges: [(String, String)]
  var modelExtras = ""
  var mergesJSON: String?
  var addedTokens = "[]"
  var normalizer = "null"
  var preTokenizer = "null"
  var postProcessor = "null"
  var decoder = "null"

  /// The scalar that stands for each byte in byte-level vocabularies, built independently of the
  /// library: printable bytes first as themselves, the rest from U+0100.
  static let byteScalars: [Unicode.Scalar] = {
    let printable = Set(Array(33...126) + Array(161...172) + Array(174...255))
    var scalars: [Unicode.Scalar] = []
    for byte in 0..<256 {
      let rank = (0..<byte).filter { !printable.contains($0) }.count
      let value = printable.contains(byte) ? byte : 256 + rank
      scalars.append(Unicode.Scalar(UInt32(value)) ?? "?")
    }
    return scalars
  }()

  /// A byte-level tokenizer: the 256 bytes have their own value as id, merges follow from 256.
  static func byteLevel(
    merges: [(String, String)] = [],
    split: String = #"{"type": "ByteLevel", "add_prefix_space": false}"#
  ) -> TokenizerFixture {
    var vocabulary = byteScalars.enumerated().map { (token: String($1), id: $0) }
    for (left, right) in merges { vocabulary.append((left + right, vocabulary.count)) }
    return TokenizerFixture(
      vocabulary: vocabulary, merges: merges, preTokenizer: split,
      decoder: #"{"type": "ByteLevel"}"#)
  }

  /// A SentencePiece-style tokenizer with byte tokens at 3...258 and the pieces after them.
  static func sentencePiece(pieces: [String], merges: [(String, String)]) -> TokenizerFixture {
    var vocabulary: [(token: String, id: Int)] = [("<unk>", 0), ("<s>", 1), ("</s>", 2)]
    for byte in 0..<256 {
      vocabulary.append((String(format: "<0x%02X>", byte), vocabulary.count))
    }
    for piece in pieces { vocabulary.append((piece, vocabulary.count)) }
    return TokenizerFixture(
      vocabulary: vocabulary, merges: merges,
      modelExtras: #", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true"#,
      addedTokens: #"[{"id": 1, "content": "<s>", "special": true, "normalized": false}]"#,
      normalizer: """
        {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
         {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
        """,
      postProcessor: """
        {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
         "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}
        """,
      decoder: """
        {"type": "Sequence", "decoders": [
         {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
         {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
        """)
  }

  /// The whole file.
  var json: String {
    let tokens = vocabulary.map { "\(Self.quoted($0.token)): \($0.id)" }.joined(separator: ", ")
    let rules = merges.map { "[\(Self.quoted($0.0)), \(Self.quoted($0.1))]" }
    return """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": \(addedTokens),
       "normalizer": \(normalizer), "pre_tokenizer": \(preTokenizer),
       "post_processor": \(postProcessor), "decoder": \(decoder),
       "model": {"type": "BPE", "vocab": {\(tokens)},
       "merges": \(mergesJSON ?? "[\(rules.joined(separator: ", "))]")\(modelExtras)}}
      """
  }

  /// Loads the tokenizer through a file, the way programs do.
  func load() throws -> Tokenizer { try Self.load(json: json) }

  /// Loads a tokenizer from the text of a file.
  static func load(json: String) throws -> Tokenizer {
    let directory = try TemporaryDirectory()
    return try Tokenizer.load(path: directory.write(json, to: "tokenizer.json"))
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : "\(scalar)"
    }
    return "\"\(escaped.joined())\""
  }
}
