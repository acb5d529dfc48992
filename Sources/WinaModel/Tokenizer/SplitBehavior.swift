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

  /// Cuts `range` at `matches`, which lie inside it, in order and without overlap.
  ///
  /// With `inverted` the text between the matches is the delimiter.
  func pieces(of range: Range<Int>, at matches: [Range<Int>], inverted: Bool = false)
    -> [Range<Int>]
  {
    var parts: [(range: Range<Int>, isMatch: Bool)] = []
    var position = range.lowerBound
    for match in matches {
      if position < match.lowerBound { parts.append((position..<match.lowerBound, inverted)) }
      parts.append((match, !inverted))
      position = match.upperBound
    }
    if position < range.upperBound { parts.append((position..<range.upperBound, inverted)) }

    switch self {
    case .isolated: return parts.map(\.range)
    case .removed: return parts.filter { !$0.isMatch }.map(\.range)
    case .contiguous: return joined(parts) { $0 == $1 }
    case .mergedWithPrevious: return joined(parts) { previous, isMatch in isMatch && !previous }
    case .mergedWithNext:
      return joinedBackward(parts) { following, isMatch in isMatch && !following }
    }
  }

  private func joined(
    _ parts: [(range: Range<Int>, isMatch: Bool)], if joins: (Bool, Bool) -> Bool
  ) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var previous = false
    for part in parts {
      if let last = pieces.last, joins(previous, part.isMatch) {
        pieces[pieces.count - 1] = last.lowerBound..<part.range.upperBound
      } else {
        pieces.append(part.range)
      }
      previous = part.isMatch
    }
    return pieces
  }

  private func joinedBackward(
    _ parts: [(range: Range<Int>, isMatch: Bool)], if joins: (Bool, Bool) -> Bool
  ) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var following = false
    for part in parts.reversed() {
      if let last = pieces.last, joins(following, part.isMatch) {
        pieces[pieces.count - 1] = part.range.lowerBound..<last.upperBound
      } else {
        pieces.append(part.range)
      }
      following = part.isMatch
    }
    return pieces.reversed()
  }
}
