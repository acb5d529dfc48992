/// How a text is cut into the words that the model encodes one by one.
indirect enum PreTokenizer: Sendable {
  case byteLevel(addsPrefixSpace: Bool, splits: Bool)
  case split(TextPattern, SplitBehavior, inverted: Bool)
  case metaspace(replacement: Unicode.Scalar, prepends: MetaspacePrefix, splits: Bool)
  case digits(individual: Bool)
  case punctuation(SplitBehavior)
  case whitespace
  case whitespaceSplit
  case sequence([PreTokenizer])

  /// Reads the `pre_tokenizer` object of a tokenizer file.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    switch try node.kind() {
    case "ByteLevel":
      try node.expectOnly(["type", "add_prefix_space", "trim_offsets", "use_regex"])
      self = .byteLevel(
        addsPrefixSpace: try node.flag("add_prefix_space", default: true),
        splits: try node.flag("use_regex", default: true))
    case "Split":
      try node.expectOnly(["type", "pattern", "behavior", "invert"])
      self = .split(
        try TextPattern(node.required("pattern")), try SplitBehavior(node.required("behavior")),
        inverted: try node.flag("invert", default: false))
    case "Metaspace":
      try node.expectOnly(MetaspacePrefix.keys)
      self = .metaspace(
        replacement: try node.required("replacement").scalar(),
        prepends: try MetaspacePrefix(node), splits: try node.flag("split", default: true))
    case "Digits":
      try node.expectOnly(["type", "individual_digits"])
      self = .digits(individual: try node.flag("individual_digits", default: false))
    case "Punctuation":
      try node.expectOnly(["type", "behavior"])
      self = .punctuation(try node.optional("behavior").map(SplitBehavior.init) ?? .isolated)
    case "Whitespace":
      try node.expectOnly(["type"])
      self = .whitespace
    case "WhitespaceSplit":
      try node.expectOnly(["type"])
      self = .whitespaceSplit
    case "Sequence":
      try node.expectOnly(["type", "pretokenizers"])
      var steps: [PreTokenizer] = []
      for step in try node.required("pretokenizers").elements() {
        steps.append(try PreTokenizer(step))
      }
      self = .sequence(steps)
    default:
      throw try node.required("type").unsupported(known: [
        "ByteLevel", "Split", "Metaspace", "Digits", "Punctuation", "Whitespace",
        "WhitespaceSplit", "Sequence",
      ])
    }
  }

  /// Cuts, and where the component says so rewrites, every word of a list.
  func apply(to pieces: inout PieceList) {
    switch self {
    case .byteLevel(let addsPrefixSpace, let splits):
      if addsPrefixSpace {
        pieces.rewrite { bytes, word, text in
          if bytes[word.lowerBound] != 0x20 { text.append(0x20) }
          text.append(contentsOf: bytes[word])
        }
      }
      if splits { pieces.split(.isolated, at: .scanner(.gpt2)) }
      pieces.mapBytes()
    case .split(let pattern, let behavior, let inverted):
      pieces.split(behavior, inverted: inverted, at: pattern)
    case .metaspace(let replacement, let prepends, let splits):
      Self.applyMetaspace(&pieces, replacement, prepends: prepends, splits: splits)
    case .digits(let individual):
      pieces.split(individual ? .isolated : .contiguous) {
        // The reference asks another library here, which knows of Unicode 17.
        switch $0.category(asOf: 17) {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
      }
    case .punctuation(let behavior):
      pieces.split(behavior) { $0.isPunctuation }
    case .whitespace:
      pieces.split(.removed, inverted: true, at: TextPattern.words)
    case .whitespaceSplit:
      pieces.split(.removed) { $0.properties.isWhitespace }
    case .sequence(let steps):
      for step in steps { step.apply(to: &pieces) }
    }
  }

  private static func applyMetaspace(
    _ pieces: inout PieceList, _ replacement: Unicode.Scalar, prepends: MetaspacePrefix,
    splits: Bool
  ) {
    let isAtOrigin = pieces.isAtOrigin
    let mark = UTF8Text.bytes([replacement])
    pieces.rewrite { bytes, word, text in
      let isMarked = bytes[word.lowerBound] == 0x20 || bytes[word].starts(with: mark)
      let prepended =
        switch prepends {
        case .always: !isMarked
        case .first: !isMarked && isAtOrigin && word.lowerBound == 0
        case .never: false
        }
      if prepended { text.append(contentsOf: mark) }
      for index in word {
        if bytes[index] == 0x20 {
          text.append(contentsOf: mark)
        } else {
          text.append(bytes[index])
        }
      }
    }
    if splits { pieces.split(.mergedWithNext, atScalars: { $0 == replacement }) }
  }
}
