/// A regular expression as a tree.
indirect enum RegexNode: Sendable {
  case empty
  case set(ScalarSet)
  case sequence([RegexNode])
  case alternation([RegexNode])
  /// A node repeated from a least to a greatest number of times, without end if that is nil.
  case loop(RegexNode, at: Int, Int?, Greed)
  /// A node that must, or must not, match from here on.
  case lookAhead(RegexNode, isNegated: Bool)
  /// A node that must, or must not, match up to here.
  case lookBehind(RegexNode, isNegated: Bool)
  /// A node whose first way to match is final.
  case atomic(RegexNode)
  case assertion(Assertion)

  /// What a loop tries first.
  enum Greed: Sendable {
    case greedy
    case lazy
    case possessive
  }

  /// A condition on a position.
  enum Assertion: Sendable {
    case lineStart
    case lineEnd
    case textStart
    case textEnd
    case textEndOrLastNewline
    case wordBoundary
    case noWordBoundary
  }

  /// The number of scalars that every match has, or nil if matches differ.
  var width: Int? {
    switch self {
    case .empty, .lookAhead, .lookBehind, .assertion: return 0
    case .set: return 1
    case .atomic(let node): return node.width
    case .sequence(let nodes):
      var sum = 0
      for node in nodes {
        guard let width = node.width else { return nil }
        sum += width
      }
      return sum
    case .alternation(let nodes):
      let widths = Set(nodes.map(\.width))
      return widths.count == 1 ? widths.first ?? nil : nil
    case .loop(let node, let least, let most, _):
      guard let width = node.width, most == least else { return nil }
      let (product, overflows) = width.multipliedReportingOverflow(by: least)
      return overflows ? nil : product
    }
  }

  /// Whether the node can match without taking anything.
  var isNullable: Bool {
    switch self {
    case .empty, .lookAhead, .lookBehind, .assertion: true
    case .set: false
    case .atomic(let node): node.isNullable
    case .sequence(let nodes): nodes.allSatisfy(\.isNullable)
    case .alternation(let nodes): nodes.contains { $0.isNullable }
    case .loop(let node, let least, _, _): least == 0 || node.isNullable
    }
  }
}

/// Why a regular expression cannot be read.
struct RegexError: Error {
  var reason: String
}
