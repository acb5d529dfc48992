/// Tokens by their UTF-8, for finding the leftmost and then longest one in a text.
struct TokenTrie: Sendable {
  private struct Edge: Hashable {
    var node: Int32
    var byte: UInt8
  }

  private var edges: [Edge: Int32] = [:]
  private var ids: [Int32?] = [nil]
  private var starts = [Bool](repeating: false, count: 256)

  /// Whether the trie holds no token.
  var isEmpty: Bool { edges.isEmpty }

  /// Adds a token; one that is there already keeps its id.
  mutating func insert(_ token: [UInt8], id: Int32) {
    guard let first = token.first else { return }
    starts[Int(first)] = true
    var node: Int32 = 0
    for byte in token {
      let edge = Edge(node: node, byte: byte)
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
  /// - Complexity: O(*n* · *m*) for *n* bytes and a longest token of *m*.
  func firstMatch(in text: [UInt8], from start: Int) -> (range: Range<Int>, id: Int32)? {
    var position = start
    while position < text.count {
      if starts[Int(text[position])], let match = longestMatch(in: text, at: position) {
        return match
      }
      position += 1
    }
    return nil
  }

  private func longestMatch(in text: [UInt8], at start: Int) -> (range: Range<Int>, id: Int32)? {
    var best: (range: Range<Int>, id: Int32)?
    var node: Int32 = 0
    var position = start
    while position < text.count,
      let child = edges[Edge(node: node, byte: text[position])]
    {
      node = child
      position += 1
      if let id = ids[Int(node)] { best = (start..<position, id) }
    }
    return best
  }
}
