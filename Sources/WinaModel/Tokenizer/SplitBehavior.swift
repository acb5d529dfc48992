/// What becomes of the matches of a pattern when a text is cut at them.
enum SplitBehavior: String, CaseIterable, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  /// Reads the name of a behaviour.
  init(_ node: TokenizerNode) throws(TokenizerError) {
    guard let behavior = SplitBehavior(rawValue: try node.string()) else {
      throw node.unsupported(known: Self.allCases.map(\.rawValue))
    }
    self = behavior
  }

  /// Whether the pieces are the matches themselves where matches cover the whole text.
  func keepsEveryMatch(inverted: Bool) -> Bool {
    self == .isolated || (self == .removed && inverted)
  }

  private struct Part {
    var range: Range<Int>
    var isMatch: Bool
  }

  /// Appends the pieces of `range`, cut at `matches`, which lie inside it in order without overlap.
  ///
  /// With `inverted` the text between the matches is the delimiter.
  func appendPieces(
    of range: Range<Int>, at matches: [Range<Int>], inverted: Bool, to pieces: inout [Range<Int>]
  ) {
    var parts: [Part] = []
    parts.reserveCapacity(2 * matches.count + 1)
    var position = range.lowerBound
    for match in matches {
      if position < match.lowerBound {
        parts.append(Part(range: position..<match.lowerBound, isMatch: inverted))
      }
      parts.append(Part(range: match, isMatch: !inverted))
      position = match.upperBound
    }
    if position < range.upperBound {
      parts.append(Part(range: position..<range.upperBound, isMatch: inverted))
    }

    switch self {
    case .isolated: break
    case .removed: parts.removeAll { $0.isMatch }
    case .contiguous: parts = Self.joined(parts) { $0 == $1 }
    case .mergedWithPrevious:
      parts = Self.joined(parts) { previous, isMatch in isMatch && !previous }
    case .mergedWithNext:
      parts = Self.joinedBackward(parts) { following, isMatch in isMatch && !following }
    }
    for part in parts where !part.range.isEmpty { pieces.append(part.range) }
  }

  private static func joined(_ parts: [Part], if joins: (Bool, Bool) -> Bool) -> [Part] {
    var pieces: [Part] = []
    for part in parts {
      if let last = pieces.last, joins(last.isMatch, part.isMatch) {
        pieces[pieces.count - 1].range = last.range.lowerBound..<part.range.upperBound
        pieces[pieces.count - 1].isMatch = part.isMatch
      } else {
        pieces.append(part)
      }
    }
    return pieces
  }

  private static func joinedBackward(_ parts: [Part], if joins: (Bool, Bool) -> Bool) -> [Part] {
    var pieces: [Part] = []
    for part in parts.reversed() {
      if let last = pieces.last, joins(last.isMatch, part.isMatch) {
        pieces[pieces.count - 1].range = part.range.lowerBound..<last.range.upperBound
        pieces[pieces.count - 1].isMatch = part.isMatch
      } else {
        pieces.append(part)
      }
    }
    return pieces.reversed()
  }
}
