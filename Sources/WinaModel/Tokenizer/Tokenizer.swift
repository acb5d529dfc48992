import Foundation
import Synchronization

/// Text to token ids and back, as a `tokenizer.json` in Hugging Face format describes it.
///
/// Byte-pair encodings are supported, byte-level as in GPT-2, Llama 3 and Qwen, and in the manner
/// of SentencePiece with byte fallback as in Llama 2 and Phi 3. The ids are those of the Hugging
/// Face `tokenizers` library. A component that is not understood is an error when the file is
/// loaded, never a silent difference. The `truncation` and `padding` of the file are not applied.
public final class Tokenizer: Sendable {
  private let addedTokens: AddedTokens
  private let normalizer: TextNormalizer?
  private let preTokenizer: PreTokenizer?
  private let model: BytePairModel
  private let postProcessor: PostProcessor?
  private let decoder: TokenDecoder?
  /// Buffers that no thread uses at the moment.
  private let workspaces = Mutex<[BytePairModel.Workspace]>([])

  /// Loads a tokenizer.
  ///
  /// - Parameter path: The path of a `tokenizer.json` or of a directory that holds one.
  /// - Throws: ``TokenizerError`` naming the file and the key that is missing, wrong or unknown.
  public static func load(path: String) throws(TokenizerError) -> Tokenizer {
    var isDirectory: ObjCBool = false
    var file = path
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue
    {
      file = (path.hasSuffix("/") ? path : path + "/") + "tokenizer.json"
    }
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
    } catch {
      let exists = FileManager.default.fileExists(atPath: file)
      throw .unreadable(
        file, reason: exists ? error.localizedDescription : "there is no such file")
    }
    let root = try ModelJSONParser.parse(bytes, file: file)
    return try Tokenizer(TokenizerNode(file: file, key: "", value: root))
  }

  private init(_ root: TokenizerNode) throws(TokenizerError) {
    guard case .object = root.value else {
      throw .invalidJSON(root.file, byte: 0, reason: "expected an object at the top")
    }
    try root.expectOnly([
      "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "model",
      "post_processor", "decoder",
    ])
    model = try BytePairModel(root.required("model"))
    normalizer = try root.optional("normalizer").map(TextNormalizer.init)
    preTokenizer = try root.optional("pre_tokenizer").map(PreTokenizer.init)
    postProcessor = try root.optional("post_processor").map(PostProcessor.init)
    decoder = try root.optional("decoder").map(TokenDecoder.init)
    addedTokens = try AddedTokens(
      root.optional("added_tokens"), vocabulary: model.vocabulary, normalizer: normalizer)
    for id in postProcessor?.addedIDs ?? [] where token(id) == nil {
      throw .invalid(
        root.file, key: "post_processor", reason: "adds the id \(id), which no token has")
    }
  }

  /// The number of tokens, added tokens included.
  ///
  /// A model's embedding may have more rows than this, and ids may have gaps; see ``largestID``.
  public var vocabularySize: Int { model.vocabulary.count + addedTokens.additionalCount }

  /// The largest id that ``encode(_:addSpecialTokens:)`` can return.
  public var largestID: Int { max(model.vocabulary.largestID, addedTokens.largestID) }

  /// The ids of a text.
  ///
  /// - Parameters:
  ///   - text: Any text; added tokens written in it are recognised.
  ///   - addSpecialTokens: Whether to surround the ids with the tokens that the file's
  ///     post-processor asks for, such as a begin-of-text token.
  /// - Returns: The ids, empty for an empty text without special tokens.
  /// - Complexity: O(*n* log *n*) for *n* bytes.
  public func encode(_ text: String, addSpecialTokens: Bool) -> [Int32] {
    var workspace = workspaces.withLock { $0.popLast() } ?? BytePairModel.Workspace()
    let ids = encode(text, addSpecialTokens: addSpecialTokens, using: &workspace)
    workspaces.withLock { $0.append(workspace) }
    return ids
  }

  /// The ids of a text, found in the buffers of one thread.
  func encode(
    _ text: String, addSpecialTokens: Bool, using workspace: inout BytePairModel.Workspace
  ) -> [Int32] {
    var ids: [Int32] = []
    for section in addedTokens.sections(of: Array(text.utf8), normalizer: normalizer) {
      switch section {
      case .token(let id): ids.append(id)
      case .text(let bytes, let isAtOrigin):
        var pieces = PieceList(bytes, isAtOrigin: isAtOrigin)
        preTokenizer?.apply(to: &pieces)
        model.encode(pieces, into: &ids, using: &workspace)
      }
    }
    return postProcessor?.applied(to: ids, addSpecialTokens: addSpecialTokens) ?? ids
  }

  /// The text of ids.
  ///
  /// - Parameters:
  ///   - ids: Token ids; those that no token has are left out.
  ///   - skipSpecialTokens: Whether to leave out tokens that the file marks as special.
  /// - Returns: The text; bytes that are not UTF-8 become U+FFFD.
  public func decode(_ ids: [Int32], skipSpecialTokens: Bool) -> String {
    var tokens: [[UInt8]] = []
    tokens.reserveCapacity(ids.count)
    for id in ids {
      if let added = addedTokens.token(id) {
        if !(skipSpecialTokens && addedTokens.isSkippable(added)) { tokens.append(added.form) }
      } else if let token = model.vocabulary.token(id) {
        tokens.append(Array(token))
      }
    }
    if let decoder { return UTF8Text.string(Array(decoder.decoded(tokens).joined())) }
    return UTF8Text.string(Array(tokens.joined(separator: [0x20])))
  }

  /// The id of a token as the file spells it, such as `Ġthe` or `<s>`.
  public func id(of token: String) -> Int32? {
    let bytes = Array(token.utf8)
    return addedTokens.id(of: bytes) ?? model.vocabulary.id(of: bytes)
  }

  /// The token with an id, as the file spells it.
  public func token(_ id: Int32) -> String? {
    if let added = addedTokens.token(id) { return UTF8Text.string(added.content) }
    return model.vocabulary.token(id).map { UTF8Text.string($0) }
  }
}
