/// How a text is rewritten before it is cut into words.
indirect enum TextNormalizer: Sendable {
  case form(NormalizationForm)
  case prepend([Unicode.Scalar])
  case replace(TextPattern, with: [Unicode.Scalar])
  case lowercase
  case strip(left: Bool, right: Bool)
  /// Replaces every byte by the scalar that stands for it.
  case byteLevel
  case sequence([TextNormalizer])

  /// Reads the `normalizer` object of a tokenizer file.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    let kind = try node.kind()
    switch kind {
    case "Prepend":
      try node.expectOnly(["type", "prepend"])
      self = .prepend(try node.required("prepend").scalars())
    case "Replace":
      try node.expectOnly(["type", "pattern", "content"])
      self = .replace(
        try TextPattern(node.required("pattern")), with: try node.required("content").scalars())
    case "Strip":
      try node.expectOnly(["type", "strip_left", "strip_right"])
      self = .strip(
        left: try node.required("strip_left").bool(), right: try node.required("strip_right").bool()
      )
    case "Lowercase", "ByteLevel":
      try node.expectOnly(["type"])
      self = kind == "Lowercase" ? .lowercase : .byteLevel
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
          "NFC", "NFD", "NFKC", "NFKD", "Prepend", "Replace", "Strip", "Lowercase", "ByteLevel",
          "Sequence",
        ])
      }
      try node.expectOnly(["type"])
      self = .form(form)
    }
  }

  /// The rewritten text.
  func normalized(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    switch self {
    case .form(let form): Self.normalized(scalars, form)
    case .prepend(let prefix): scalars.isEmpty ? scalars : prefix + scalars
    case .replace(let pattern, let replacement):
      pattern.replacing(in: scalars, with: replacement)
    case .lowercase: scalars.flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) }
    case .strip(let left, let right): Self.stripped(scalars, left: left, right: right)
    case .byteLevel: scalars.reduce(into: []) { ByteAlphabet.append($1, to: &$0) }
    case .sequence(let steps): steps.reduce(scalars) { $1.normalized($0) }
    }
  }

  /// The text in a normalisation form of Unicode 9, the version of the reference.
  ///
  /// Scalars assigned later neither move nor combine, and so separate what is normalised.
  private static func normalized(_ scalars: [Unicode.Scalar], _ form: NormalizationForm)
    -> [Unicode.Scalar]
  {
    if scalars.allSatisfy(\.isASCII) { return scalars }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.count)
    var start = 0
    for (index, scalar) in scalars.enumerated()
    where !scalar.isASCII && (scalar.properties.age?.major ?? 0) > 9 {
      result.append(contentsOf: form.applied(to: scalars[start..<index]))
      result.append(scalar)
      start = index + 1
    }
    result.append(contentsOf: form.applied(to: scalars[start...]))
    return result
  }

  private static func stripped(_ scalars: [Unicode.Scalar], left: Bool, right: Bool)
    -> [Unicode.Scalar]
  {
    var kept = scalars[...]
    if left { kept = kept.drop { $0.properties.isWhitespace } }
    if right {
      while let last = kept.last, last.properties.isWhitespace { kept.removeLast() }
    }
    return Array(kept)
  }
}
