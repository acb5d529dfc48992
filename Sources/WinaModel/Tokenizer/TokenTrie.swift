/// Tokens by their scalars, for finding the leftmost and then longest one in a text.
struct TokenTrie: Sendable {
  private struct Edge: Hashable {
    var node: Int32
    var scalar: Unicode.Scalar
  }

  private var edges: [Edge: Int32] = [:]
  private var ids: [Int32?] = [nil]
  private var firstASCII = [Bool](repeating: false, count: 128)
  private var firstOther: Set<Unicode.Scalar> = []

  /// Whether the trie holds no token.
  var isEmpty: Bool { edges.isEmpty }

  /// Adds a token; one that is there already keeps its id.
  mutating func insert(_ token: [Unicode.Scalar], id: Int32) {
    guard let first = token.first else { return }
    if first.isASCII { firstASCII[Int(first.value)] = true } else { firstOther.insert(first) }
    var node: Int32 = 0
    for scalar in token {
      let edge = Edge(node: node, scalar: scalar)
      if let child = edges[edge] {
        node = child
      } else {
        node = Int32(ids.count)
        ids.append(nil)
        edges[edge] = node
      }
    }
    if ids[Int(node)] == nil { ids[Int(node)] = id }
  }

  /// The first match that starts at `start` or later.
  ///
  /// - Complexity: O(*n* · *m*) for *n* scalars and a longest token of *m*.
  func firstMatch(in text: [Unicode.Scalar], from start: Int) -> (range: Range<Int>, id: Int32)? {
    for position in start..<max(start, text.count) {
      let first = text[position]
      if !(first.isASCII ? firstASCII[Int(first.value)] : firstOther.contains(first)) { continue }
      if let match = longestMatch(in: text, at: position) { return match }
    }
    return nil
  }

  private func longestMatch(in text: [Unicode.Scalar], at start: Int)
    -> (range: Range<Int>, id: Int32)?
  {
    var best: (range: Range<Int>, id: Int32)?
    var node: Int32 = 0
    var position = start
    while position < text.count,
      let child = edges[Edge(node: node, scalar: text[position])]
    {
      node = child
      position += 1
      if let id = ids[Int(node)] { best = (start..<position, id) }
    }
    return best
  }
}
