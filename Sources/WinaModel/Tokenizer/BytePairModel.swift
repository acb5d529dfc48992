import Synchronization

/// A byte-pair encoding: splits a word into scalars and joins neighbours by the rules of lowest rank.
///
/// The name follows R. Sennrich, B. Haddow, A. Birch, "Neural Machine Translation of Rare Words
/// with Subword Units", ACL 2016. What happens to scalars outside the vocabulary follows the
/// Hugging Face implementation, whose ids are the reference.
final class BytePairModel: Sendable {
  let vocabulary: TokenVocabulary
  private let merges: MergeTable
  private let unknown: Int32?
  private let fusesUnknown: Bool
  private let byteTokens: [Int32?]?
  private let ignoresMerges: Bool
  private let cache = Mutex(WordCache())

  /// Reads the `model` object of a tokenizer file.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    let kind = try node.optional("type")
    if let kind, try kind.string() != "BPE" { throw kind.unsupported(known: ["BPE"]) }
    let vocabularyHint = "the file is not a complete tokenizer; fetch it again"
    let tokens = try TokenVocabulary(node.required("vocab", hint: vocabularyHint))
    merges = try MergeTable(
      node.required("merges", hint: "a BPE model needs its merge table"), vocabulary: tokens)
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let affix = try node.optional(name), try !affix.string().isEmpty {
        throw affix.unsupported(known: ["null", "''"])
      }
    }
    if let dropout = try node.optional("dropout") {
      switch dropout.value {
      case .integer(0), .number(0): break
      default: throw dropout.unsupported(known: ["null"])
      }
    }
    if let unknownNode = try node.optional("unk_token") {
      guard let id = tokens.id(of: try unknownNode.scalars()[...]) else {
        throw unknownNode.invalid(
          "is \(unknownNode.value.summary), which the vocabulary does not hold")
      }
      unknown = id
    } else {
      unknown = nil
    }
    fusesUnknown = try node.flag("fuse_unk", default: false)
    ignoresMerges = try node.flag("ignore_merges", default: false)
    byteTokens =
      try node.flag("byte_fallback", default: false)
      ? (0...UInt8.max).map { tokens.id(of: Array(Self.byteToken($0).unicodeScalars)[...]) } : nil
    vocabulary = tokens
    try node.expectOnly([
      "type", "vocab", "merges", "continuing_subword_prefix", "end_of_word_suffix", "dropout",
      "unk_token", "fuse_unk", "ignore_merges", "byte_fallback",
    ])
  }

  /// The token that stands for a byte, such as `<0x0A>`.
  static func byteToken(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x" + (digits.utf8.count == 1 ? "0" : "") + digits + ">"
  }

  /// Appends the ids of a word.
  ///
  /// - Complexity: O(*n* log *n*) for a word of *n* scalars, O(*n*) for one in the cache.
  func encode(_ word: ArraySlice<Unicode.Scalar>, into ids: inout [Int32]) {
    if word.isEmpty { return }
    if ignoresMerges, let id = vocabulary.id(of: word) {
      ids.append(id)
      return
    }
    let isCacheable = word.count <= WordCache.longestWord
    if isCacheable, let known = cache.withLock({ $0.ids(of: word) }) {
      ids.append(contentsOf: known)
      return
    }
    let tokens = merged(symbols(of: word))
    ids.append(contentsOf: tokens)
    if isCacheable { cache.withLock { $0.store(tokens, for: word) } }
  }

  /// The ids of the scalars of a word, before any merge.
  private func symbols(of word: ArraySlice<Unicode.Scalar>) -> [Int32] {
    var symbols: [Int32] = []
    symbols.reserveCapacity(word.count)
    var hasPendingUnknown = false
    for scalar in word {
      if let id = vocabulary.id(of: scalar) {
        if hasPendingUnknown, let unknown { symbols.append(unknown) }
        hasPendingUnknown = false
        symbols.append(id)
      } else if let bytes = fallback(scalar) {
        // The reference writes a pending unknown token after the bytes that follow it.
        symbols.append(contentsOf: bytes)
      } else if let unknown {
        if hasPendingUnknown, !fusesUnknown { symbols.append(unknown) }
        hasPendingUnknown = true
      }
    }
    if hasPendingUnknown, let unknown { symbols.append(unknown) }
    return symbols
  }

  private func fallback(_ scalar: Unicode.Scalar) -> [Int32]? {
    guard let byteTokens else { return nil }
    var ids: [Int32] = []
    for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
      guard let id = byteTokens[Int(byte)] else { return nil }
      ids.append(id)
    }
    return ids
  }

  /// Applies the merge rules to a linked list of symbols, lowest rank and leftmost first.
  private func merged(_ initial: [Int32]) -> [Int32] {
    let count = initial.count
    if count < 2 { return initial }
    var symbols = initial
    var next = [Int32](1...Int32(count))
    next[count - 1] = -1
    var previous = [Int32](-1..<Int32(count - 1))

    var candidates: [UInt64] = []
    for position in 0..<(count - 1) {
      if let rank = merges.rank(symbols[position], symbols[position + 1]) {
        candidates.append(MergeQueue.candidate(rank: rank, position: position))
      }
    }
    var queue = MergeQueue(candidates)
    while let candidate = queue.pop() {
      let left = Int(candidate & 0xFFFF_FFFF)
      let product = merges.products[Int(candidate >> 32)]
      if symbols[left] < 0 || next[left] < 0 { continue }
      let right = Int(next[left])
      guard let rank = merges.rank(symbols[left], symbols[right]),
        merges.products[Int(rank)] == product
      else { continue }

      symbols[left] = product
      symbols[right] = -1
      next[left] = next[right]
      if next[left] >= 0 {
        previous[Int(next[left])] = Int32(left)
        if let rank = merges.rank(product, symbols[Int(next[left])]) {
          queue.push(MergeQueue.candidate(rank: rank, position: left))
        }
      }
      if previous[left] >= 0, let rank = merges.rank(symbols[Int(previous[left])], product) {
        queue.push(MergeQueue.candidate(rank: rank, position: Int(previous[left])))
      }
    }
    return symbols.filter { $0 >= 0 }
  }
}
