/// The merge rules of a byte-pair encoding: which two tokens join, in which order, to which token.
struct MergeTable: Sendable {
  /// What a pair of tokens becomes.
  struct Rule: Sendable {
    /// The place of the rule among all; a lower rank applies first.
    var rank: UInt32
    /// The token that the rule makes.
    var product: Int32
  }

  private static let free = UInt64.max

  private struct Slot: Sendable {
    var key = MergeTable.free
    var rule = Rule(rank: 0, product: 0)
  }

  private var slots: [Slot]
  private var count = 0
  /// Whether no rule joins a token to one that starts with ``wordMark`` unless it ends with it.
  private(set) var joinsWordsNever = true

  /// The mark for a space in the vocabularies of SentencePiece.
  static let wordMark: [UInt8] = Array("▁".utf8)

  /// Reads an array of rules, each `"left right"` or `["left", "right"]`.
  init(_ node: TokenizerNode, vocabulary: TokenVocabulary) throws(TokenizerError) {
    guard case .array(let rules) = node.value else {
      throw node.invalid("must be an array of merge rules, not \(node.value.summary)")
    }
    var size = 16
    while size < 2 * rules.count { size *= 2 }
    slots = [Slot](repeating: Slot(), count: size)
    for (index, rule) in rules.enumerated() {
      if case .string(let line) = rule, line.hasPrefix("#version") { continue }
      guard let (left, right) = Self.sides(of: rule) else {
        throw Self.rule(node, index).invalid("must be a pair of tokens, not \(rule.summary)")
      }
      if left.isEmpty || right.isEmpty {
        throw Self.rule(node, index).invalid("joins a token to nothing: \(rule.summary)")
      }
      func id(_ token: [UInt8]) throws(TokenizerError) -> Int32 {
        guard let id = vocabulary.id(of: token) else {
          throw Self.rule(node, index).invalid(
            "joins '\(UTF8Text.string(left))' and '\(UTF8Text.string(right))', but the vocabulary "
              + "has no token '\(UTF8Text.string(token))'")
        }
        return id
      }
      append(try id(left), try id(right), product: try id(left + right))
      if right.starts(with: Self.wordMark), !left.suffix(3).elementsEqual(Self.wordMark) {
        joinsWordsNever = false
      }
    }
  }

  private static func rule(_ node: TokenizerNode, _ index: Int) -> TokenizerNode {
    TokenizerNode(file: node.file, key: "\(node.key)[\(index)]", value: .null)
  }

  private static func sides(of rule: ModelJSON) -> ([UInt8], [UInt8])? {
    switch rule {
    case .string(let line):
      let parts = line.utf8.split(
        separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      return parts.count == 2 ? (Array(parts[0]), Array(parts[1])) : nil
    case .array(let pair):
      guard pair.count == 2, case .string(let left) = pair[0], case .string(let right) = pair[1]
      else { return nil }
      return (Array(left.utf8), Array(right.utf8))
    default: return nil
    }
  }

  /// Adds the rule of the next rank; a repeated pair takes the later rank.
  private mutating func append(_ left: Int32, _ right: Int32, product: Int32) {
    let slot = slot(of: Self.key(left, right))
    slots[slot] = Slot(
      key: Self.key(left, right), rule: Rule(rank: UInt32(count), product: product))
    count += 1
  }

  /// The rule that joins two tokens.
  @inline(__always)
  func rule(_ left: Int32, _ right: Int32) -> Rule? {
    let slot = slots[slot(of: Self.key(left, right))]
    return slot.key == Self.free ? nil : slot.rule
  }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func slot(of key: UInt64) -> Int {
    var hash = key &* 0x9E37_79B9_7F4A_7C15
    hash ^= hash >> 32
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot].key != key, slots[slot].key != Self.free { slot = (slot + 1) & mask }
    return slot
  }
}
