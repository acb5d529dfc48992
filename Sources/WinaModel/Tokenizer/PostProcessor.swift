/// Which special tokens surround the ids of a text.
indirect enum PostProcessor: Sendable {
  /// Changes nothing: it only trims the offsets of tokens, which are not computed here.
  case byteLevel
  case template([Part])
  case sequence([PostProcessor])

  /// One part of a template.
  enum Part: Sendable {
    /// The ids of the text.
    case text
    /// The ids of a special token.
    case special([Int32])
  }

  /// Reads the `post_processor` object of a tokenizer file.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    switch try node.kind() {
    case "ByteLevel":
      try node.expectOnly(["type", "add_prefix_space", "trim_offsets", "use_regex"])
      self = .byteLevel
    case "TemplateProcessing":
      try node.expectOnly(["type", "single", "pair", "special_tokens"])
      self = .template(try Self.parts(node))
    case "Sequence":
      try node.expectOnly(["type", "processors"])
      var steps: [PostProcessor] = []
      for step in try node.required("processors").elements() {
        steps.append(try PostProcessor(step))
      }
      self = .sequence(steps)
    default:
      throw try node.required("type").unsupported(known: [
        "ByteLevel", "TemplateProcessing", "Sequence",
      ])
    }
  }

  private static func parts(_ node: TokenizerNode) throws(TokenizerError) -> [Part] {
    let specialTokens = try node.optional("special_tokens")
    var parts: [Part] = []
    for element in try node.required("single").elements() {
      try element.expectOnly(["Sequence", "SpecialToken"])
      if let sequence = try element.optional("Sequence") {
        let id = try sequence.required("id")
        guard try id.string() == "A" else { throw id.unsupported(known: ["'A'"]) }
        parts.append(.text)
        continue
      }
      let name = try element.required("SpecialToken").required("id")
      guard let token = try specialTokens?.optional(try name.string()) else {
        throw name.invalid("is \(name.value.summary), which 'special_tokens' does not define")
      }
      var ids: [Int32] = []
      for id in try token.required("ids").elements() { ids.append(try id.tokenID()) }
      parts.append(.special(ids))
    }
    return parts
  }

  /// The ids of a text with the special tokens that belong to it.
  func applied(to ids: [Int32], addSpecialTokens: Bool) -> [Int32] {
    switch self {
    case .byteLevel: ids
    case .template(let parts):
      parts.flatMap { part in
        switch part {
        case .text: ids
        case .special(let special): addSpecialTokens ? special : []
        }
      }
    case .sequence(let steps):
      steps.reduce(ids) { $1.applied(to: $0, addSpecialTokens: addSpecialTokens) }
    }
  }
}
