/// A byte-pair encoding: splits a word into symbols and joins neighbours by the rules of lowest rank.
///
/// The name follows R. Sennrich, B. Haddow, A. Birch, "Neural Machine Translation of Rare Words
/// with Subword Units", ACL 2016. What happens to scalars outside the vocabulary follows the
/// Hugging Face implementation, whose ids are the reference.
final class BytePairModel: Sendable {
  /// The buffers of one thread that encodes.
  struct Workspace {
    fileprivate var cache = WordCache()
    fileprivate var merger = SymbolMerger()
    fileprivate var spelling: [UInt8] = []
  }

  let vocabulary: TokenVocabulary
  private let merges: MergeTable
  private let unknown: Int32?
  private let fusesUnknown: Bool
  private let byteTokens: [Int32]?
  private let ignoresMerges: Bool
  /// The ids of the spellings of bytes in a byte-level vocabulary, -1 where there is none.
  private let spelledBytes: [Int32]
  /// The ids of ASCII, -1 where there is none.
  private let ascii: [Int32]
  /// Whether a word is the same as its parts that start with the mark for a space.
  private let cutsAtMarks: Bool

  /// Reads the `model` object of a tokenizer file.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    try node.expectOnly([
      "type", "vocab", "merges", "continuing_subword_prefix", "end_of_word_suffix", "dropout",
      "unk_token", "fuse_unk", "ignore_merges", "byte_fallback",
    ])
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
    unknown = try Self.unknownToken(node, tokens)
    fusesUnknown = try node.flag("fuse_unk", default: false)
    ignoresMerges = try node.flag("ignore_merges", default: false)
    byteTokens = try Self.byteTokens(node, tokens)
    spelledBytes = ByteAlphabet.spellings.map { tokens.id(of: $0) ?? -1 }
    ascii = (0..<128).map { tokens.id(of: [UInt8($0)]) ?? -1 }
    // What is neither a token nor unknown is left out, and what was beside it comes together.
    cutsAtMarks =
      merges.joinsWordsNever && tokens.id(of: MergeTable.wordMark) != nil
      && (unknown != nil || byteTokens != nil)
    vocabulary = tokens
  }

  private static func unknownToken(_ node: TokenizerNode, _ tokens: TokenVocabulary)
    throws(TokenizerError) -> Int32?
  {
    guard let node = try node.optional("unk_token") else { return nil }
    guard let id = tokens.id(of: Array(try node.string().utf8)) else {
      throw node.invalid("is \(node.value.summary), which the vocabulary does not hold")
    }
    return id
  }

  private static func byteTokens(_ node: TokenizerNode, _ tokens: TokenVocabulary)
    throws(TokenizerError) -> [Int32]?
  {
    guard try node.flag("byte_fallback", default: false) else { return nil }
    var ids: [Int32] = []
    for byte in 0...UInt8.max {
      guard let id = tokens.id(of: Array(byteToken(byte).utf8)) else {
        throw try node.required("vocab").invalid(
          "has no token '\(byteToken(byte))', which 'model.byte_fallback' needs")
      }
      ids.append(id)
    }
    return ids
  }

  /// The token that stands for a byte, such as `<0x0A>`.
  static func byteToken(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x" + (digits.utf8.count == 1 ? "0" : "") + digits + ">"
  }

  /// Appends the ids of the words of a text.
  func encode(_ pieces: PieceList, into ids: inout [Int32], using workspace: inout Workspace) {
    if pieces.isByteLevel {
      for range in pieces.ranges {
        encode(pieces.bytes, range, isByteLevel: true, into: &ids, using: &workspace)
      }
    } else if cutsAtMarks, !ignoresMerges {
      for range in pieces.ranges { encodeParts(pieces.bytes, range, into: &ids, using: &workspace) }
    } else {
      for range in pieces.ranges {
        encode(pieces.bytes, range, isByteLevel: false, into: &ids, using: &workspace)
      }
    }
  }

  /// Appends the ids of a word that is cut in front of the marks that follow something else.
  private func encodeParts(
    _ bytes: [UInt8], _ range: Range<Int>, into ids: inout [Int32],
    using workspace: inout Workspace
  ) {
    var start = range.lowerBound
    var index = start
    var wasMark = true
    while index < range.upperBound {
      // No other scalar than the mark holds its three bytes.
      let isMark =
        bytes[index] == 0xE2 && bytes[index + 1] == 0x96 && bytes[index + 2] == 0x81
      if isMark, !wasMark {
        encode(bytes, start..<index, isByteLevel: false, into: &ids, using: &workspace)
        start = index
      }
      wasMark = isMark
      index += isMark ? 3 : 1
    }
    encode(bytes, start..<range.upperBound, isByteLevel: false, into: &ids, using: &workspace)
  }

  /// Appends the ids of a word.
  ///
  /// - Complexity: O(*n* log *n*) for a word of *n* bytes, O(*n*) for one in the cache.
  @inline(__always)
  private func encode(
    _ bytes: [UInt8], _ range: Range<Int>, isByteLevel: Bool, into ids: inout [Int32],
    using workspace: inout Workspace
  ) {
    let key = WordCache.Key(bytes, range)
    if let key, workspace.cache.appendIDs(of: key, to: &ids) { return }
    let count = ids.count
    encodeUnknown(bytes, range, isByteLevel: isByteLevel, into: &ids, using: &workspace)
    if let key { workspace.cache.store(ids[count...], for: key) }
  }

  private func encodeUnknown(
    _ bytes: [UInt8], _ range: Range<Int>, isByteLevel: Bool, into ids: inout [Int32],
    using workspace: inout Workspace
  ) {
    guard isByteLevel else {
      encodeSpelled(bytes, range, into: &ids, using: &workspace.merger)
      return
    }
    if !ignoresMerges, appendSpelledBytes(bytes, range, to: &workspace.merger.symbols) {
      workspace.merger.merge(by: merges)
      ids.append(contentsOf: workspace.merger.symbols)
      return
    }
    workspace.spelling.removeAll(keepingCapacity: true)
    for index in range { ByteAlphabet.append(bytes[index], to: &workspace.spelling) }
    let whole = 0..<workspace.spelling.count
    if ignoresMerges, let id = vocabulary.id(of: workspace.spelling, whole) {
      ids.append(id)
    } else if appendSpelledBytes(bytes, range, to: &workspace.merger.symbols) {
      workspace.merger.merge(by: merges)
      ids.append(contentsOf: workspace.merger.symbols)
    } else {
      encodeSpelled(workspace.spelling, whole, into: &ids, using: &workspace.merger)
    }
  }

  private func encodeSpelled(
    _ bytes: [UInt8], _ range: Range<Int>, into ids: inout [Int32],
    using merger: inout SymbolMerger
  ) {
    if ignoresMerges, let id = vocabulary.id(of: bytes, range) {
      ids.append(id)
      return
    }
    appendSymbols(bytes, range, to: &merger.symbols)
    merger.merge(by: merges)
    ids.append(contentsOf: merger.symbols)
  }

  /// Makes `symbols` the ids of the bytes of a word, or returns false if one has none.
  private func appendSpelledBytes(
    _ bytes: [UInt8], _ range: Range<Int>, to symbols: inout [Int32]
  ) -> Bool {
    symbols.removeAll(keepingCapacity: true)
    for index in range {
      let id = spelledBytes[Int(bytes[index])]
      if id < 0 { return false }
      symbols.append(id)
    }
    return true
  }

  /// Makes `symbols` the ids of the scalars of a word.
  private func appendSymbols(
    _ bytes: [UInt8], _ range: Range<Int>, to symbols: inout [Int32]
  ) {
    symbols.removeAll(keepingCapacity: true)
    var hasPendingUnknown = false
    var index = range.lowerBound
    while index < range.upperBound {
      let width = UTF8Text.scalar(bytes, at: index).width
      let id =
        width == 1
        ? ascii[Int(bytes[index])] : vocabulary.id(of: bytes, index..<(index + width)) ?? -1
      if id >= 0 {
        if hasPendingUnknown, let unknown { symbols.append(unknown) }
        hasPendingUnknown = false
        symbols.append(id)
      } else if let byteTokens {
        for offset in 0..<width { symbols.append(byteTokens[Int(bytes[index + offset])]) }
      } else if let unknown {
        if hasPendingUnknown, !fusesUnknown { symbols.append(unknown) }
        hasPendingUnknown = true
      }
      index += width
    }
    if hasPendingUnknown, let unknown { symbols.append(unknown) }
  }
}
