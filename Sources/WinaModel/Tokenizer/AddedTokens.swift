/// The tokens that are found in a text as a whole, before the model sees it.
struct AddedTokens: Sendable {
  /// One token and how it is found.
  struct Token: Sendable {
    var id: Int32
    /// The token as the file spells it.
    var content: [Unicode.Scalar]
    /// The token as it is looked for and decoded: the content, normalised if the token says so.
    var form: [Unicode.Scalar]
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
    case text([Unicode.Scalar], isAtOrigin: Bool)
  }

  private var tokens: [Int32: Token] = [:]
  private var ids: [[Unicode.Scalar]: Int32] = [:]
  private var specialContents: Set<[Unicode.Scalar]> = []
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
    for element in try node?.elements() ?? [] {
      var token = try Token(element)
      if token.content.isEmpty { continue }
      if let known = ids[token.content] ?? vocabulary.id(of: token.content[...]) {
        token.id = known
      } else {
        token.id = Int32(max(vocabulary.count, largestID + 1))
        additionalCount += 1
        if let owner = vocabulary.token(token.id) {
          throw element.invalid(
            "gives '\(String(scalars: token.content))' the id \(token.id) of "
              + "'\(String(scalars: owner))', because the vocabulary has gaps")
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
  func id(of content: [Unicode.Scalar]) -> Int32? { ids[content] }

  /// Whether decoding leaves a token out when asked to skip special tokens.
  ///
  /// As in the reference, a special token that the normaliser rewrites is not left out.
  func isSkippable(_ token: Token) -> Bool { specialContents.contains(token.form) }

  /// The token with an id.
  func token(_ id: Int32) -> Token? { tokens[id] }

  /// Cuts a text at the tokens found in it and normalises what lies between them.
  func sections(of text: [Unicode.Scalar], normalizer: TextNormalizer?) -> [Section] {
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

  private func sections(of text: [Unicode.Scalar], using trie: TokenTrie, isAtOrigin: Bool)
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
        let continuesLeft = start > 0 && text[start - 1].isWordScalar
        let continuesRight = end < text.count && text[end].isWordScalar
        if continuesLeft || continuesRight { continue }
      }
      if token.stripsLeft {
        while start > covered, text[start - 1].properties.isWhitespace { start -= 1 }
      }
      if token.stripsRight {
        while end < text.count, text[end].properties.isWhitespace { end += 1 }
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
    content = try node.required("content").scalars()
    form = content
    isSpecial = try node.flag("special", default: false)
    stripsLeft = try node.flag("lstrip", default: false)
    stripsRight = try node.flag("rstrip", default: false)
    isSingleWord = try node.flag("single_word", default: false)
    isNormalized = try node.flag("normalized", default: !isSpecial)
  }
}
