import WinaStatistics

extension RandomStream {
  /// Returns an element drawn uniformly.
  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[index(below: elements.count)]
  }

  /// Returns an integer drawn uniformly.
  mutating func integer(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + index(below: range.count)
  }

  /// Returns an element drawn by Zipf's law: the one at position i with weight 1/(i + 4).
  mutating func pickFrequent<Element>(_ elements: [Element]) -> Element {
    let weights = elements.indices.map { 100_000 / ($0 + 4) }
    var rest = index(below: weights.reduce(0, +))
    for (element, weight) in zip(elements, weights) {
      if rest < weight { return element }
      rest -= weight
    }
    return elements[elements.count - 1]
  }

  /// Returns a word that is common or, once in 200 times, rare; words of level 4 are all rare.
  mutating func pickWord<Word>(_ common: [Word], rare: [Word], level: Int) -> Word {
    level > 3 || chance(oneIn: 200) ? pick(rare) : pickFrequent(common)
  }

  /// Returns different elements in random order.
  mutating func sample<Element>(_ elements: [Element], count: Int) -> [Element] {
    var pool = elements
    for position in 0..<count {
      pool.swapAt(position, position + index(below: pool.count - position))
    }
    return Array(pool[..<count])
  }

  /// Returns the elements in random order.
  mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    sample(elements, count: elements.count)
  }

  /// Returns `true` once in `period` times.
  mutating func chance(oneIn period: Int) -> Bool { index(below: period) == 0 }
}

/// Returns the SplitMix64 finaliser of a word.
func scattered(_ word: UInt64) -> UInt64 { RandomStream.mixed(word) }
