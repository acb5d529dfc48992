/// The tokens that are found in a text as a whole, before the model sees it.
struct AddedTokens: Sendable {
  /// One token and how it is found.
  struct Token: Sendable {
    var id: Int32
    /// The token as the file spells it.
    var content: [UInt8]
    /// The token as it is looked for and decoded: the content, normalised if the token says so.
    var form: [UInt8]
    /// Whether it is a mark for the model rather than text.
    var isSpecial: Bool
    /// Whether it takes the white space before it.
    var stripsLeft: Bool
    /// Whether it takes the white space after it.
    var stripsRight: Bool
    /// Whether it is ignored inside a word.
    var isSingleWord: Bool
    /// Whether it is looked for in the normalised text.
    var isNormalized: Bool
  }

  /// A stretch of a text: a token or what lies between tokens.
  enum Section {
    case token(Int32)
    case text([UInt8], isAtOrigin: Bool)
  }

  private var tokens: [Int32: Token] = [:]
  private var ids: [[UInt8]: Int32] = [:]
  private var specialContents: Set<[UInt8]> = []
  private var literal = TokenTrie()
  private var normalized = TokenTrie()

  /// The number of tokens that the model's vocabulary does not hold.
  private(set) var additionalCount = 0

  /// The largest id of an added token, -1 if there is none.
  private(set) var largestID = -1

  /// Reads the `added_tokens` array of a tokenizer file.
  ///
  /// Ids follow the reference, which does not read them from the file: a token of the vocabulary
  /// keeps its id there, others are numbered from the size of the vocabulary in file order.
  init(
    _ node: TokenizerNode?, vocabulary: TokenVocabulary, normalizer: TextNormalizer?
  ) throws(TokenizerError) {
    var order: [Token] = []
    var writtenIDs: Set<Int32> = []
    for element in try node?.elements() ?? [] {
      var token = try Token(element)
      if !writtenIDs.insert(token.id).inserted {
        throw element.invalid("has the id \(token.id) of a token before it")
      }
      if token.content.isEmpty { continue }
      if ids[token.content] != nil {
        throw element.invalid("is '\(UTF8Text.string(token.content))' for the second time")
      }
      if let known = vocabulary.id(of: token.content) {
        token.id = known
      } else {
        token.id = Int32(max(vocabulary.count, largestID + 1))
        additionalCount += 1
        if let owner = vocabulary.token(token.id) {
          throw element.invalid(
            "gives '\(UTF8Text.string(token.content))' the id \(token.id) of "
              + "'\(UTF8Text.string(owner))', because the vocabulary has gaps")
        }
      }
      if token.isNormalized, let normalizer {
        token.form = normalizer.normalized(token.content)
      }
      tokens[token.id] = token
      ids[token.content] = token.id
      largestID = max(largestID, Int(token.id))
      order.append(token)
      if token.isSpecial { specialContents.insert(token.content) }
    }
    for token in order.filter(\.isSpecial) + order.filter({ !$0.isSpecial }) {
      if token.isNormalized {
        normalized.insert(token.form, id: token.id)
      } else {
        literal.insert(token.form, id: token.id)
      }
    }
  }

  /// The id of a token.
  func id(of content: [UInt8]) -> Int32? { ids[content] }

  /// Whether decoding leaves a token out when asked to skip special tokens.
  ///
  /// As in the reference, a special token that the normaliser rewrites is not left out.
  func isSkippable(_ token: Token) -> Bool { specialContents.contains(token.form) }

  /// The token with an id.
  func token(_ id: Int32) -> Token? { tokens[id] }

  /// Cuts a text at the tokens found in it and normalises what lies between them.
  func sections(of text: [UInt8], normalizer: TextNormalizer?) -> [Section] {
    var result: [Section] = []
    for outer in sections(of: text, using: literal, isAtOrigin: true) {
      guard case .text(let raw, let isAtOrigin) = outer else {
        result.append(outer)
        continue
      }
      let rewritten = normalizer?.normalized(raw) ?? raw
      result.append(
        contentsOf: sections(of: rewritten, using: normalized, isAtOrigin: isAtOrigin))
    }
    return result
  }

  private func sections(of text: [UInt8], using trie: TokenTrie, isAtOrigin: Bool)
    -> [Section]
  {
    if text.isEmpty { return [] }
    if trie.isEmpty { return [.text(text, isAtOrigin: isAtOrigin)] }
    var sections: [Section] = []
    var covered = 0
    var position = 0
    while let match = trie.firstMatch(in: text, from: position) {
      position = match.range.upperBound
      guard let token = tokens[match.id] else { continue }
      var (start, end) = (match.range.lowerBound, match.range.upperBound)
      if token.isSingleWord {
        if start > 0, UTF8Text.scalar(text, before: start).isWordScalar { continue }
        if end < text.count, UTF8Text.unicode(text, at: end).isWordScalar { continue }
      }
      if token.stripsLeft {
        while start > covered, UTF8Text.scalar(text, before: start).properties.isWhitespace {
          start = UTF8Text.start(text, before: start)
        }
      }
      if token.stripsRight {
        while end < text.count {
          let scalar = UTF8Text.unicode(text, at: end)
          if !scalar.properties.isWhitespace { break }
          end += UTF8.width(scalar)
        }
      }
      if covered < start {
        sections.append(
          .text(Array(text[covered..<start]), isAtOrigin: isAtOrigin && covered == 0))
      }
      sections.append(.token(token.id))
      covered = end
    }
    if covered < text.count {
      sections.append(.text(Array(text[covered...]), isAtOrigin: isAtOrigin && covered == 0))
    }
    return sections
  }
}

extension AddedTokens.Token {
  /// Reads one element of `added_tokens`.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    try node.expectOnly([
      "id", "content", "special", "lstrip", "rstrip", "single_word", "normalized",
    ])
    id = try node.required("id").tokenID()
    content = Array(try node.required("content").string().utf8)
    form = content
    isSpecial = try node.flag("special", default: false)
    stripsLeft = try node.flag("lstrip", default: false)
    stripsRight = try node.flag("rstrip", default: false)
    isSingleWord = try node.flag("single_word", default: false)
    isNormalized = try node.flag("normalized", default: !isSpecial)
  }
}
