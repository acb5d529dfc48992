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
    case "RobertaProcessing", "BertProcessing":
      try node.expectOnly(["type", "sep", "cls", "trim_offsets", "add_prefix_space"])
      self = .template([
        .special([try Self.pairedID(node.required("cls"))]), .text,
        .special([try Self.pairedID(node.required("sep"))]),
      ])
    case "Sequence":
      try node.expectOnly(["type", "processors"])
      var steps: [PostProcessor] = []
      for step in try node.required("processors").elements() {
        steps.append(try PostProcessor(step))
      }
      self = .sequence(steps)
      if repetitions > Self.repetitionLimit {
        throw node.invalid("repeats a text more than \(Self.repetitionLimit) times")
      }
    default:
      throw try node.required("type").unsupported(known: [
        "ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing", "Sequence",
      ])
    }
  }

  /// Reads the id of `[token, id]`.
  private static func pairedID(_ node: TokenizerNode) throws(TokenizerError) -> Int32 {
    let pair = try node.elements()
    guard pair.count == 2 else { throw node.invalid("must be a token and its id") }
    _ = try pair[0].string()
    return try pair[1].tokenID()
  }

  private static let repetitionLimit = 1000

  /// How many times a text occurs in what becomes of it.
  private var repetitions: Int {
    switch self {
    case .byteLevel: 1
    case .template(let parts):
      parts.count {
        if case .text = $0 { true } else { false }
      }
    case .sequence(let steps):
      // Neither factor is greater than the limit, or the number of bytes of the file.
      steps.reduce(1) { min(Self.repetitionLimit + 1, $0 * $1.repetitions) }
    }
  }

  private static func parts(_ node: TokenizerNode) throws(TokenizerError) -> [Part] {
    var specialTokens: [[UInt8]: TokenizerNode] = [:]
    if let tokens = try node.optional("special_tokens") {
      for member in try tokens.members() {
        let key = "\(tokens.key).\(member.key)"
        specialTokens[Array(member.key.utf8)] = TokenizerNode(
          file: node.file, key: key, value: member.value)
      }
    }
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
      guard let token = specialTokens[Array(try name.string().utf8)] else {
        throw name.invalid("is \(name.value.summary), which 'special_tokens' does not define")
      }
      var ids: [Int32] = []
      for id in try token.required("ids").elements() { ids.append(try id.tokenID()) }
      parts.append(.special(ids))
    }
    return parts
  }

  /// The ids that are added to texts.
  var addedIDs: [Int32] {
    switch self {
    case .byteLevel: []
    case .template(let parts):
      parts.flatMap { (part) -> [Int32] in
        if case .special(let ids) = part { return ids }
        return []
      }
    case .sequence(let steps): steps.flatMap(\.addedIDs)
    }
  }

  /// The ids of a text with the special tokens that belong to it.
  func applied(to ids: [Int32], addSpecialTokens: Bool) -> [Int32] {
    switch self {
    case .byteLevel: ids
    case .template(let parts):
      parts.flatMap { (part) -> [Int32] in
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
