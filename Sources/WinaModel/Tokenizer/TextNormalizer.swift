/// How a text is rewritten before it is cut into words.
indirect enum TextNormalizer: Sendable {
  case form(NormalizationForm)
  case prepend([UInt8])
  case replace(TextPattern, with: [UInt8])
  case lowercase
  case strip(left: Bool, right: Bool)
  /// Drops combining marks.
  case stripAccents
  /// Replaces every byte by the scalar that stands for it.
  case byteLevel
  case sequence([TextNormalizer])

  /// Reads the `normalizer` object of a tokenizer file.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    let kind = try node.kind()
    switch kind {
    case "Prepend":
      try node.expectOnly(["type", "prepend"])
      self = .prepend(Array(try node.required("prepend").string().utf8))
    case "Replace":
      try node.expectOnly(["type", "pattern", "content"])
      self = .replace(
        try TextPattern(node.required("pattern")),
        with: Array(try node.required("content").string().utf8))
    case "Strip":
      try node.expectOnly(["type", "strip_left", "strip_right"])
      self = .strip(
        left: try node.required("strip_left").bool(), right: try node.required("strip_right").bool()
      )
    case "Lowercase", "ByteLevel", "StripAccents":
      try node.expectOnly(["type"])
      self = kind == "Lowercase" ? .lowercase : kind == "ByteLevel" ? .byteLevel : .stripAccents
    case "Sequence":
      try node.expectOnly(["type", "normalizers"])
      var steps: [TextNormalizer] = []
      for step in try node.required("normalizers").elements() {
        steps.append(try TextNormalizer(step))
      }
      self = .sequence(steps)
    default:
      guard let form = NormalizationForm(rawValue: kind) else {
        throw try node.required("type").unsupported(known: [
          "NFC", "NFD", "NFKC", "NFKD", "Prepend", "Replace", "Strip", "StripAccents", "Lowercase",
          "ByteLevel", "Sequence",
        ])
      }
      try node.expectOnly(["type"])
      self = .form(form)
    }
  }

  /// The rewritten text.
  func normalized(_ bytes: [UInt8]) -> [UInt8] {
    switch self {
    case .form(let form): form.applied(to: bytes)
    case .prepend(let prefix): bytes.isEmpty ? bytes : prefix + bytes
    case .replace(let pattern, let replacement):
      pattern.replacing(in: bytes, with: replacement)
    case .lowercase: Self.lowercased(bytes)
    case .strip(let left, let right): Self.stripped(bytes, left: left, right: right)
    case .stripAccents:
      UTF8Text.bytes(
        UTF8Text.scalars(bytes, in: 0..<bytes.count).lazy.filter { !Self.isMark($0) })
    case .byteLevel: bytes.reduce(into: []) { ByteAlphabet.append($1, to: &$0) }
    case .sequence(let steps): steps.reduce(bytes) { $1.normalized($0) }
    }
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return false }
    switch scalar.category(asOf: 9) {
    case .nonspacingMark, .spacingMark, .enclosingMark: return true
    default: return false
    }
  }

  private static func lowercased(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let (value, width) = UTF8Text.scalar(bytes, at: index)
      index += width
      if value < 0x80 {
        let isUpper = (0x41...0x5A).contains(value)
        result.append(UInt8(truncatingIfNeeded: value) | (isUpper ? 0x20 : 0))
      } else {
        result.append(contentsOf: UTF8Text.unicode(value).properties.lowercaseMapping.utf8)
      }
    }
    return result
  }

  private static func stripped(_ bytes: [UInt8], left: Bool, right: Bool) -> [UInt8] {
    var start = 0
    var end = bytes.count
    while left, start < end {
      let scalar = UTF8Text.unicode(bytes, at: start)
      if !scalar.properties.isWhitespace { break }
      start += UTF8.width(scalar)
    }
    while right, end > start, UTF8Text.scalar(bytes, before: end).properties.isWhitespace {
      end = UTF8Text.start(bytes, before: end)
    }
    return Array(bytes[start..<end])
  }
}
