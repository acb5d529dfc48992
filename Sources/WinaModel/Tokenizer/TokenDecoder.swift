/// How the tokens of ids become text again.
indirect enum TokenDecoder: Sendable {
  case byteLevel
  case byteFallback
  case fuse
  case replace(TextPattern, with: [UInt8])
  case strip(Unicode.Scalar, start: Int, stop: Int)
  case metaspace(replacement: Unicode.Scalar, prefix: MetaspacePrefix)
  case sequence([TokenDecoder])

  /// Reads the `decoder` object of a tokenizer file.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    switch try node.kind() {
    case "ByteLevel":
      try node.expectOnly(["type", "add_prefix_space", "trim_offsets", "use_regex"])
      self = .byteLevel
    case "ByteFallback":
      try node.expectOnly(["type"])
      self = .byteFallback
    case "Fuse":
      try node.expectOnly(["type"])
      self = .fuse
    case "Replace":
      try node.expectOnly(["type", "pattern", "content"])
      self = .replace(
        try TextPattern(node.required("pattern")),
        with: Array(try node.required("content").string().utf8))
    case "Strip":
      try node.expectOnly(["type", "content", "start", "stop"])
      self = .strip(
        try node.required("content").scalar(), start: try node.required("start").count(),
        stop: try node.required("stop").count())
    case "Metaspace":
      try node.expectOnly(MetaspacePrefix.keys)
      self = .metaspace(
        replacement: try node.required("replacement").scalar(), prefix: try MetaspacePrefix(node))
    case "Sequence":
      try node.expectOnly(["type", "decoders"])
      var steps: [TokenDecoder] = []
      for step in try node.required("decoders").elements() { steps.append(try TokenDecoder(step)) }
      self = .sequence(steps)
    default:
      throw try node.required("type").unsupported(known: [
        "ByteLevel", "ByteFallback", "Fuse", "Replace", "Strip", "Metaspace", "Sequence",
      ])
    }
  }

  /// The pieces of text that the tokens stand for; their concatenation is the text.
  func decoded(_ tokens: [[UInt8]]) -> [[UInt8]] {
    switch self {
    case .byteLevel:
      var bytes: [UInt8] = []
      for token in tokens where !ByteAlphabet.appendBytes(of: token, to: &bytes) {
        bytes.append(contentsOf: token)
      }
      return [Array(UTF8Text.string(bytes).utf8)]
    case .byteFallback: return Self.joiningByteTokens(tokens)
    case .fuse: return [Array(tokens.joined())]
    case .replace(let pattern, let replacement):
      return tokens.map { pattern.replacing(in: $0, with: replacement) }
    case .strip(let scalar, let start, let stop):
      return tokens.map { Self.stripped($0, of: scalar, start: start, stop: stop) }
    case .metaspace(let replacement, let prefix):
      let mark = TextPattern.literal(UTF8Text.bytes([replacement]))
      return tokens.enumerated().map { index, token in
        mark.replacing(in: token, with: index == 0 && prefix != .never ? [] : [0x20])
      }
    case .sequence(let steps): return steps.reduce(tokens) { $1.decoded($0) }
    }
  }

  /// Replaces each run of byte tokens by its text, or by one U+FFFD a byte where it is not UTF-8.
  private static func joiningByteTokens(_ tokens: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var bytes: [UInt8] = []
    func flush() {
      if bytes.isEmpty { return }
      if String(validating: bytes, as: UTF8.self) == nil {
        result.append(Array(String(repeating: "\u{FFFD}", count: bytes.count).utf8))
      } else {
        result.append(bytes)
      }
      bytes.removeAll()
    }
    for token in tokens {
      if let byte = byte(of: token) {
        bytes.append(byte)
      } else {
        flush()
        result.append(token)
      }
    }
    flush()
    return result
  }

  /// The byte that a token such as `<0x0A>` stands for.
  private static func byte(of token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">"),
      token[3] != UInt8(ascii: "-")
    else { return nil }
    // A plus sign counts as a part of the number, as in the reference.
    return UInt8(UTF8Text.string(token[3...4]), radix: 16)
  }

  private static func stripped(
    _ token: [UInt8], of scalar: Unicode.Scalar, start: Int, stop: Int
  ) -> [UInt8] {
    let scalars = UTF8Text.scalars(token, in: 0..<token.count)
    let leading = scalars.prefix(start).prefix { $0 == scalar }.count
    let trailing = scalars.suffix(stop).reversed().prefix { $0 == scalar }.count
    if leading + trailing >= scalars.count { return [] }
    return UTF8Text.bytes(scalars[leading..<(scalars.count - trailing)])
  }
}
