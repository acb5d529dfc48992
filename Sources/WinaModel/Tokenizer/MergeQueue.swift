/// A binary min-heap of candidate merges, ordered by rank and then by position.
struct MergeQueue {
  private var entries: [UInt64] = []

  /// Makes a queue of candidates in O(*n*).
  init(_ candidates: [UInt64]) {
    entries = candidates
    for index in stride(from: entries.count / 2 - 1, through: 0, by: -1) { sink(index) }
  }

  /// Packs a candidate so that integer order is rank order, then position order.
  static func candidate(rank: UInt32, position: Int) -> UInt64 {
    UInt64(rank) << 32 | UInt64(position)
  }

  /// The rank of a packed candidate.
  static func rank(of candidate: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: candidate >> 32) }

  /// The position of a packed candidate.
  static func position(of candidate: UInt64) -> Int { Int(candidate & 0xFFFF_FFFF) }

  /// Adds a candidate in O(log *n*).
  mutating func push(_ candidate: UInt64) {
    var index = entries.count
    entries.append(candidate)
    while index > 0 {
      let parent = (index - 1) / 2
      if entries[parent] <= candidate { break }
      entries[index] = entries[parent]
      index = parent
    }
    entries[index] = candidate
  }

  /// Removes the first candidate in O(log *n*).
  mutating func pop() -> UInt64? {
    guard let first = entries.first, let last = entries.popLast() else { return nil }
    if !entries.isEmpty {
      entries[0] = last
      sink(0)
    }
    return first
  }

  private mutating func sink(_ start: Int) {
    var index = start
    let value = entries[start]
    while true {
      var child = 2 * index + 1
      if child >= entries.count { break }
      if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
      if value <= entries[child] { break }
      entries[index] = entries[child]
      index = child
    }
    entries[index] = value
  }
}
