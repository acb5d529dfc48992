/// The merge rules of a byte-pair encoding: which two tokens join, in which order, to which token.
struct MergeTable: Sendable {
  private static let free = UInt64.max

  private var keys: [UInt64]
  private var ranks: [UInt32]
  /// The token that each rule makes, by rank.
  private(set) var products: [Int32] = []

  /// Makes an empty table with room for `capacity` rules.
  init(capacity: Int) {
    var size = 16
    while size < 2 * capacity { size *= 2 }
    keys = [UInt64](repeating: Self.free, count: size)
    ranks = [UInt32](repeating: 0, count: size)
    products.reserveCapacity(capacity)
  }

  /// Reads an array of rules, each `"left right"` or `["left", "right"]`.
  init(_ node: TokenizerNode, vocabulary: TokenVocabulary) throws(TokenizerError) {
    guard case .array(let rules) = node.value else {
      throw node.invalid("must be an array of merge rules, not \(node.value.summary)")
    }
    self.init(capacity: rules.count)
    for (index, rule) in rules.enumerated() {
      if case .string(let line) = rule, line.hasPrefix("#version") { continue }
      guard let (left, right) = Self.sides(of: rule) else {
        throw Self.rule(node, index).invalid("must be a pair of tokens, not \(rule.summary)")
      }
      func id(_ token: [Unicode.Scalar]) throws(TokenizerError) -> Int32 {
        guard let id = vocabulary.id(of: token[...]) else {
          throw Self.rule(node, index).invalid(
            "joins '\(String(scalars: left))' and '\(String(scalars: right))', but the vocabulary has no token "
              + "'\(String(scalars: token))'")
        }
        return id
      }
      append(try id(left), try id(right), product: try id(left + right))
    }
  }

  private static func rule(_ node: TokenizerNode, _ index: Int) -> TokenizerNode {
    TokenizerNode(file: node.file, key: "\(node.key)[\(index)]", value: .null)
  }

  private static func sides(of rule: TokenizerJSON) -> ([Unicode.Scalar], [Unicode.Scalar])? {
    switch rule {
    case .string(let line):
      let parts = line.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false)
      return parts.count == 2 ? (Array(parts[0]), Array(parts[1])) : nil
    case .array(let pair):
      guard pair.count == 2, case .string(let left) = pair[0], case .string(let right) = pair[1]
      else { return nil }
      return (Array(left.unicodeScalars), Array(right.unicodeScalars))
    default: return nil
    }
  }

  /// Adds the rule of the next rank; a repeated pair takes the later rank.
  private mutating func append(_ left: Int32, _ right: Int32, product: Int32) {
    let slot = slot(of: Self.key(left, right))
    keys[slot] = Self.key(left, right)
    ranks[slot] = UInt32(products.count)
    products.append(product)
  }

  /// The rank of the rule that joins two tokens.
  func rank(_ left: Int32, _ right: Int32) -> UInt32? {
    let slot = slot(of: Self.key(left, right))
    return keys[slot] == Self.free ? nil : ranks[slot]
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private func slot(of key: UInt64) -> Int {
    var hash = key &* 0x9E37_79B9_7F4A_7C15
    hash ^= hash >> 32
    var slot = Int(truncatingIfNeeded: hash) & (keys.count - 1)
    while keys[slot] != key, keys[slot] != Self.free { slot = (slot + 1) & (keys.count - 1) }
    return slot
  }
}
