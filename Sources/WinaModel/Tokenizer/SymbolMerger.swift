/// Applies merge rules to the symbols of a word, lowest rank and leftmost first.
///
/// It is a value that keeps its buffers from word to word.
struct SymbolMerger {
  /// The symbols of the word, before and after merging.
  var symbols: [Int32] = []
  private var rules: [MergeTable.Rule] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []

  /// Words of up to this many symbols are merged by looking at all of them for each merge.
  private static let shortWord = 32
  private static let noRule = MergeTable.Rule(rank: .max, product: -1)

  /// Merges ``symbols`` as far as the rules go.
  ///
  /// - Complexity: O(*n* log *n*) for *n* symbols.
  mutating func merge(by merges: MergeTable) {
    if symbols.count < 2 { return }
    if symbols.count <= Self.shortWord { mergeShort(by: merges) } else { mergeLong(by: merges) }
  }

  private mutating func mergeShort(by merges: MergeTable) {
    rules.removeAll(keepingCapacity: true)
    for index in 1..<symbols.count {
      rules.append(merges.rule(symbols[index - 1], symbols[index]) ?? Self.noRule)
    }
    while true {
      var best = 0
      var rank = UInt32.max
      for index in rules.indices where rules[index].rank < rank {
        rank = rules[index].rank
        best = index
      }
      if rank == .max { return }
      symbols[best] = rules[best].product
      symbols.remove(at: best + 1)
      rules.remove(at: best)
      if best < rules.count {
        rules[best] = merges.rule(symbols[best], symbols[best + 1]) ?? Self.noRule
      }
      if best > 0 {
        rules[best - 1] = merges.rule(symbols[best - 1], symbols[best]) ?? Self.noRule
      }
    }
  }

  private mutating func mergeLong(by merges: MergeTable) {
    let count = symbols.count
    next = [Int32](1...Int32(count))
    next[count - 1] = -1
    previous = [Int32](-1..<Int32(count - 1))
    var queue = MergeQueue(initialCandidates(by: merges))
    while let candidate = queue.pop() {
      let left = MergeQueue.position(of: candidate)
      if symbols[left] < 0 || next[left] < 0 { continue }
      let right = Int(next[left])
      // What stood here when the candidate was queued may have merged with something else.
      guard let rule = merges.rule(symbols[left], symbols[right]),
        rule.rank == MergeQueue.rank(of: candidate)
      else { continue }

      symbols[left] = rule.product
      symbols[right] = -1
      next[left] = next[right]
      if next[left] >= 0 {
        previous[Int(next[left])] = Int32(left)
        if let rule = merges.rule(rule.product, symbols[Int(next[left])]) {
          queue.push(MergeQueue.candidate(rank: rule.rank, position: left))
        }
      }
      let before = Int(previous[left])
      if before >= 0, let rule = merges.rule(symbols[before], rule.product) {
        queue.push(MergeQueue.candidate(rank: rule.rank, position: before))
      }
    }
    symbols.removeAll { $0 < 0 }
  }

  private func initialCandidates(by merges: MergeTable) -> [UInt64] {
    var candidates: [UInt64] = []
    for position in 1..<symbols.count {
      if let rule = merges.rule(symbols[position - 1], symbols[position]) {
        candidates.append(MergeQueue.candidate(rank: rule.rank, position: position - 1))
      }
    }
    return candidates
  }
}
