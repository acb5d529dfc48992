/// How the tokens of ids become text again.
indirect enum TokenDecoder: Sendable {
  case byteLevel
  case byteFallback
  case fuse
  case replace(TextPattern, with: [Unicode.Scalar])
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
        try TextPattern(node.required("pattern")), with: try node.required("content").scalars())
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
  func decoded(_ tokens: [[Unicode.Scalar]]) -> [[Unicode.Scalar]] {
    switch self {
    case .byteLevel:
      let bytes = tokens.flatMap { token in
        ByteAlphabet.bytes(of: token) ?? Array(String(scalars: token).utf8)
      }
      return [Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)]
    case .byteFallback: return Self.joiningByteTokens(tokens)
    case .fuse: return [tokens.flatMap { $0 }]
    case .replace(let pattern, let replacement):
      return tokens.map { pattern.replacing(in: $0, with: replacement) }
    case .strip(let scalar, let start, let stop):
      return tokens.map { Self.stripped($0, of: scalar, start: start, stop: stop) }
    case .metaspace(let replacement, let prefix):
      return tokens.enumerated().map { index, token in
        if index == 0, prefix != .never { return token.filter { $0 != replacement } }
        return token.map { $0 == replacement ? " " : $0 }
      }
    case .sequence(let steps): return steps.reduce(tokens) { $1.decoded($0) }
    }
  }

  /// Replaces each run of byte tokens by its text, or by one U+FFFD a byte where it is not UTF-8.
  private static func joiningByteTokens(_ tokens: [[Unicode.Scalar]]) -> [[Unicode.Scalar]] {
    var result: [[Unicode.Scalar]] = []
    var bytes: [UInt8] = []
    func flush() {
      if bytes.isEmpty { return }
      if let text = String(validating: bytes, as: UTF8.self) {
        result.append(Array(text.unicodeScalars))
      } else {
        result.append([Unicode.Scalar](repeating: "\u{FFFD}", count: bytes.count))
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
  private static func byte(of token: [Unicode.Scalar]) -> UInt8? {
    guard token.count == 6, token[0] == "<", token[1] == "0", token[2] == "x", token[5] == ">",
      token[3].properties.isASCIIHexDigit, token[4].properties.isASCIIHexDigit
    else { return nil }
    return UInt8(String(scalars: token[3...4]), radix: 16)
  }

  private static func stripped(
    _ token: [Unicode.Scalar], of scalar: Unicode.Scalar, start: Int, stop: Int
  ) -> [Unicode.Scalar] {
    let leading = token.prefix(start).prefix { $0 == scalar }.count
    let trailing = token.suffix(stop).reversed().prefix { $0 == scalar }.count
    return leading + trailing >= token.count ? [] : Array(token[leading..<(token.count - trailing)])
  }
}
